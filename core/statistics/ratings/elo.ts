// Elo ratings with FastChat's constants: one pass in order, or averaged over orders, since Elo depends on the order.
import type { Rng } from '@/core/rng';
import { percentileInterval, resample } from '@/core/statistics/bootstrap';
import { BASE, type Comparison, checkComparisons, competitorsOf, INITIAL_RATING, SCALE } from './comparison';

/** Points that a surprising win moves at most (K); FastChat's value, low because all votes count alike. */
const STEP = 4;

/**
 * Ratings after all comparisons in the order given. A tie is half a win; a vote's weight multiplies its step. A name
 * that is not compared keeps the first rating.
 */
export function rateElo(comparisons: readonly Comparison[], names = checkedNames(comparisons)): Map<string, number> {
  const ratings = new Map(names.map((name) => [name, INITIAL_RATING]));
  for (const { a, b, score, weight = 1 } of comparisons) {
    const [first, second] = [ratings.get(a)!, ratings.get(b)!];
    const step = STEP * weight * (score - 1 / (1 + BASE ** ((second - first) / SCALE)));
    ratings.set(a, first + step);
    ratings.set(b, second - step);
  }
  return ratings;
}

function checkedNames(comparisons: readonly Comparison[]): string[] {
  checkComparisons(comparisons);
  return competitorsOf(comparisons);
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
  const names = checkedNames(comparisons);
  const orders = Array.from({ length: rounds }, () => rateElo(rng.shuffle(comparisons), names));
  const samples = Array.from({ length: rounds }, () => rateElo(resample(comparisons, rng), names));
  return names
    .map((name) => {
      const rating = orders.reduce((sum, ratings) => sum + ratings.get(name)!, 0) / rounds;
      return {
        name,
        rating,
        ...percentileInterval(
          samples.map((ratings) => ratings.get(name)!),
          0.95,
        )!,
      };
    })
    .sort((x, y) => y.rating - x.rating);
}
