// What a figure would be if everybody had one arm, from answers that were given out by chance.
import { asymptoticHalfWidth, type SequenceOptions } from '../confidence-sequence';
import type { Interval } from '../statistics';

/** One logged answer. */
export interface Logged {
  person: string;
  /** 0..1 */
  value: number;
  /** Probability of the arm that was given, when it was given. */
  propensity: number;
  /** Probability that the policy in question gives this arm. */
  target: number;
  /** What a model of the value expects under the given arm, and under the policy in question. */
  expected?: { given: number; target: number };
  /** How much the vote counts; 1 unless told. */
  weight?: number;
}

export interface OffPolicy extends Interval {
  value: number;
  /** People; one who gave many votes counts as one piece of evidence. */
  people: number;
  /** The number of equally weighted people that would say as much (Kish). */
  effective: number;
}

/** Self-normalised inverse propensity scoring (Swaminathan and Joachims 2015); null without a row that the policy could give. */
export function estimateSnips(rows: readonly Logged[], options?: SequenceOptions): OffPolicy | null {
  const weighted = rows.map((row) => ({ ...row, ratio: (row.target / row.propensity) * (row.weight ?? 1) }));
  const total = weighted.reduce((sum, { ratio }) => sum + ratio, 0);
  if (total === 0) return null;
  const value = weighted.reduce((sum, row) => sum + row.ratio * row.value, 0) / total;
  // A ratio of sums: the delta method replaces each row by its influence on the estimate.
  const influences = byPerson(weighted.map((row) => ({ person: row.person, value: row.ratio * (row.value - value) })));
  return withInterval(value, influences, total, effectiveOf(weighted), options);
}

/**
 * Doubly robust (Dudik et al. 2011): right if either the propensities or the model is. Self-normalised, as SNIPS is, so
 * that a few large ratios cannot take the estimate out of the range of the values.
 */
export function estimateDoublyRobust(rows: readonly Required<Logged>[], options?: SequenceOptions): OffPolicy | null {
  const weighted = rows.map((row) => ({ ...row, ratio: (row.target / row.propensity) * row.weight }));
  const ratios = weighted.reduce((sum, { ratio }) => sum + ratio, 0);
  const weights = weighted.reduce((sum, { weight }) => sum + weight, 0);
  if (ratios === 0) return null;
  const model = weighted.reduce((sum, { weight, expected }) => sum + weight * expected.target, 0) / weights;
  const correction = weighted.reduce((sum, row) => sum + row.ratio * (row.value - row.expected.given), 0) / ratios;
  const influences = byPerson(
    weighted.map((row) => ({
      person: row.person,
      value:
        (row.weight * (row.expected.target - model)) / weights +
        (row.ratio * (row.value - row.expected.given - correction)) / ratios,
    })),
  );
  return withInterval(model + correction, influences, 1, effectiveOf(weighted), options);
}

function byPerson(rows: readonly { person: string; value: number }[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { person, value } of rows) sums.set(person, (sums.get(person) ?? 0) + value);
  return sums;
}

function effectiveOf(rows: readonly { person: string; ratio: number }[]): number {
  const ratios = [...byPerson(rows.map(({ person, ratio }) => ({ person, value: ratio }))).values()];
  const squares = ratios.reduce((sum, ratio) => sum + ratio ** 2, 0);
  return squares === 0 ? 0 : ratios.reduce((sum, ratio) => sum + ratio, 0) ** 2 / squares;
}

/** The interval holds at every look: the estimate is, but for smaller terms, a mean of independent people's influences. */
function withInterval(
  value: number,
  influences: ReadonlyMap<string, number>,
  scale: number,
  effective: number,
  options: SequenceOptions = {},
): OffPolicy {
  const people = influences.size;
  const squares = [...influences.values()].reduce((sum, influence) => sum + (influence / scale) ** 2, 0);
  // `squares` is the variance of the estimate, so this is the variance of one of `people` equal parts.
  const variance = people > 1 ? (squares * people * people) / (people - 1) : Number.POSITIVE_INFINITY;
  const half = asymptoticHalfWidth(variance, people, options);
  return { value, low: value - half, high: value + half, people, effective };
}
