// Intervals that stay valid however often they are checked, and ratings: tested here, but not yet used by any rollout.
import { gammaln } from 'simple-statistics';
import { AttuneError } from '@/core/errors';
import type { Interval } from '@/core/statistics/statistics';

/** rho that makes the asymptotic sequence tightest at `tuning` observations (Waudby-Smith et al. 2023, eq. 9). */
export function asymptoticRho(alpha: number, tuning: number): number {
  const l = -2 * Math.log(alpha);
  return Math.sqrt((l + Math.log(l + 1)) / tuning);
}

/** Half-width of the asymptotic confidence sequence of a mean after n observations of this variance. */
export function asymptoticHalfWidth(
  sampleVariance: number,
  n: number,
  options: { alpha?: number; tuning?: number } = {},
): number {
  const { alpha = 0.05, tuning = 5000 } = options;
  if (n === 0) return Number.POSITIVE_INFINITY;
  const rho = asymptoticRho(alpha, tuning);
  const scale = n * rho * rho + 1;
  return Math.sqrt(sampleVariance * ((2 * scale) / (n * rho) ** 2) * Math.log(Math.sqrt(scale) / alpha));
}

/** Interval for the difference of two arms' means. The smaller arm determines how fast it narrows. */
export function differenceInterval(
  a: { mean: number; variance: number; n: number },
  b: { mean: number; variance: number; n: number },
  options: { alpha?: number; tuning?: number } = {},
): Interval {
  const n = a.n + b.n;
  const difference = b.mean - a.mean;
  if (a.n === 0 || b.n === 0) return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  // The variance of the difference, per pooled observation.
  const half = asymptoticHalfWidth(n * (a.variance / a.n + b.variance / b.n), n, options);
  return { low: difference - half, high: difference + half };
}

/** rho of the two-sided normal mixture that is tightest at intrinsic time v (confseq, Howard et al. 2021). */
export function normalMixtureRho(v: number, alpha: number): number {
  const l = 2 * Math.log(1 / alpha);
  return v / (l + Math.log(1 + l));
}

/** log of the mixture supermartingale at sum s and intrinsic time v; above log(1/alpha) rejects. */
export const normalMixtureLog = (s: number, v: number, rho: number): number =>
  0.5 * Math.log(rho / (v + rho)) + (s * s) / (2 * (v + rho));

/** How far a centred sum may be from 0 at intrinsic time v, for all times at once, except with probability alpha. */
export const normalMixtureBound = (v: number, rho: number, alpha: number): number =>
  Math.sqrt((v + rho) * (Math.log(1 + v / rho) + 2 * Math.log(1 / alpha)));

const logBeta = (a: number, b: number) => gammaln(a) + gammaln(b) - gammaln(a + b);

/** Exact always-valid interval for a share: confseq's beta-binomial mixture, tightest at `tuning` trials. */
export function bernoulliSequenceInterval(
  successes: number,
  trials: number,
  options: { alpha?: number; tuning?: number } = {},
): Interval {
  const { alpha = 0.05, tuning = 100 } = options;
  if (successes < 0 || successes > trials) {
    throw new AttuneError('BAD_INPUT', `${successes} successes of ${trials} trials is impossible.`);
  }
  const failures = trials - successes;
  const rejects = (p: number) => {
    const r = Math.max(normalMixtureRho(tuning * p * (1 - p), 0.05) - p * (1 - p), 1e-3 * p * (1 - p));
    const a = r / p;
    const b = r / (1 - p);
    const logMixture = logBeta(a + failures, b + successes) - logBeta(a, b);
    return logMixture - successes * Math.log(p) - failures * Math.log(1 - p) > Math.log(1 / alpha);
  };
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

/** B's share of the wins over A, with a tie as half a win for each. */
export function winShare(wins: number, losses: number, ties: number): number {
  const total = wins + losses + ties;
  return total === 0 ? 0.5 : (wins + ties / 2) / total;
}

/**
 * Bradley-Terry strengths, summing to 1, by the MM iteration (Hunter 2004): p_i = W_i / sum_j n_ij / (p_i + p_j).
 * `wins[i][j]` is how often i beat j; a tie adds a half to both. An item that never won gets 0.
 */
export function bradleyTerry(wins: readonly (readonly number[])[], tolerance = 1e-10): number[] {
  const count = wins.length;
  const games = (i: number, j: number) => wins[i]![j]! + wins[j]![i]!;
  let strengths = new Array<number>(count).fill(1 / count);
  for (let iteration = 0; iteration < 10_000; iteration++) {
    const next = strengths.map((strength, i) => {
      const won = wins[i]!.reduce((sum, w, j) => (j === i ? sum : sum + w), 0);
      if (won === 0) return 0;
      return won / strengths.reduce((sum, other, j) => (j === i ? sum : sum + games(i, j) / (strength + other)), 0);
    });
    const total = next.reduce((a, b) => a + b, 0);
    if (total === 0) return strengths;
    const normalised = next.map((strength) => strength / total);
    const change = Math.max(...normalised.map((strength, i) => Math.abs(strength - strengths[i]!)));
    strengths = normalised;
    if (change < tolerance) return strengths;
  }
  throw new AttuneError('BAD_INPUT', 'The Bradley-Terry fit does not converge: some items were never compared.');
}
