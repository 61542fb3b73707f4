// Finds words with marks between their letters, as in "fu-ck" or "f**uc**k".
import type { Span } from '../scanner';
import type { Automaton } from './automaton';
import { type Character, characterOf } from './characters';
import { Lane } from './lane';

/** Marks that people put into a word, and those that a page does not show. */
const JOINTS = new Set([..."-._~'’`^·•,:;/\\|+=*"].map((mark) => characterOf(mark.codePointAt(0)!)));
/** A match that is the beginning of a longer word has at least this many letters, as in "fu-cking". */
const LEAST_BEGINNING = 4;

export class JoinedWords {
  private readonly lane: Lane;
  private lastEnd = 0;
  /** A joint came after the last letter. */
  private isAfterJoint = false;
  /** The letters read have a joint between them. */
  private isJoined = false;
  /** No match covers the letters read. */
  private isDead = false;
  private growing: Span | null = null;

  constructor(
    forbidden: Automaton,
    private readonly accept: (span: Span) => void,
  ) {
    this.lane = new Lane(forbidden);
  }

  read(character: Character, at: number, end: number): void {
    if (character.wordClass > 0 || character.isLetter) this.readLetter(character.codePoint, at, end);
    else if (JOINTS.has(character)) this.isAfterJoint = true;
    else this.end();
  }

  /** The end of a word: what was joined counts as a whole. */
  end(): void {
    const { lane } = this;
    const covers = lane.length > 0 && Math.max(lane.ended, lane.endedAtEdge) === lane.length;
    if (!this.isDead && this.isJoined && covers) this.accept({ start: lane.startOf(lane.length), end: this.lastEnd });
    this.begin();
  }

  /** Where an undecided match may begin; infinite if there is none. */
  get openFrom(): number {
    return this.isDead || this.lane.length === 0 ? Infinity : this.lane.startOf(this.lane.length);
  }

  private begin(): void {
    this.lane.reset();
    this.isAfterJoint = false;
    this.isJoined = false;
    this.isDead = false;
    this.growing = null;
  }

  private readLetter(codePoint: number, at: number, end: number): void {
    const { lane } = this;
    // A word may begin after any joint.
    if (this.isDead && this.isAfterJoint) this.begin();
    if (this.isDead) return;
    this.isJoined ||= this.isAfterJoint && lane.length > 0;
    this.isAfterJoint = false;
    this.lastEnd = end;
    if (!lane.feed(codePoint, at, true, lane.length === 0)) {
      if (this.growing) this.growing.end = end;
      return;
    }
    this.growing = null;
    if (this.isJoined && lane.ended === lane.length && lane.length >= LEAST_BEGINNING) {
      this.growing = { start: lane.startOf(lane.length), end };
      this.accept(this.growing);
    }
    if (!lane.isWholeOpen) this.isDead = true;
  }
}
