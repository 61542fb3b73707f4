// What ratings are computed from: who was compared with whom, and who won.
import { AttuneError } from '@/core/errors';

export interface Comparison {
  a: string;
  b: string;
  /** 1 if a won, 0 if b won, 0.5 for a tie. */
  score: number;
  /** How much the vote counts, such as the trust in its rater; 1 if absent. */
  weight?: number;
}

/** The scale of FastChat's ratings: 400 points are odds of 10 to 1, and 1000 is the start or the mean. */
export const SCALE = 400;
export const BASE = 10;
export const INITIAL_RATING = 1000;

/** Names in the order in which they first appear. */
export function competitorsOf(comparisons: readonly Comparison[]): string[] {
  return [...new Set(comparisons.flatMap(({ a, b }) => [a, b]))];
}

export function checkComparisons(comparisons: readonly Comparison[]): void {
  for (const { a, b, score, weight = 1 } of comparisons) {
    if (a === b) throw new AttuneError('BAD_INPUT', `${JSON.stringify(a)} is compared with itself.`);
    if (!(score >= 0 && score <= 1)) throw new AttuneError('BAD_INPUT', `A score of ${score} is not between 0 and 1.`);
    if (!(weight >= 0 && Number.isFinite(weight)))
      throw new AttuneError('BAD_INPUT', `A vote cannot weigh ${weight}: give 0 or more.`);
  }
}
