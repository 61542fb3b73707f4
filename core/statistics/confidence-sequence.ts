// Intervals and evidence that stay valid however often they are read, so that one may stop as soon as they decide.
import { AttuneError } from '@/core/errors';
import { logBeta } from './beta';
import type { Interval } from './statistics';

export interface SequenceOptions {
  /** Chance that the truth is ever outside. */
  alpha?: number;
  /** The number of observations at which the interval is tightest. */
  tuning?: number;
}

/** rho that makes the asymptotic sequence tightest at `tuning` observations (Waudby-Smith et al. 2023, eq. 9). */
export function asymptoticRho(alpha: number, tuning: number): number {
  const l = -2 * Math.log(alpha);
  return Math.sqrt((l + Math.log(l + 1)) / tuning);
}

/** Half-width of the asymptotic confidence sequence of a mean after n observations of this variance (GrowthBook). */
export function asymptoticHalfWidth(
  sampleVariance: number,
  n: number,
  { alpha = 0.05, tuning = 5000 }: SequenceOptions = {},
): number {
  if (n === 0) return Number.POSITIVE_INFINITY;
  const rho = asymptoticRho(alpha, tuning);
  const scale = n * rho * rho + 1;
  return Math.sqrt(sampleVariance * ((2 * scale) / (n * rho) ** 2) * Math.log(Math.sqrt(scale) / alpha));
}

/** What is known of one arm of an experiment. */
export interface Sample {
  mean: number;
  variance: number;
  n: number;
}

/** Interval for b's mean minus a's. The smaller arm determines how fast it narrows. */
export function differenceInterval(a: Sample, b: Sample, options: SequenceOptions = {}): Interval {
  const n = a.n + b.n;
  const difference = b.mean - a.mean;
  if (a.n === 0 || b.n === 0) return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  // The variance of the difference, per pooled observation.
  const half = asymptoticHalfWidth(n * (a.variance / a.n + b.variance / b.n), n, options);
  return { low: difference - half, high: difference + half };
}

/** rho of the two-sided normal mixture that is tightest at intrinsic time v (confseq; Howard et al. 2021). */
export function normalMixtureRho(v: number, alpha: number): number {
  const l = 2 * Math.log(1 / alpha);
  return v / (l + Math.log(1 + l));
}

/** How far a centred sum may be from 0 at intrinsic time v, for all times at once, except with probability alpha. */
export const normalMixtureBound = (v: number, rho: number, alpha: number): number =>
  Math.sqrt((v + rho) * (Math.log(1 + v / rho) + 2 * Math.log(1 / alpha)));

/** A value in [0, 1] varies at most this much around its mean (Hoeffding). */
const WIDEST_VARIANCE = 1 / 4;

/** Always-valid interval for the mean of n values in [0, 1], such as scores with ties as halves. Not asymptotic. */
export function boundedMeanInterval(
  mean: number,
  n: number,
  { alpha = 0.05, tuning = 100 }: SequenceOptions = {},
): Interval {
  if (n === 0) return { low: 0, high: 1 };
  const rho = normalMixtureRho(tuning * WIDEST_VARIANCE, alpha);
  const half = normalMixtureBound(n * WIDEST_VARIANCE, rho, alpha) / n;
  return { low: Math.max(0, mean - half), high: Math.min(1, mean + half) };
}

/**
 * The failures, and the parameters of the beta distribution over shares that is tightest at `tuning` trials (confseq).
 * Throws BAD_INPUT for a number of successes that the trials cannot have.
 */
export function betaMixture(
  successes: number,
  trials: number,
  share: number,
  { tuning, alpha }: Required<SequenceOptions>,
): { failures: number; a: number; b: number } {
  if (!(successes >= 0 && successes <= trials)) {
    throw new AttuneError('BAD_INPUT', `${successes} successes of ${trials} trials is impossible.`);
  }
  const variance = share * (1 - share);
  const r = Math.max(normalMixtureRho(tuning * variance, alpha) - variance, 1e-3 * variance);
  return { failures: trials - successes, a: r / share, b: r / (1 - share) };
}

/**
 * Log of the evidence against a share being `share`, from a beta-binomial mixture (confseq): an e-process, which exceeds
 * log(1/alpha) at any time with probability alpha at most if the share is right.
 */
export function shareLogEvidence(
  successes: number,
  trials: number,
  share: number,
  { tuning = 100 }: Pick<SequenceOptions, 'tuning'> = {},
): number {
  const { failures, a, b } = betaMixture(successes, trials, share, { tuning, alpha: 0.05 });
  const logMixture = logBeta(a + failures, b + successes) - logBeta(a, b);
  return logMixture - successes * Math.log(share) - failures * Math.log(1 - share);
}

/** Exact always-valid interval for a share: the shares against which there is too little evidence. */
export function bernoulliSequenceInterval(
  successes: number,
  trials: number,
  { alpha = 0.05, tuning = 100 }: SequenceOptions = {},
): Interval {
  const rejects = (share: number) => shareLogEvidence(successes, trials, share, { tuning }) > Math.log(1 / alpha);
  const estimate = Math.min(1 - 1e-9, Math.max(1e-9, successes / Math.max(1, trials)));
  const edge = (outside: number) => {
    if (!rejects(outside)) return Math.round(outside);
    let [out, inside] = [outside, estimate];
    for (let i = 0; i < 60; i++) {
      const middle = (out + inside) / 2;
      if (rejects(middle)) out = middle;
      else inside = middle;
    }
    return inside;
  };
  return { low: edge(1e-9), high: edge(1 - 1e-9) };
}
