// REINFORCE leave-one-out: a completion is worth its score less the mean of the prompt's others; no value function.
//
// Ahmadian et al. 2024, with TRL's clipped ratio for runs with several epochs. Divergence is charged in the score of
// the whole completion, or in the loss.

import { type GroupedConfig, rateOf } from '@/core/config/families';
import type { GrpoConfig, RlooConfig } from '@/core/config/policy';
import { clippedPolicyLoss } from '@/trainer/math/loss/policy';
import { groupSignal } from '@/trainer/policy/learning-signal';
import { groupMetrics } from '@/trainer/policy/metrics';
import { stepOnMinibatch } from '@/trainer/policy/step';
import type { OnPolicyAlgorithm } from './algorithm';

export const rloo = (config: RlooConfig): OnPolicyAlgorithm => grouped(config, 'leave-one-out');

/** RLOO and GRPO share k completions per prompt, judged against each other, and PPO's clipped step without values. */
export function grouped(
  config: (RlooConfig | GrpoConfig) & GroupedConfig,
  baseline: 'leave-one-out' | 'normalised',
): OnPolicyAlgorithm {
  const { samplesPerPrompt, epochs, minibatch, klEstimator } = config;
  return {
    config,
    samplesPerPrompt,
    epochs,
    minibatch,
    unit: 1,
    usesValues: false,
    stored: null,
    rate: rateOf(config),
    klCoefficient: config.klCoefficient,
    adaptiveKl: config.adaptiveKl,

    learn(experience, klCoefficient) {
      const rewardCoefficient = config.klIn === 'reward' ? klCoefficient : 0;
      return groupSignal(experience, { klEstimator, rewardCoefficient }, samplesPerPrompt, baseline);
    },

    step({ learner, experience, signal, rows, klCoefficient, learningRate, demonstrations, check }) {
      const { clip, dualClip, approxKlStop } = config;
      return stepOnMinibatch(learner, config, experience, signal, rows, {
        policyLoss: (tokens) => clippedPolicyLoss({ ...tokens, clip, dualClip, normaliser: 1 }),
        valueClip: null,
        approxKlStop,
        klCoefficient,
        learningRate,
        demonstrations: demonstrations(config),
        check,
      });
    },

    metrics: ({ scores }) => groupMetrics(scores, samplesPerPrompt),
  };
}
