// Reads from accuracy curves how many votes each way of choosing needs, and how sure that is.
import { mean, standardDeviation } from '@/bench/experiments/support/spread';
import { Rng } from '@/core/rng';

/** The accuracies of one seed at each number of votes, for each way of choosing. */
export interface SeedCurves {
  random: number[];
  chosen: number[];
}

export interface Saving {
  target: number;
  /** Votes at which the mean curve reaches the target; null if it never does. */
  random: number | null;
  chosen: number | null;
  /** 1 - chosen / random */
  votesSaved: number | null;
}

/** The closest rising curve (pool adjacent violators), so that one lucky budget does not count as reached. */
export function risingFit(values: readonly number[]): number[] {
  const blocks: { sum: number; count: number }[] = [];
  for (const value of values) {
    let block = { sum: value, count: 1 };
    while (blocks.length && blocks.at(-1)!.sum / blocks.at(-1)!.count >= block.sum / block.count) {
      const last = blocks.pop()!;
      block = { sum: last.sum + block.sum, count: last.count + block.count };
    }
    blocks.push(block);
  }
  return blocks.flatMap(({ sum, count }) => new Array<number>(count).fill(sum / count));
}

/** Between two budgets on the straight line. Null if the last value is below the target. */
export function votesToReach(budgets: readonly number[], values: readonly number[], target: number): number | null {
  const at = values.findIndex((value) => value >= target);
  if (at <= 0) return at < 0 ? null : budgets[0]!;
  const [low, high] = [values[at - 1]!, values[at]!];
  return budgets[at - 1]! + ((target - low) / (high - low)) * (budgets[at]! - budgets[at - 1]!);
}

/** The target is what random choice reaches at the budget `full`, less `below`. */
export function measureSaving(
  budgets: readonly number[],
  seeds: readonly SeedCurves[],
  { full, below }: { full: number; below: number },
): Saving {
  const curve = (kind: keyof SeedCurves) => risingFit(budgets.map((_, i) => mean(seeds.map((seed) => seed[kind][i]!))));
  const [randomCurve, chosenCurve] = [curve('random'), curve('chosen')];
  const target = randomCurve[budgets.indexOf(full)]! - below;
  const random = votesToReach(budgets, randomCurve, target);
  const chosen = votesToReach(budgets, chosenCurve, target);
  return { target, random, chosen, votesSaved: random && chosen ? 1 - chosen / random : null };
}

/** Resamples whole seeds: the spread of the saving over other random starts and splits of the same set. */
export function savingSpread(
  budgets: readonly number[],
  seeds: readonly SeedCurves[],
  aim: { full: number; below: number },
): { low: number; high: number; deviation: number } {
  const rng = new Rng(2028);
  const draws = Array.from({ length: 1000 }, () => {
    const drawn = seeds.map(() => seeds[rng.integer(seeds.length)]!);
    // A curve that never reaches the target has saved nothing.
    return measureSaving(budgets, drawn, aim).votesSaved ?? 0;
  }).sort((a, b) => a - b);
  return { low: draws[25]!, high: draws[974]!, deviation: standardDeviation(draws) };
}
