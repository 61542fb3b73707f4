// Puts numeric ratings of different people on one scale: each rater's own location and spread are removed, with shrinkage.
import { AttuneError } from '@/core/errors';
import { HIGHEST_RATING, LOWEST_RATING } from '@/core/feedback/kinds';
import type { Questionnaire, Rating } from './reward-examples';

/** Mean and deviation of one rater's ratings. */
export interface RaterScale {
  location: number;
  spread: number;
}

export interface RatingScales {
  byRater: Map<string, RaterScale>;
  /** For raters who have given no rating, one scale for each instrument. */
  pooled: Map<Rated['kind'], RaterScale>;
}

type Rated = Rating | Questionnaire;

/** 1 to 10; a questionnaire's quality is stretched over the same range. */
export function ratingOf(example: Rated): number {
  if (example.kind === 'questionnaire') {
    return LOWEST_RATING + (HIGHEST_RATING - LOWEST_RATING) * example.quality;
  }
  if (!(example.value >= LOWEST_RATING && example.value <= HIGHEST_RATING)) {
    throw new AttuneError('BAD_INPUT', `A rating of ${example.value} is not between 1 and 10.`);
  }
  return example.value;
}

const isVolunteered = (example: Rated) => example.kind === 'questionnaire' && example.isVolunteered;

/** Ratings and questionnaires of one person are two instruments. */
const instrument = ({ kind, rater }: Rated) => `${kind}/${rater}`;

/** Sheppard's correction: whole numbers hide a variance of 1/12, so that even equal ratings have a spread. */
const ROUNDING_VARIANCE = 1 / 12;

/**
 * Empirical Bayes by pseudo-counts: a rater's mean and variance are averaged with the pooled ones, which count as
 * `shrinkage` ratings, so that one rating says little about its rater and fifty say nearly everything.
 */
export function fitRatingScales(examples: readonly Rated[], shrinkage: number): RatingScales {
  const scales: RatingScales = { byRater: new Map(), pooled: new Map() };
  for (const kind of ['rating', 'questionnaire'] as const) {
    const own = examples.filter((example) => example.kind === kind && !isVolunteered(example));
    if (own.length === 0) continue;
    const all = own.map(ratingOf);
    const pooledMean = mean(all);
    const pooledVariance = meanSquare(all, pooledMean) + ROUNDING_VARIANCE;
    scales.pooled.set(kind, { location: pooledMean, spread: Math.sqrt(pooledVariance) });
    const byRater = new Map<string, number[]>();
    for (const [i, example] of own.entries()) {
      byRater.set(instrument(example), [...(byRater.get(instrument(example)) ?? []), all[i]!]);
    }
    for (const [key, values] of byRater) {
      const n = values.length;
      const location = (n * mean(values) + shrinkage * pooledMean) / (n + shrinkage);
      const variance =
        (n * (meanSquare(values, location) + ROUNDING_VARIANCE) + shrinkage * pooledVariance) / (n + shrinkage);
      scales.byRater.set(key, { location, spread: Math.sqrt(variance) });
    }
  }
  return scales;
}

/** Before the first rating: uniform over the scale. */
const UNKNOWN: RaterScale = {
  location: (LOWEST_RATING + HIGHEST_RATING) / 2,
  spread: (HIGHEST_RATING - LOWEST_RATING) / Math.sqrt(12),
};

/** A completion without a flaw is on the good side, and one with a flaw as far below as the flaw weighs. */
const VOLUNTEERED: RaterScale = { location: HIGHEST_RATING - 0.5, spread: UNKNOWN.spread };

/** Deviation of a latent score of variance 1 with logistic noise: one spread of the ratings corresponds to this. */
const LATENT_DEVIATION = Math.sqrt(1 + Math.PI ** 2 / 3);

/**
 * The latent interval that holds the score plus noise, according to a rating: half a point to each side. The ends of
 * the scale are open, because a 10 may hide any higher quality.
 */
export function latentInterval(example: Rated, scales: RatingScales): { low: number; high: number } {
  const known = scales.byRater.get(instrument(example)) ?? scales.pooled.get(example.kind) ?? UNKNOWN;
  const scale = isVolunteered(example) ? VOLUNTEERED : known;
  const value = ratingOf(example);
  const cut = (x: number) => (LATENT_DEVIATION * (x - scale.location)) / scale.spread;
  return {
    low: value - 0.5 < LOWEST_RATING ? Number.NEGATIVE_INFINITY : cut(value - 0.5),
    high: value + 0.5 > HIGHEST_RATING ? Number.POSITIVE_INFINITY : cut(value + 0.5),
  };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const meanSquare = (values: readonly number[], centre: number) =>
  values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / values.length;
