// The beta function and its incomplete integral, in logarithms.
import { AttuneError } from '../errors';

export const logBeta = (a: number, b: number): number => logGamma(a) + logGamma(b) - logGamma(a + b);

/** Stirling's series, to which the recurrence lifts arguments below 10; relative error below 1e-13. */
export function logGamma(x: number): number {
  let lifted = x;
  let logProduct = 0;
  while (lifted < 10) {
    logProduct += Math.log(lifted);
    lifted++;
  }
  const inverse = 1 / lifted;
  const square = inverse * inverse;
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188))));
  return (lifted - 0.5) * Math.log(lifted) - lifted + 0.5 * Math.log(2 * Math.PI) + series - logProduct;
}

/** Log of the probability that a Beta(a, b) is below x, by its continued fraction (DLMF 8.17.22). */
export function logBelowBeta(x: number, a: number, b: number): number {
  if (!(x >= 0 && x <= 1)) throw new AttuneError('BAD_INPUT', `${x} is no probability.`);
  if (x === 0) return Number.NEGATIVE_INFINITY;
  if (x === 1) return 0;
  // The fraction converges fast on this side of the mean; the other side is the complement.
  if (x > (a + 1) / (a + b + 2)) return Math.log1p(-Math.exp(logBelowBeta(1 - x, b, a)));
  return a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b) - Math.log(a) - Math.log(fraction(x, a, b));
}

const MOST_TERMS = 10_000;
const TINY = 1e-300;

/** 1 + d1 / (1 + d2 / (1 + …)), evaluated forwards (modified Lentz, Thompson and Barnett 1986). */
function fraction(x: number, a: number, b: number): number {
  let value = 1;
  let above = 1;
  let below = 0;
  for (let term = 1; term <= MOST_TERMS; term++) {
    const m = Math.floor(term / 2);
    const d =
      term % 2 === 0
        ? (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
        : (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    below = 1 / (1 + d * below || TINY);
    above = 1 + d / above || TINY;
    const step = above * below;
    value *= step;
    if (Math.abs(step - 1) < 1e-15) return value;
  }
  throw new AttuneError('INTERNAL', `The incomplete beta function does not converge at ${x}, ${a}, ${b}.`);
}
