// One walk of an automaton over characters, with the places in the text where the last of them began.
import type { Automaton, State } from './automaton';
import { mostInARow } from './characters';

/** Equal characters in a row count only as often as `most` says. */
export class Lane {
  private state: State;
  /** Where each of the last characters began, as a ring. */
  private readonly starts: Float64Array;
  private count = 0;
  private last = -1;
  private inARow = 0;

  constructor(
    private readonly automaton: Automaton,
    private readonly most: (codePoint: number) => number = mostInARow,
  ) {
    this.state = automaton.start;
    this.starts = new Float64Array(automaton.longest + 1);
  }

  reset(): void {
    this.state = this.automaton.start;
    this.count = 0;
    this.last = -1;
  }

  /** Reads a character that begins at `at`; false if it only lengthens a run of equal ones. */
  feed(codePoint: number, at: number, isLetter: boolean, isEdge: boolean): boolean {
    if (codePoint === this.last) {
      if (this.inARow >= this.most(codePoint)) return false;
      this.inARow++;
    } else {
      this.last = codePoint;
      this.inARow = 1;
    }
    this.remember(at);
    this.state = this.automaton.next(this.state, codePoint, isLetter, isEdge);
    return true;
  }

  /** Reads a mark that stands for a letter. */
  feedHidden(at: number, isEdge: boolean): void {
    this.last = -1;
    this.remember(at);
    this.state = this.automaton.nextHidden(this.state, isEdge);
  }

  private remember(at: number): void {
    this.starts[this.count % this.starts.length] = at;
    this.count++;
  }

  /** Characters read since the last reset. */
  get length(): number {
    return this.count;
  }

  /** Characters of the longest pattern. */
  get longest(): number {
    return this.automaton.longest;
  }

  /** Characters of the longest match that ends with the last character; 0 if none does. */
  get ended(): number {
    return this.state.ended;
  }

  /** Characters of the longest match that ends here only if a word does; 0 if none does. */
  get endedAtEdge(): number {
    return this.state.endedAtEdge;
  }

  /** Where the longest unfinished match began; infinite if there is none. */
  get openFrom(): number {
    return this.state.open > 0 ? this.startOf(this.state.open) : Number.POSITIVE_INFINITY;
  }

  /** Whether a match may still cover everything since the last reset. */
  get isWholeOpen(): boolean {
    return this.state.open === this.count;
  }

  /** Where the character began that is the `length`-th from the end. */
  startOf(length: number): number {
    return this.starts[(this.count - length) % this.starts.length]!;
  }
}
