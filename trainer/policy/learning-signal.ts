// What each token of an experience is worth to the policy: against a value function, or against sibling completions.
import {
  estimateAdvantages,
  groupNormalisedAdvantages,
  leaveOneOutAdvantages,
  tokenRewards,
  whiten,
} from '@/trainer/math/advantages';
import { type KlEstimator, tokenKl } from '@/trainer/math/kl';
import type { Experience } from './experience';
import { sum } from './metrics';

/** One row per completion, ragged by token. */
export interface LearningSignal {
  /** Divergence of each token by the configured estimator. */
  penalty: Float32Array[];
  /** Before whitening: their variance says whether there is anything to learn. */
  rawAdvantages: Float32Array[];
  advantages: Float32Array[];
  /** The targets of the value function; empty without one. */
  returns: Float32Array[];
}

interface KlCharge {
  klEstimator: KlEstimator;
  /** Points of score for one nat in the rewards; 0 if the loss charges it. */
  rewardCoefficient: number;
}

const divergences = ({ logprobs, referenceLogprobs }: Experience, estimator: KlEstimator) =>
  logprobs.map((row, i) => tokenKl(row, referenceLogprobs[i]!, estimator));

/** Rewards per token, generalised advantages, returns: pure functions of an experience, the same after a resume. */
export function criticSignal(
  experience: Experience,
  { klEstimator, rewardCoefficient }: KlCharge,
  options: { gamma: number; lambda: number; whitenRewards: boolean; unbiasedWhitening: boolean },
): LearningSignal {
  const penalty = divergences(experience, klEstimator);
  const unbiased = options.unbiasedWhitening;
  const plain = tokenRewards(penalty, experience.scores, rewardCoefficient);
  const rewards = options.whitenRewards ? whiten(plain, { shiftMean: false, unbiased }) : plain;
  const { advantages, returns } = estimateAdvantages(rewards, experience.values, options);
  return { penalty, rawAdvantages: advantages, advantages: whiten(advantages, { unbiased }), returns };
}

/**
 * One advantage for all tokens of a completion: its score less its divergence, against its prompt's other completions.
 */
export function groupSignal(
  experience: Experience,
  { klEstimator, rewardCoefficient }: KlCharge,
  perPrompt: number,
  baseline: 'leave-one-out' | 'normalised',
): LearningSignal {
  const penalty = divergences(experience, klEstimator);
  const rewards = experience.scores.map((score, i) => score - rewardCoefficient * sum(penalty[i]!));
  const byCompletion =
    baseline === 'leave-one-out'
      ? leaveOneOutAdvantages(rewards, perPrompt)
      : groupNormalisedAdvantages(rewards, perPrompt);
  const advantages = experience.completionIds.map((ids, i) => new Float32Array(ids.length).fill(byCompletion[i]!));
  return { penalty, rawAdvantages: advantages, advantages, returns: [] };
}
