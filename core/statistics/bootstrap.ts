// Intervals by resampling (Efron 1979): how much a statistic changes when the sample is drawn again.
import type { Rng } from '@/core/rng';
import type { Interval } from './statistics';

export interface BootstrapOptions {
  rounds?: number;
  /** Share of the resampled values that the interval holds. */
  level?: number;
}

/** As many items as there are, drawn with replacement. */
export const resample = <T>(items: readonly T[], rng: Rng): T[] => items.map(() => items[rng.integer(items.length)]!);

/** The percentile interval of a statistic over items. Draws for which it is undefined (null) are left out. */
export function bootstrapInterval<T>(
  items: readonly T[],
  statistic: (drawn: T[]) => number | null,
  rng: Rng,
  { rounds = 1000, level = 0.95 }: BootstrapOptions = {},
): Interval | null {
  const values = Array.from({ length: rounds }, () => statistic(resample(items, rng)));
  return percentileInterval(
    values.filter((value) => value !== null),
    level,
  );
}

/** Null without values. */
export function percentileInterval(values: readonly number[], level: number): Interval | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  return { low: quantile(sorted, (1 - level) / 2), high: quantile(sorted, (1 + level) / 2) };
}

/** Of sorted values, with linear interpolation as in NumPy. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}
