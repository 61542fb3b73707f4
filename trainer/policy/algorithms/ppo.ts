// Proximal policy optimisation of a LoRA policy against a reward, priced constraints and divergence from its reference.
//
// Schulman et al. 2017 (algorithm 1), with the details of Ziegler et al. 2019. One backbone serves policy, reference,
// reward and value. Left out: dropout (ratios would not start at 1), a loss shared with the value function (its head
// has its own step size on a detached backbone), sampling at temperatures other than 1.

import { rateOf } from '@/core/config/families';
import type { PpoConfig } from '@/core/config/policy';
import { clippedPolicyLoss } from '@/trainer/math/loss/policy';
import { criticSignal } from '@/trainer/policy/learning-signal';
import { stepOnMinibatch } from '@/trainer/policy/step';
import { stepOnValues } from '@/trainer/policy/value-step';
import type { OnPolicyAlgorithm } from './algorithm';

export function ppo(config: PpoConfig): OnPolicyAlgorithm {
  return {
    config,
    samplesPerPrompt: 1,
    epochs: config.epochs,
    minibatch: config.minibatch,
    unit: 1,
    usesValues: true,
    rate: rateOf(config),
    klCoefficient: config.klCoefficient,
    adaptiveKl: config.adaptiveKl,
    stored: { maxStaleness: config.maxStaleness, share: config.storedShare },

    // r_t = -beta kl_t, with the score on the last token; generalised advantages, whitened over the batch.
    learn(experience, klCoefficient) {
      const rewardCoefficient = config.klIn === 'reward' ? klCoefficient : 0;
      return criticSignal(experience, { klEstimator: config.klEstimator, rewardCoefficient }, config);
    },

    // max(-A rho, -A clip(rho, 1 +- eps)), refused if the policy has already moved too far from the experience.
    step({ learner, experience, signal, rows, iteration, klCoefficient, learningRate, demonstrations, check }) {
      const { clip, dualClip, valueClip, approxKlStop } = config;
      if (iteration < config.criticWarmup) {
        const sums = stepOnValues(learner, experience, signal, rows, { ...config, epochs: 1 });
        return { sums, problem: null };
      }
      return stepOnMinibatch(learner, config, experience, signal, rows, {
        policyLoss: (tokens) => clippedPolicyLoss({ ...tokens, clip, dualClip, normaliser: 1 }),
        valueClip,
        approxKlStop,
        klCoefficient,
        learningRate,
        demonstrations: demonstrations(config),
        check,
      });
    },
  };
}
