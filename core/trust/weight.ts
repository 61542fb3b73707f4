// Turns a posterior into the weight of a rater's votes in every loss, statistic and gate.
import { BEHAVIOURS } from './behaviours';
import type { AccountPosterior, Estimate } from './estimate';

/** An inverter's votes are turned over only if the votes are against the truth with at least this probability. */
const SURE = 0.95;
/** A weight nearer to 0 than this is 0: what is left of it is mostly the error of the estimate. */
const LEAST = 0.15;

/**
 * In [-1, 1]: 1 for a rater who says as much as honest raters do, 0 for one who says nothing, and below 0 for one whose
 * votes count turned over. Without evidence it is that of an average account.
 */
export function weightOf(
  { behaviours, signal, isExcluded }: AccountPosterior,
  { referenceSignal }: Pick<Estimate, 'referenceSignal'>,
): number {
  if (isExcluded) return 0;
  const ratio = Math.min(1, Math.max(-1, signal / referenceSignal));
  if (Math.abs(ratio) < LEAST) return 0;
  return ratio < 0 && chanceBelow(behaviours, 0) < SURE ? 0 : ratio;
}

const chanceBelow = (behaviours: Float64Array, level: number): number =>
  BEHAVIOURS.reduce((sum, { signal }, b) => sum + (signal < level ? behaviours[b]! : 0), 0);

/** Quantile of the reliability (1 + signal) / 2, the chance that a vote is right on a pair without a habit's lean. */
export function reliabilityQuantile(behaviours: Float64Array, probability: number): number {
  const order = BEHAVIOURS.map(({ signal }, b) => ({ signal, mass: behaviours[b]! })).sort(
    (a, b) => a.signal - b.signal,
  );
  let sum = 0;
  for (const { signal, mass } of order) {
    sum += mass;
    if (sum >= probability) return (1 + signal) / 2;
  }
  return (1 + order.at(-1)!.signal) / 2;
}
