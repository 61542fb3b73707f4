// Measures how many tokens per second the engine makes while it computes.

const WINDOW_MS = 10_000;

export class Throughput {
  private samples: { at: number; tokens: number; ms: number }[] = [];

  constructor(private readonly now: () => number) {}

  record(tokens: number, ms: number): void {
    this.samples.push({ at: this.now(), tokens, ms });
    this.forgetOld();
  }

  /** Tokens divided by computing time over the last ten seconds; 0 when nothing ran. */
  tokensPerSecond(): number {
    this.forgetOld();
    const tokens = this.samples.reduce((total, sample) => total + sample.tokens, 0);
    const ms = this.samples.reduce((total, sample) => total + sample.ms, 0);
    return ms === 0 ? 0 : (tokens / ms) * 1000;
  }

  private forgetOld(): void {
    const oldest = this.now() - WINDOW_MS;
    const kept = this.samples.findIndex((sample) => sample.at >= oldest);
    this.samples = kept < 0 ? [] : this.samples.slice(kept);
  }
}
