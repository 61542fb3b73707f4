// Elo ratings with FastChat's constants: one pass in order, or averaged over orders, since Elo depends on the order.
import type { Rng } from '@/core/rng';
import { percentileInterval, resample } from '@/core/statistics/bootstrap';
import { BASE, type Comparison, checkComparisons, competitorsOf, INITIAL_RATING, SCALE } from './comparison';

/** Points that a surprising win moves at most (K); FastChat's value, low because all votes count alike. */
const STEP = 4;

/** Ratings after all comparisons in the order given. A tie is half a win; a vote's weight multiplies its step. */
export function rateElo(comparisons: readonly Comparison[]): Map<string, number> {
  checkComparisons(comparisons);
  const ratings = new Map(competitorsOf(comparisons).map((name) => [name, INITIAL_RATING]));
  for (const { a, b, score, weight = 1 } of comparisons) {
    const expected = 1 / (1 + BASE ** ((ratings.get(b)! - ratings.get(a)!) / SCALE));
    const step = STEP * weight * (score - expected);
    ratings.set(a, ratings.get(a)! + step);
    ratings.set(b, ratings.get(b)! - step);
  }
  return ratings;
}

export interface EloEstimate {
  name: string;
  /** Mean over the orders. */
  rating: number;
  low: number;
  high: number;
}

/**
 * Best first. The rating is the mean over random orders of all comparisons; the interval holds 95 % of the ratings from
 * comparisons drawn with replacement in random order (FastChat's bootstrap), so that it covers both order and sample.
 */
export function rateEloInAnyOrder(comparisons: readonly Comparison[], rng: Rng, rounds = 100): EloEstimate[] {
  const orders = Array.from({ length: rounds }, () => rateElo(rng.shuffle(comparisons)));
  const samples = Array.from({ length: rounds }, () => rateElo(resample(comparisons, rng)));
  return competitorsOf(comparisons)
    .map((name) => {
      const rating = orders.reduce((sum, ratings) => sum + ratings.get(name)!, 0) / rounds;
      // A competitor that a sample left out has kept its first rating.
      const sampled = samples.map((ratings) => ratings.get(name) ?? INITIAL_RATING);
      return { name, rating, ...percentileInterval(sampled, 0.95)! };
    })
    .sort((x, y) => y.rating - x.rating);
}
