// Looks for words in a text as it comes: as written, spelt out letter by letter, and with marks between their letters.
import type { Scanner, Span } from '../scanner';
import type { Automaton } from './automaton';
import { type Character, characterOf } from './characters';
import { JoinedWords } from './joined-words';
import { Lane } from './lane';
import { NestedSpans } from './nested-spans';
import { type SegmentedList, SegmentedWords } from './segmented-words';
import { SpeltWords } from './spelt-words';

export interface WordLists {
  /** Words between blanks. */
  forbidden: Automaton;
  /** Those and the words of scripts without blanks, which may be spelt out or joined, too. */
  disguised: Automaton;
  segmented: readonly SegmentedList[];
  /** Texts within which nothing is forbidden, as they are written but for case and blanks. */
  allowed: Automaton;
}

const SPACE = 0x20;
const oneBlank = (codePoint: number) => (codePoint === SPACE ? 1 : Infinity);

export class WordScanner implements Scanner {
  readonly found: Span[] = [];
  decided = 0;
  private readonly written: Lane;
  private readonly allowed: Lane;
  private readonly spelt: SpeltWords;
  private readonly joined: JoinedWords;
  private readonly segmented: SegmentedWords[];
  private at = 0;
  private previous: Character = characterOf(SPACE);
  /** Where the last visible character ended. */
  private lastEnd = 0;
  /** Where the last letter began; a match without one is a number and no word. */
  private lastLetter = -1;
  /** The match that ends with the run of equal letters that is being read. */
  private growing: Span | null = null;
  /** Matches that an allowed text may yet contain. */
  private waiting: Span[] = [];
  private readonly allowedTexts = new NestedSpans();

  constructor({ forbidden, disguised, segmented, allowed }: WordLists) {
    const accept = (span: Span) => this.found.push(span);
    const wait = (span: Span) => this.waiting.push(span);
    this.written = new Lane(forbidden);
    this.allowed = new Lane(allowed, oneBlank);
    this.spelt = new SpeltWords(disguised, accept);
    this.joined = new JoinedWords(disguised, wait);
    this.segmented = segmented.map((list) => new SegmentedWords(list, wait));
  }

  push(text: string): void {
    for (let i = 0; i < text.length; ) {
      const codePoint = text.codePointAt(i)!;
      const length = codePoint > 0xffff ? 2 : 1;
      const character = characterOf(codePoint);
      if (character.letters) for (const letter of character.letters) this.read(letter, this.at, this.at + length);
      else if (!character.isInvisible) this.read(character, this.at, this.at + length);
      this.at += length;
      i += length;
    }
    this.decided = Math.min(
      this.at,
      // What has no width after a match is hidden, too, if the match goes on behind it.
      this.growing?.end ?? Infinity,
      this.written.openFrom,
      this.spelt.openFrom,
      this.joined.openFrom,
      ...this.segmented.map(({ openFrom }) => openFrom),
      ...this.waiting.map(({ start }) => start),
    );
    this.allowedTexts.forget(this.decided);
  }

  end(): void {
    this.match(this.written.endedAtEdge, this.lastEnd);
    for (const lane of this.segmented) lane.end();
    this.joined.end();
    this.spelt.end();
    this.allowed.reset();
    this.decideWaiting();
    this.decided = this.at;
  }

  private read(character: Character, at: number, end: number): void {
    const { previous, written } = this;
    const { codePoint, plain, wordClass, isHidden, isAmbiguous } = character;
    const isEdge = isEdgeBetween(previous, character);
    if (this.allowed.feed(plain, at, wordClass > 0, false) && this.allowed.ended > 0)
      this.allowedTexts.add({ start: this.allowed.startOf(this.allowed.ended), end });
    if (isEdge) this.match(written.endedAtEdge, this.lastEnd);
    if (character.isLetter) this.lastLetter = at;
    if (isHidden) {
      written.feedHidden(at, isEdge);
      this.growing = null;
    } else if (written.feed(codePoint, at, wordClass > 0 || isAmbiguous, isEdge)) {
      this.growing = this.match(written.ended, end);
    } else if (this.growing) {
      this.growing.end = end;
    }
    this.spelt.read(character, at, end);
    this.joined.read(character, at, end);
    for (const lane of this.segmented) lane.read(character, at, end);
    if (this.waiting.length > 0) this.decideWaiting();
    this.previous = character;
    this.lastEnd = end;
  }

  private match(length: number, end: number): Span | null {
    if (length === 0) return null;
    const span = { start: this.written.startOf(length), end };
    if (this.lastLetter < span.start) return null;
    this.waiting.push(span);
    return span;
  }

  private decideWaiting(): void {
    const openFrom = this.allowed.openFrom;
    this.waiting = this.waiting.filter((span) => {
      if (this.allowedTexts.contain(span)) return false;
      if (openFrom <= span.start) return true;
      this.found.push(span);
      return false;
    });
  }
}

/** Where a word may begin or end: between characters of two kinds, and at either side of a mark that may be a letter. */
function isEdgeBetween(one: Character, other: Character): boolean {
  return one.wordClass !== other.wordClass || one.isAmbiguous || other.isAmbiguous || one.isHidden || other.isHidden;
}
