// Evidence and bounds for one direction only, such as harm; valid at every look, and sharper there than the two-sided ones.
import { logBelowBeta, logBeta } from '../beta';
import { asymptoticRho, betaMixture, type SequenceOptions } from '../confidence-sequence';

/**
 * Log of the evidence that a share is above `share`: the beta-binomial mixture over the larger shares alone (confseq,
 * one-sided). Above log(1/alpha) at any time with probability alpha at most if the share is `share` or less.
 */
export function shareAboveLogEvidence(
  successes: number,
  trials: number,
  share: number,
  { tuning = 100 }: Pick<SequenceOptions, 'tuning'> = {},
): number {
  // One side needs half as much evidence in total.
  const { failures, a, b } = betaMixture(successes, trials, share, { tuning, alpha: 2 * 0.05 });
  const logPart = (x: number, y: number) => logBelowBeta(1 - share, x, y) + logBeta(x, y);
  return (
    logPart(a + failures, b + successes) - logPart(a, b) - successes * Math.log(share) - failures * Math.log(1 - share)
  );
}

/** How far a mean may be above its true value, at any time (Waudby-Smith et al. 2023, one-sided asymptotic sequence). */
export function oneSidedHalfWidth(
  sampleVariance: number,
  n: number,
  { alpha = 0.05, tuning = 5000 }: SequenceOptions = {},
): number {
  if (n === 0) return Number.POSITIVE_INFINITY;
  const rho = asymptoticRho(2 * alpha, tuning);
  const scale = n * rho * rho + 1;
  return Math.sqrt(sampleVariance * ((2 * scale) / (n * rho) ** 2) * Math.log(1 + Math.sqrt(scale) / (2 * alpha)));
}
