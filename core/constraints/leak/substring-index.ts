// Holds every run of letters of a text, so that the longest run that ends at each letter of another text is found in one pass.

import { isUnspaced } from '../../text/text';
import { foldLetter } from '../patterns/fold-word';

/** A node of a suffix automaton: runs of letters that end at the same places. */
interface Node {
  longest: number;
  shorter: Node | null;
  next: Map<number, Node>;
}

export interface Run {
  node: Node;
  length: number;
}

export class SubstringIndex {
  private readonly root: Node = { longest: 0, shorter: null, next: new Map() };
  /** Weight of all letters. */
  readonly weight: number = 0;

  constructor(text: string) {
    let last = this.root;
    for (const letter of lettersOf(text)) {
      last = this.append(last, letter);
      this.weight += weightOf(letter);
    }
  }

  get empty(): Run {
    return { node: this.root, length: 0 };
  }

  /** The longest run of the text that ends with this letter. */
  follow(run: Run, letter: number): Run {
    let { node, length } = run;
    for (;;) {
      const next = node.next.get(letter);
      if (next) return { node: next, length: length + 1 };
      if (!node.shorter) return this.empty;
      node = node.shorter;
      length = node.longest;
    }
  }

  private append(last: Node, letter: number): Node {
    const added: Node = { longest: last.longest + 1, shorter: this.root, next: new Map() };
    let node: Node | null = last;
    for (; node && !node.next.has(letter); node = node.shorter) node.next.set(letter, added);
    if (!node) return added;
    const found = node.next.get(letter)!;
    added.shorter = found;
    if (found.longest === node.longest + 1) return added;
    const copy: Node = { longest: node.longest + 1, shorter: found.shorter, next: new Map(found.next) };
    for (; node && node.next.get(letter) === found; node = node.shorter) node.next.set(letter, copy);
    found.shorter = copy;
    added.shorter = copy;
    return added;
  }
}

/** What is left of a character when case, disguise, blanks and marks are ignored; null if nothing is. */
export function letterOf(codePoint: number): number | null {
  const letter = foldLetter(codePoint);
  return letter !== null && /[\p{L}\p{N}]/u.test(String.fromCodePoint(codePoint)) ? letter : null;
}

function* lettersOf(text: string): Generator<number> {
  for (const character of text) {
    const letter = letterOf(character.codePointAt(0)!);
    if (letter !== null) yield letter;
  }
}

/** A character of a script without blanks says about as much as two letters. */
export const weightOf = (letter: number) => (isUnspaced(String.fromCodePoint(letter)) ? 2 : 1);
