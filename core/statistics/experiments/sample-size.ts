// How many observations an experiment will need, before it starts and while it runs.
import { asymptoticHalfWidth } from '../confidence-sequence';
import { normalQuantile } from '../normal';

/** Chance that the experiment decides by the planned number, if the effect is as large as the smallest that matters. */
export const POWER = 0.8;
const ALPHA = 0.05;
/** More than any product sees; beyond it the answer is "never". */
const MOST = 1e9;

/** A planned comparison; `variance` is that of one arm's values, `share` the candidate's part of the people. */
export interface Planned {
  effect: number;
  variance: number;
  share: number;
}

/** Per observation of both arms together. Few people in one arm make the difference less certain. */
export const differenceVariance = ({ variance, share }: Pick<Planned, 'variance' | 'share'>): number =>
  variance / share + variance / (1 - share);

/** Observations in both arms of a classical two-sided test that is read once, at the end. */
export function fixedSampleSize(planned: Planned, alpha = ALPHA, power = POWER): number {
  const z = normalQuantile(1 - alpha / 2) + normalQuantile(power);
  return Math.ceil((z ** 2 * differenceVariance(planned)) / planned.effect ** 2);
}

/**
 * Observations in both arms until the sequence excludes 0 with the chance `power`. The estimate is normal around the
 * effect, so it exceeds the half-width with this chance once effect - half-width >= z(power) standard errors.
 */
export function anytimeSampleSize(planned: Planned, alpha = ALPHA, power = POWER): number {
  const variance = differenceVariance(planned);
  return leastN(variance, planned.effect, { alpha, tuning: fixedSampleSize(planned, alpha, power), power });
}

/** Values in [0, 1] around one half, as of whether one of two shown answers is preferred. */
const PAIRED_VARIANCE = 1 / 4;

/** Pairs that a test needs that is read once; `effect` is the win rate's distance from one half. */
export function fixedPairedSampleSize(effect: number, alpha = ALPHA, power = POWER): number {
  const z = normalQuantile(1 - alpha / 2) + normalQuantile(power);
  return Math.ceil((z ** 2 * PAIRED_VARIANCE) / effect ** 2);
}

export function pairedSampleSize(effect: number, alpha = ALPHA, power = POWER): number {
  const tuning = fixedPairedSampleSize(effect, alpha, power);
  return leastN(PAIRED_VARIANCE, effect, { alpha, tuning, power });
}

interface Sought {
  alpha: number;
  tuning: number;
  power: number;
}

function leastN(variance: number, effect: number, { alpha, tuning, power }: Sought): number {
  const z = normalQuantile(power);
  const decides = (n: number) =>
    effect - asymptoticHalfWidth(variance, n, { alpha, tuning }) >= z * Math.sqrt(variance / n);
  return bisect(decides);
}

/**
 * Further observations until the interval would exclude 0 if the truth were `estimate`; half of such experiments have
 * decided by then. Infinity where the estimate is too close to 0.
 */
export function expectedMore(
  { estimate, variance, n }: { estimate: number; variance: number; n: number },
  options: { alpha?: number; tuning: number },
): number {
  const total = bisect((count) => Math.abs(estimate) >= asymptoticHalfWidth(variance, count, options));
  return Math.max(0, total - n);
}

/** The least whole number from 1 on that is enough. */
function bisect(isEnough: (n: number) => boolean): number {
  if (!isEnough(MOST)) return Number.POSITIVE_INFINITY;
  let [low, high] = [0, MOST];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isEnough(middle)) high = middle;
    else low = middle;
  }
  return high;
}
