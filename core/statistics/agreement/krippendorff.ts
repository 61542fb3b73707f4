// Agreement of any number of raters with missing judgements: Krippendorff's alpha, nominal, ordinal and interval.
import type { Rng } from '@/core/rng';
import { type BootstrapOptions, bootstrapInterval } from '@/core/statistics/bootstrap';
import type { Agreement } from './kappa';

export type Level = 'nominal' | 'ordinal' | 'interval';

/** For each item, the values that its raters gave. Categories without order are numbered in any way. */
export type ItemValues = readonly (readonly number[])[];

/**
 * Krippendorff (2011), from the matrix of coincidences: 1 - observed / expected disagreement. Items with one value say
 * nothing. Null when all values are the same, or none can be compared.
 */
export function krippendorffAlpha(items: ItemValues, level: Level): number | null {
  const paired = items.filter((values) => values.length >= 2);
  const categories = [...new Set(paired.flat())].sort((x, y) => x - y);
  const index = new Map(categories.map((category, i) => [category, i]));
  const size = categories.length;
  const coincidences = new Float64Array(size * size);
  for (const values of paired) {
    const counts = new Map<number, number>();
    for (const value of values) counts.set(index.get(value)!, (counts.get(index.get(value)!) ?? 0) + 1);
    for (const [c, times] of counts) {
      for (const [k, others] of counts) {
        const pairs = c === k ? times * (times - 1) : times * others;
        coincidences[c * size + k]! += pairs / (values.length - 1);
      }
    }
  }
  const totals = categories.map((_, c) => coincidences.subarray(c * size, (c + 1) * size).reduce((a, b) => a + b, 0));
  const all = totals.reduce((a, b) => a + b, 0);
  const squaredDistance = distances(categories, totals, level);
  let observed = 0;
  let expected = 0;
  for (let c = 0; c < size; c++) {
    for (let k = 0; k < size; k++) {
      observed += coincidences[c * size + k]! * squaredDistance(c, k);
      expected += (totals[c]! * totals[k]! * squaredDistance(c, k)) / (all - 1);
    }
  }
  return expected > 0 ? 1 - observed / expected : null;
}

export const estimateKrippendorffAlpha = (
  items: ItemValues,
  level: Level,
  rng: Rng,
  options?: BootstrapOptions,
): Agreement => ({
  value: krippendorffAlpha(items, level),
  interval: bootstrapInterval(items, (drawn) => krippendorffAlpha(drawn, level), rng, options),
});

/** Squared distance of two categories, by their indexes. */
function distances(categories: readonly number[], totals: readonly number[], level: Level) {
  if (level === 'nominal') return (c: number, k: number) => (c === k ? 0 : 1);
  if (level === 'interval') return (c: number, k: number) => (categories[c]! - categories[k]!) ** 2;
  // Ordinal: how many values lie between the two, each end counting half.
  let below = 0;
  const middles = totals.map((total) => {
    below += total;
    return below - total / 2;
  });
  return (c: number, k: number) => (middles[c]! - middles[k]!) ** 2;
}
