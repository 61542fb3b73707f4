// Finds sentences that were said before, and words that go round in a loop, while a text is read.
import { isUnspaced } from '../text/text';
import type { Scanner, Span } from './scanner';

/** A sentence of fewer words or letters may be said again: "Yes." */
const LEAST_WORDS = 4;
const LEAST_LETTERS = 12;
/** A longer sentence is cut into pieces of so many words. */
const MOST_WORDS = 100;
/** Words of the longest loop that is looked for. */
const LONGEST_LOOP = 20;
/** A loop repeats at least so many words: "no, no, no" is none. */
const LEAST_LOOPED = 10;
/** A longer word counts as several. */
const LONGEST_WORD = 32;

const SENTENCE_ENDS = /[.!?。！？\n]/;

/** The sentences said so far, word by word. */
interface Place {
  next: Map<string, Place>;
  said: number;
  /** A sentence that begins like this has been said as often as it may be. */
  isUsedUp: boolean;
}
const newPlace = (): Place => ({ next: new Map(), said: 0, isUsedUp: false });

export class RepetitionScanner implements Scanner {
  readonly found: Span[] = [];
  decided = 0;
  private at = 0;
  private word = '';
  private wordFrom = 0;
  private lastEnd = 0;
  private readonly root = newPlace();
  private path: Place[] = [this.root];
  private sentenceFrom = -1;
  /** Of the sentence. */
  private letters = 0;
  /** The last words, as a ring, and how many words in a row equal the word so many before. */
  private readonly recent: string[] = [];
  private count = 0;
  private readonly equal = new Int32Array(LONGEST_LOOP + 1);
  /** The loop that the last word belongs to: one hit, with the blanks between its words. */
  private loop: Span | null = null;

  constructor(private readonly times: number) {}

  push(text: string): void {
    for (const character of text) {
      this.read(character);
      this.at += character.length;
    }
    this.settle();
  }

  end(): void {
    this.endSentence();
    this.decided = this.at;
  }

  private settle(): void {
    let decided = this.word === '' ? this.at : this.wordFrom;
    if (this.loop) decided = this.loop.end;
    if (this.sentenceFrom >= 0 && this.path.at(-1)!.isUsedUp) decided = Math.min(decided, this.sentenceFrom);
    this.decided = decided;
  }

  private read(character: string): void {
    if (!/[\p{L}\p{N}\p{M}]/u.test(character)) {
      this.endWord();
      if (SENTENCE_ENDS.test(character)) this.endSentence();
      return;
    }
    // A script without blanks says about a word in every character.
    if (isUnspaced(character) || this.word.length >= LONGEST_WORD) this.endWord();
    if (this.word === '') this.wordFrom = this.at;
    this.word += character.toLowerCase();
    this.letters++;
    this.lastEnd = this.at + character.length;
    if (isUnspaced(character)) this.endWord();
  }

  private endWord(): void {
    const { word } = this;
    if (word === '') return;
    this.word = '';
    if (this.sentenceFrom < 0) this.sentenceFrom = this.wordFrom;
    const place = this.path.at(-1)!;
    let next = place.next.get(word);
    if (!next) {
      next = newPlace();
      place.next.set(word, next);
    }
    this.path.push(next);
    this.readLoop(word);
    if (this.path.length > MOST_WORDS) this.endSentence();
  }

  private endSentence(): void {
    this.endWord();
    const last = this.path.at(-1)!;
    if (this.path.length > LEAST_WORDS && this.letters >= LEAST_LETTERS) {
      last.said++;
      if (last.said > this.times) this.found.push({ start: this.sentenceFrom, end: this.lastEnd });
      else if (last.said === this.times) for (const place of this.path) place.isUsedUp = true;
    }
    this.path = [this.root];
    this.letters = 0;
    this.sentenceFrom = -1;
  }

  private readLoop(word: string): void {
    if (!this.isInLoop(word)) this.loop = null;
    else if (this.loop) this.loop.end = this.lastEnd;
    else {
      this.loop = { start: this.wordFrom, end: this.lastEnd };
      this.found.push(this.loop);
    }
  }

  /** Whether the word belongs to a loop that has gone round more often than it may. */
  private isInLoop(word: string): boolean {
    let isLoop = false;
    for (let length = 1; length <= LONGEST_LOOP; length++) {
      const isEqual = this.count >= length && this.recent[(this.count - length) % LONGEST_LOOP] === word;
      this.equal[length] = isEqual ? this.equal[length]! + 1 : 0;
      if (this.equal[length]! > length * (this.times - 1) && this.equal[length]! >= LEAST_LOOPED) isLoop = true;
    }
    this.recent[this.count % LONGEST_LOOP] = word;
    this.count++;
    return isLoop;
  }
}
