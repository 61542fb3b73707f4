// Splits what a stage learns from: some prompts judge it, and all rows of a prompt are on one side.
import { hash32, Rng } from '@/core/rng';

/** `evalShare` of the prompts, rounded down, are held out; which of them follows from the seed. */
export function holdOut<Row>(
  rows: readonly Row[],
  promptOf: (row: Row) => string,
  { evalShare, seed }: { evalShare: number; seed: number },
): { train: Row[]; heldOut: Row[] } {
  const prompts = new Rng(hash32(seed, -1)).shuffle([...new Set(rows.map(promptOf))]);
  const held = new Set(prompts.slice(0, Math.floor(prompts.length * evalShare)));
  return {
    train: rows.filter((row) => !held.has(promptOf(row))),
    heldOut: rows.filter((row) => held.has(promptOf(row))),
  };
}
