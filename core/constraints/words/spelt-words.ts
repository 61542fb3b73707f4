// Finds words that are spelt out: single letters with blanks or marks between them, as in "f u c k".
import type { Span } from '../scanner';
import type { Automaton } from './automaton';
import type { Character } from './characters';
import { Lane } from './lane';

/** Blanks or marks that may stand between two letters. */
const MOST_SEPARATORS = 3;
/** Words and digits of one character, which may stand before or after a word that is spelt out. */
const ONE_LETTER_WORDS = new Set([...'aio6789z'].map((letter) => letter.codePointAt(0)!));
/** Fewer single letters spell nothing: "a 55". */
const LEAST_LETTERS = 3;

export class SpeltWords {
  private readonly lane: Lane;
  /** Blanks and marks since the last letter. */
  private separators = MOST_SEPARATORS + 1;
  /** The letters read are single ones, and more may follow. */
  private isRunning = false;
  /** The letter being read belongs to a longer word. */
  private isInWord = false;
  private lastLetter = -1;
  private lastEnd = 0;
  /** What stands between the last letter and the next, and between the two before, each as one number. */
  private mark = 0;
  private lastMark = 0;
  /** Where the last single letters began. */
  private letterStarts: number[] = [];
  /** A match whose last letter may turn out to be the first of a longer word. */
  private pending: Span | null = null;
  /** A match that counts if no further single letter follows. */
  private atEdge: Span | null = null;

  constructor(
    forbidden: Automaton,
    private readonly accept: (span: Span) => void,
  ) {
    this.lane = new Lane(forbidden);
  }

  read({ written, codePoint, wordClass, isLetter }: Character, at: number, end: number): void {
    if (wordClass === 0 && !isLetter) this.readSeparator(written);
    else if (this.separators === 0) this.readWithin(codePoint, at, end);
    else this.readFirst(codePoint, at, end);
  }

  end(): void {
    this.readSeparator(0);
    this.stop();
  }

  /** Where an undecided match may begin; infinite if there is none. */
  get openFrom(): number {
    const matches = Math.min(this.pending?.start ?? Infinity, this.atEdge?.start ?? Infinity);
    return this.isRunning ? Math.min(matches, this.lane.openFrom) : matches;
  }

  private readFirst(codePoint: number, at: number, end: number): void {
    this.separators = 0;
    this.isInWord = false;
    if (!this.isRunning) {
      this.lane.reset();
      this.letterStarts = [];
    }
    // "a s l u t", "s l u t I know" and "x. s l u t"; but "c l a s s" holds no word that begins or ends within it.
    const isCut = this.mark !== this.lastMark;
    if (this.atEdge && (isCut || ONE_LETTER_WORDS.has(codePoint))) this.accept(this.atEdge);
    this.letterStarts.push(at);
    this.lane.feed(codePoint, at, true, !this.isRunning || isCut || ONE_LETTER_WORDS.has(this.lastLetter));
    this.lastMark = this.mark;
    this.mark = 0;
    this.isRunning = true;
    this.lastLetter = codePoint;
    this.pending = this.match(this.lane.ended, end);
  }

  /** A letter just after a letter: the same one again, or a longer word, which ends what was spelt before it. */
  private readWithin(codePoint: number, at: number, end: number): void {
    this.mark = 0;
    if (this.isInWord) return;
    if (codePoint !== this.lastLetter) {
      this.pending = null;
      this.isInWord = true;
      this.stop();
    } else if (this.lane.feed(codePoint, at, true, false)) {
      this.pending = this.match(this.lane.ended, end);
    } else if (this.pending) {
      this.pending.end = end;
    }
  }

  private readSeparator(written: number): void {
    if (this.separators === 0 && this.isRunning) {
      if (this.pending) this.accept(this.pending);
      this.pending = null;
      this.atEdge = this.match(this.lane.endedAtEdge, this.lastEnd);
    }
    this.separators++;
    this.mark = (this.mark * 0x110000 + written) % Number.MAX_SAFE_INTEGER;
    if (this.separators > MOST_SEPARATORS) this.stop();
  }

  private stop(): void {
    if (this.atEdge) this.accept(this.atEdge);
    this.atEdge = null;
    this.isRunning = false;
  }

  private match(length: number, end: number): Span | null {
    this.lastEnd = end;
    if (length === 0) return null;
    const start = this.lane.startOf(length);
    // A match covers at most as many letters as it has characters.
    this.letterStarts = this.letterStarts.slice(-length);
    return this.letterStarts.filter((at) => at >= start).length >= LEAST_LETTERS ? { start, end } : null;
  }
}
