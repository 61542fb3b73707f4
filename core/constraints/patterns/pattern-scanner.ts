// Looks for the matches of a regular expression in a text as it comes, and holds back only where one may have begun.
import type { Scanner, Span, TextRule } from '../scanner';
import type { Program } from './program';
import { END, NEW, type State, TaggedAutomaton } from './tagged-automaton';

export interface PatternSearch {
  program: Program;
  /** Visible characters of the longest match. Of a longer one, only the last so many are found. */
  longest: number;
  /** The code point that one counts as; null if it is passed over, as what has no width. Without it all count as written. */
  fold?(codePoint: number): number | null;
  /** Narrows a match to what is certainly forbidden, or refuses it with null. Without it every match is a hit. */
  check?(match: Match): Span | null;
}

export interface Match {
  /** The matched text, folded. A check answers with offsets within it. */
  text: string;
  /** Up to BEFORE characters that precede it, folded. */
  before: string;
}

/** How much of the text before a match may say what the match is. */
export const BEFORE = 48;

export function searchPattern(search: PatternSearch): TextRule {
  const automaton = new TaggedAutomaton(search.program);
  return { scan: () => new PatternScanner(automaton, search) };
}

class PatternScanner implements Scanner {
  readonly found: Span[] = [];
  decided = 0;
  private at = 0;
  private state: State;
  /** For each open match, the number of the character with which it began. */
  private starts: number[] = [];
  /** Visible characters read. */
  private count = 0;
  /** The last characters and where each began and ended, as rings. */
  private readonly characters: Uint32Array;
  private readonly begins: Float64Array;
  private readonly ends: Float64Array;

  constructor(
    private readonly automaton: TaggedAutomaton,
    private readonly search: PatternSearch,
  ) {
    this.state = automaton.start;
    const size = search.longest + BEFORE + 1;
    this.characters = new Uint32Array(size);
    this.begins = new Float64Array(size);
    this.ends = new Float64Array(size);
  }

  push(text: string): void {
    for (let i = 0; i < text.length; ) {
      const codePoint = text.codePointAt(i)!;
      const length = codePoint > 0xffff ? 2 : 1;
      const folded = this.search.fold ? this.search.fold(codePoint) : codePoint;
      if (folded !== null) this.read(folded, this.at, this.at + length);
      this.at += length;
      i += length;
    }
    this.decided = this.starts.length > 0 ? this.begins[this.placeOf(this.clamp(this.starts[0]!))]! : this.at;
  }

  end(): void {
    this.step(END);
    this.decided = this.at;
  }

  private read(codePoint: number, begin: number, end: number): void {
    this.step(this.automaton.symbolOf(codePoint));
    const place = this.placeOf(this.count);
    this.characters[place] = codePoint;
    this.begins[place] = begin;
    this.ends[place] = end;
    this.count++;
  }

  private placeOf(character: number): number {
    return character % this.characters.length;
  }

  private clamp(start: number): number {
    return Math.max(start, this.count - this.search.longest);
  }

  private step(symbol: number): void {
    const { to, from, ended } = this.automaton.step(this.state, symbol);
    for (const match of ended) this.accept(this.clamp(this.starts[match]!));
    this.state = to;
    if (from.length > 0) this.starts = from.map((match) => (match === NEW ? this.count : this.starts[match]!));
    else if (this.starts.length > 0) this.starts = [];
  }

  /** Takes the match from a character up to the last one. */
  private accept(first: number): void {
    const part = this.search.check ? this.narrow(first, this.search.check) : { start: first, end: this.count };
    if (!part) return;
    const start = this.begins[this.placeOf(part.start)]!;
    const end = this.ends[this.placeOf(part.end - 1)]!;
    const last = this.found.at(-1);
    if (last && last.start === start) last.end = Math.max(last.end, end);
    else this.found.push({ start, end });
  }

  /** The characters that a check finds forbidden. It counts UTF-16 units of the folded text. */
  private narrow(first: number, check: (match: Match) => Span | null): Span | null {
    const part = check({ text: this.textOf(first, this.count), before: this.textOf(first - BEFORE, first) });
    if (!part) return null;
    let unit = 0;
    let start = this.count;
    let end = first;
    for (let character = first; character < this.count && unit < part.end; character++) {
      if (unit >= part.start) start = Math.min(start, character);
      unit += this.characters[this.placeOf(character)]! > 0xffff ? 2 : 1;
      end = character + 1;
    }
    return start < end ? { start, end } : null;
  }

  private textOf(first: number, end: number): string {
    let text = '';
    const begin = Math.max(first, 0, this.count - this.characters.length);
    for (let character = begin; character < end; character++)
      text += String.fromCodePoint(this.characters[this.placeOf(character)]!);
    return text;
  }
}
