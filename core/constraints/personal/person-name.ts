// Finds names of people in English sentences, by the grammar of compromise.
import nlp from 'compromise';
import type { Scanner, Span, TextRule } from '../scanner';

/** A sentence is read as a whole, so it is held back up to its end; a longer one is cut at a blank. */
const LONGEST_SENTENCE = 300;
/** A full stop after one of these does not end a sentence. */
const ABBREVIATION = /(?:^|\s)(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|[A-Z])\.$/;

export const findPersonName: TextRule = { scan: () => new NameScanner() };

class NameScanner implements Scanner {
  readonly found: Span[] = [];
  decided = 0;
  private sentence = '';

  push(text: string): void {
    for (const character of text) {
      this.sentence += character;
      if (this.isComplete(character)) this.read();
    }
  }

  end(): void {
    this.read();
  }

  private isComplete(character: string): boolean {
    if (character === '\n' || this.sentence.length >= 2 * LONGEST_SENTENCE) return true;
    if (!/\s/.test(character)) return /[。！？]/.test(character);
    if (this.sentence.length >= LONGEST_SENTENCE) return true;
    const before = this.sentence.slice(-12, -1);
    return /[.!?]["')\]]?$/.test(before) && !ABBREVIATION.test(before);
  }

  private read(): void {
    if (/\p{Lu}/u.test(this.sentence)) this.found.push(...namesIn(this.sentence, this.decided));
    this.decided += this.sentence.length;
    this.sentence = '';
  }
}

interface Person {
  offset: { start: number; length: number };
  terms: { tags: string[] }[];
}

function namesIn(sentence: string, at: number): Span[] {
  // Without the possessive, whose blanks keep the offsets.
  const people = nlp(sentence.replace(/['’]s\b/g, '  '))
    .people()
    .json({ offset: true }) as Person[];
  return people.flatMap(({ offset: { start, length } }) => {
    const name = sentence.slice(start, start + length);
    const trimmed = /^[^\p{L}]*(.*?)[^\p{L}]*$/su.exec(name)?.[1] ?? '';
    // A name has a capital; "will" and "mark" are words as well.
    if (!/\p{Lu}/u.test(trimmed)) return [];
    const from = at + start + name.indexOf(trimmed);
    return [{ start: from, end: from + trimmed.length }];
  });
}
