// Removes from each person's figure what their behaviour before the experiment already foretold (CUPED).
import type { Sample } from '../confidence-sequence';

export interface Observed {
  value: number;
  /** The same figure before the experiment; null for somebody who was new. */
  before: number | null;
  weight: number;
}

export interface Adjusted<Arm extends string> {
  arms: Record<Arm, Sample>;
  /** How much a difference before the experiment carries over. */
  slope: number;
  /** Part of the variance that the adjustment removes, 0..1. */
  removed: number;
}

/**
 * Deng et al. 2013: value - slope (before - mean before) has the same expected difference between arms, and less
 * variance. The slope is fitted within arms, so that an effect of the experiment is no part of it. A new person's figure
 * stays as it is.
 */
export function adjustForBefore<Arm extends string>(people: Record<Arm, readonly Observed[]>): Adjusted<Arm> {
  const names = Object.keys(people) as Arm[];
  const known = names.flatMap((name) => people[name].filter(({ before }) => before !== null));
  const middle = meanOf(known.map(({ before, weight }) => ({ value: before!, weight })));
  let [products, squares] = [0, 0];
  for (const name of names) {
    const own = people[name].filter(({ before }) => before !== null);
    const centre = {
      value: meanOf(own),
      before: meanOf(own.map((one) => ({ value: one.before!, weight: one.weight }))),
    };
    for (const { value, before, weight } of own) {
      products += weight * (value - centre.value) * (before! - centre.before);
      squares += weight * (before! - centre.before) ** 2;
    }
  }
  const slope = squares > 0 ? products / squares : 0;
  const adjust = ({ value, before, weight }: Observed) => ({
    value: before === null ? value : value - slope * (before - middle),
    weight,
  });
  const plain = names.map((name) => sampleOf(people[name]));
  const adjusted = names.map((name) => sampleOf(people[name].map(adjust)));
  const total = (samples: Sample[]) => samples.reduce((sum, { variance, n }) => sum + variance * n, 0);
  const before = total(plain);
  return {
    arms: Object.fromEntries(names.map((name, i) => [name, adjusted[i]])) as Record<Arm, Sample>,
    slope,
    removed: before > 0 ? Math.max(0, 1 - total(adjusted) / before) : 0,
  };
}

interface Weighted {
  value: number;
  weight: number;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

const meanOf = (values: readonly Weighted[]): number => {
  const total = sum(values.map(({ weight }) => weight));
  return total === 0 ? 0 : sum(values.map(({ value, weight }) => value * weight)) / total;
};

/** The weighted mean, with Kish's effective number. */
export function sampleOf(values: readonly Weighted[]): Sample {
  const total = sum(values.map(({ weight }) => weight));
  if (total === 0) return { mean: 0, variance: 0, n: 0 };
  const mean = meanOf(values);
  const n = total ** 2 / sum(values.map(({ weight }) => weight ** 2));
  const spread = sum(values.map(({ value, weight }) => weight * (value - mean) ** 2)) / total;
  return { mean, variance: n > 1 ? (spread * n) / (n - 1) : 0, n };
}
