// The kind of rule that forbids more than so many characters or words: the rest of the text is the hit.
import { z } from 'zod';
import { isUnspaced, PIECE, wordsOfPiece } from '../../text/text';
import { RuleBase } from '../rule';
import type { Scanner, Span, TextRule } from '../scanner';

export const LengthRule = RuleBase.extend({
  kind: z.literal('length'),
  most: z.int().min(1).max(1_000_000),
  /** Words are counted as a speaker would, in every script. */
  unit: z.enum(['characters', 'words']).default('words'),
});
export type LengthRule = z.infer<typeof LengthRule>;

export function compileLength({ most, unit }: LengthRule): TextRule {
  return { scan: () => new LengthScanner(most, unit === 'words' ? new WordCounter() : new CharacterCounter()) };
}

interface Counter {
  /** Reads a character; returns where each unit begins that is now known. */
  read(character: string, at: number): readonly number[];
  end(): readonly number[];
  /** Units that what was read may still turn out to hold, and where it begins. */
  readonly open: { units: number; from: number } | null;
}

class LengthScanner implements Scanner {
  readonly found: Span[] = [];
  decided = 0;
  private at = 0;
  private count = 0;

  constructor(
    private readonly most: number,
    private readonly counter: Counter,
  ) {}

  push(text: string): void {
    if (this.found.length === 0) for (const character of text) this.read(character);
    else this.at += text.length;
    this.settle();
  }

  end(): void {
    this.take(this.counter.end());
    this.settle();
    this.decided = this.at;
  }

  private read(character: string): void {
    this.take(this.counter.read(character, this.at));
    this.at += character.length;
  }

  private take(begins: readonly number[]): void {
    for (const begin of begins) {
      this.count++;
      if (this.count === this.most + 1) this.found.push({ start: begin, end: begin });
    }
  }

  private settle(): void {
    const [rest] = this.found;
    const { open } = this.counter;
    if (rest) rest.end = this.at;
    this.decided = !rest && open && this.count + open.units > this.most ? open.from : this.at;
  }
}

class CharacterCounter implements Counter {
  readonly open = null;
  read = (_: string, at: number) => [at];
  end = () => [];
}

/** Counts as countWords does. */
class WordCounter implements Counter {
  /** The word between blanks that is being read has counted. */
  private hasCounted = false;
  /** Characters of a script without blanks, which a dictionary cuts into words. */
  private run = '';
  private runFrom = 0;

  get open() {
    return this.run === '' ? null : { units: this.run.length, from: this.runFrom };
  }

  read(character: string, at: number): number[] {
    if (isUnspaced(character)) {
      this.hasCounted = false;
      if (this.run === '') this.runFrom = at;
      this.run += character;
      return this.run.length >= PIECE ? this.end() : [];
    }
    const before = this.end();
    if (/\s/u.test(character)) this.hasCounted = false;
    else if (!this.hasCounted && /[\p{L}\p{N}]/u.test(character)) {
      this.hasCounted = true;
      before.push(at);
    }
    return before;
  }

  end(): number[] {
    if (this.run === '') return [];
    const begins = wordsOfPiece(this.run).map((offset) => this.runFrom + offset);
    this.run = '';
    return begins;
  }
}
