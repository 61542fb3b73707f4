// Finds long runs of another text's letters in a text as it is read, unless the person wrote them as well.
import type { Scanner, Span } from '../scanner';
import { letterOf, type Run, type SubstringIndex, weightOf } from './substring-index';

/** A prompt of fewer letters says nothing that an answer could not say by chance. */
const LEAST_WEIGHT = 16;

export class LeakScanner implements Scanner {
  readonly found: Span[] = [];
  decided = 0;
  private at = 0;
  private run: Run;
  private inputRun: Run;
  /** Where each letter of the run began, and the weight of all letters up to it. */
  private begins: number[] = [];
  private weights: number[] = [];
  private weight = 0;
  private readonly needed: number;

  constructor(
    private readonly secret: SubstringIndex,
    private readonly input: SubstringIndex,
    letters: number,
  ) {
    this.run = secret.empty;
    this.inputRun = input.empty;
    // A shorter prompt is told when all of it is told.
    this.needed = secret.weight < LEAST_WEIGHT ? Number.POSITIVE_INFINITY : Math.min(letters, secret.weight);
  }

  push(text: string): void {
    for (let i = 0; i < text.length; ) {
      const codePoint = text.codePointAt(i)!;
      const length = codePoint > 0xffff ? 2 : 1;
      const letter = letterOf(codePoint);
      if (letter !== null && this.needed < Number.POSITIVE_INFINITY) this.read(letter, this.at, this.at + length);
      this.at += length;
      i += length;
    }
    this.decided = this.run.length > 0 ? Math.min(this.at, this.openFrom) : this.at;
  }

  end(): void {
    this.decided = this.at;
  }

  /** Where what is not found of the run begins: it may grow, over blanks too. */
  private get openFrom(): number {
    const start = this.begins[this.begins.length - this.run.length]!;
    const last = this.found.at(-1);
    return last && last.start <= start && last.end > this.begins.at(-1)! ? last.end : start;
  }

  private read(letter: number, begin: number, end: number): void {
    this.run = this.secret.follow(this.run, letter);
    this.inputRun = this.input.follow(this.inputRun, letter);
    this.weight += weightOf(letter);
    this.begins.push(begin);
    this.weights.push(this.weight);
    const first = this.begins.length - this.run.length;
    const runWeight = this.run.length === 0 ? 0 : this.weight - (this.weights[first - 1] ?? 0);
    if (runWeight >= this.needed && this.inputRun.length < this.run.length) this.accept(this.begins[first]!, end);
    this.forget();
  }

  private accept(start: number, end: number): void {
    const last = this.found.at(-1);
    if (last && last.end >= start && last.start <= start) last.end = end;
    else this.found.push({ start, end });
  }

  /** Letters before the run are needed no more, but for the weight before it. */
  private forget(): void {
    if (this.begins.length <= 2 * (this.run.length + 64)) return;
    this.begins = this.begins.slice(-this.run.length - 1);
    this.weights = this.weights.slice(-this.run.length - 1);
  }
}
