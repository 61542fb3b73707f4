// Makes random numbers as a pure function of (seed, index), so that a sample does not depend on the rest of its batch.

/** Two 32-bit mixing rounds (Philox-like, from splitmix/murmur finalisers) over seed and counter; returns a uint32. */
export function hash32(seed: number, counter: number): number {
  // A 53-bit seed is folded as two words; the counter enters both rounds so that neighbouring indexes decorrelate.
  const low = seed >>> 0;
  const high = Math.floor(seed / 2 ** 32) >>> 0;
  let x = Math.imul(low ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(counter + 0x7f4a7c15, 0xc2b2ae35);
  x ^= x >>> 16;
  x = Math.imul(x + high + Math.imul(counter, 0x27d4eb2f), 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  x ^= x >>> 16;
  x = Math.imul(x ^ low, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  x ^= x >>> 16;
  return x >>> 0;
}

/** Uniform in (0, 1), never 0 or 1, for the index-th draw of a seed. */
export function uniformAt(seed: number, index: number): number {
  return (hash32(seed, index) + 0.5) / 2 ** 32;
}

/** A stateful stream over the same function; `state()` and the constructor's `index` make it resumable. */
export class Rng {
  constructor(
    readonly seed: number,
    private index = 0,
  ) {}

  uniform(): number {
    return uniformAt(this.seed, this.index++);
  }

  /** Integer in [0, n). */
  integer(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** Standard normal by Box-Muller; uses two draws. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Fisher-Yates on a copy. */
  shuffle<T>(items: readonly T[]): T[] {
    const out = [...items];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [out[i], out[j]] = [out[j]!, out[i]!];
    }
    return out;
  }

  state(): { seed: number; index: number } {
    return { seed: this.seed, index: this.index };
  }
}
