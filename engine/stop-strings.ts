// Detects, token by token, when the text of a completion first contains one of its stop strings.
import type { Tokenizer } from '@/core/base/base';

export class StopStrings {
  private readonly decoder: ReturnType<Tokenizer['stream']>;
  private readonly longest: number;
  /** The end of the text, in which a stop string may have begun. */
  private tail = '';

  constructor(
    tokenizer: Tokenizer,
    private readonly stops: readonly string[],
  ) {
    this.decoder = tokenizer.stream();
    this.longest = Math.max(0, ...stops.map((stop) => stop.length));
  }

  /** True when this token completes a stop string. */
  push(id: number): boolean {
    if (this.longest === 0) return false;
    const text = this.tail + this.decoder.push(id);
    this.tail = text.slice(Math.max(0, text.length - this.longest + 1));
    return this.stops.some((stop) => text.includes(stop));
  }
}
