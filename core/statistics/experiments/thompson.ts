// How large a share of the people a candidate should have, by the chance that it is the better one (Thompson sampling).
import { AttuneError } from '@/core/errors';
import { logBelowBeta, logBeta } from '../beta';

/** Liked answers of so many, 0 <= up <= n; parts of a vote are allowed. */
export interface Liked {
  up: number;
  n: number;
}

const POINTS = 400;

/**
 * Probability that the candidate's rate is above the champion's, under uniform priors: the integral of the champion's
 * distribution function over the candidate's density, by Simpson's rule within ten deviations of the candidate's mean.
 */
export function chanceOfBetter(champion: Liked, candidate: Liked): number {
  for (const { up, n } of [champion, candidate])
    if (!(up >= 0 && up <= n)) throw new AttuneError('BAD_INPUT', `${up} liked answers of ${n} are impossible.`);
  const [a, b] = [candidate.up + 1, candidate.n - candidate.up + 1];
  const mean = a / (a + b);
  const deviation = Math.sqrt((mean * (1 - mean)) / (a + b + 1));
  const [from, to] = [Math.max(0, mean - 10 * deviation), Math.min(1, mean + 10 * deviation)];
  const width = (to - from) / POINTS;
  const at = (x: number) => density(x, a, b) * below(x, champion);
  let sum = at(from) + at(to);
  for (let i = 1; i < POINTS; i++) sum += (i % 2 === 0 ? 2 : 4) * at(from + i * width);
  return Math.min(1, Math.max(0, (sum * width) / 3));
}

const density = (x: number, a: number, b: number) =>
  Math.exp((a === 1 ? 0 : (a - 1) * Math.log(x)) + (b === 1 ? 0 : (b - 1) * Math.log(1 - x)) - logBeta(a, b));

const below = (x: number, { up, n }: Liked) => Math.exp(logBelowBeta(Math.min(1, Math.max(0, x)), up + 1, n - up + 1));

/** Bounded, so that both arms go on being measured and no streak of luck takes all people. */
export function thompsonShare(
  champion: Liked,
  candidate: Liked,
  { least, most }: { least: number; most: number },
): number {
  return Math.min(most, Math.max(least, chanceOfBetter(champion, candidate)));
}
