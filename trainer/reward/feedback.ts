// Reads from the feedback what every way of training a reward model needs before it starts.
import type { RewardModelConfig } from '@/core/config/reward';
import { AttuneError } from '@/core/errors';
import type { Signal } from '@/trainer/math/loss/implicit';
import { fitRatingScales, type RatingScales } from '@/trainer/math/rating-scale';
import type { RewardExample } from '@/trainer/math/reward-examples';
import { lengthRule, scoredPairs } from './metrics';

export interface Feedback {
  /** Index of each thumb's rater among the biases. */
  raters: ReadonlyMap<string, number>;
  /** Index of each implicit signal's slope, which follows the raters; its level is the next one. */
  signals: ReadonlyMap<Signal, number>;
  /** How many numbers are fitted beside the scores. */
  biasCount: number;
  scales: RatingScales;
  lengthRule: 1 | -1;
}

/** Raters and signals are those of all `examples`; the rest is learnt from `train`. Throws BAD_INPUT if `train` is empty. */
export function readFeedback(
  examples: readonly RewardExample[],
  train: readonly RewardExample[],
  { ratingShrinkage }: Pick<RewardModelConfig, 'ratingShrinkage'>,
): Feedback {
  if (train.length === 0) {
    throw new AttuneError(
      'BAD_INPUT',
      'There is no feedback to train a reward model on. Collect comparisons or thumbs.',
    );
  }
  const thumbs = examples.filter((example) => example.kind === 'thumb');
  const rated = train.filter((example) => example.kind === 'rating' || example.kind === 'questionnaire');
  const raters = new Set(thumbs.map(({ rater }) => rater));
  const seen = new Set(examples.flatMap((example) => (example.kind === 'implicit' ? [...example.signals.keys()] : [])));
  return {
    raters: new Map([...raters].map((rater, i) => [rater, i])),
    signals: new Map([...seen].map((signal, i) => [signal, raters.size + 2 * i])),
    biasCount: raters.size + 2 * seen.size,
    scales: fitRatingScales(rated, ratingShrinkage),
    lengthRule: lengthRule(scoredPairs(train.map((example) => ({ example, scores: [] })))),
  };
}
