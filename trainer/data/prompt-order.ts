// An endless order over a finite set that depends only on the position: pass after pass, each with its own seed.
import { hash32, Rng } from '@/core/rng';

export interface PromptOrder<Item> {
  /** `count` items from position `start` on. */
  take(start: number, count: number): Item[];
}

export function promptOrder<Item>(items: readonly Item[], seed: number): PromptOrder<Item> {
  const passes = new Map<number, Item[]>();
  const passAt = (pass: number) => {
    if (!passes.has(pass)) {
      if (passes.size > 1) passes.clear(); // a batch usually spans at most two passes
      passes.set(pass, new Rng(hash32(seed, pass)).shuffle(items));
    }
    return passes.get(pass)!;
  };
  return {
    take: (start, count) =>
      Array.from({ length: count }, (_, i) => {
        const index = start + i;
        return passAt(Math.floor(index / items.length))[index % items.length]!;
      }),
  };
}
