// Advantage actor-critic: one plain policy-gradient step on the whole experience, without ratio and clip.
//
// Mnih et al. 2016, synchronous. It equals PPO's first step with one epoch and one minibatch (Huang et al. 2022), as a
// test checks. Left out: several steps on one experience, which need the ratio.

import { rateOf } from '@/core/config/families';
import type { A2cConfig } from '@/core/config/policy';
import type { PolicyLoss } from '@/trainer/math/loss/policy';
import { criticSignal } from '@/trainer/policy/learning-signal';
import { type StepTokens, stepOnMinibatch } from '@/trainer/policy/step';
import type { OnPolicyAlgorithm } from './algorithm';

export function a2c(config: A2cConfig): OnPolicyAlgorithm {
  return {
    config,
    samplesPerPrompt: 1,
    epochs: 1,
    minibatch: config.sequences,
    unit: 1,
    usesValues: true,
    rate: rateOf(config),
    klCoefficient: config.klCoefficient,
    adaptiveKl: config.adaptiveKl,
    stored: { maxStaleness: config.maxStaleness, share: config.storedShare },

    learn(experience, klCoefficient) {
      const rewardCoefficient = config.klIn === 'reward' ? klCoefficient : 0;
      return criticSignal(experience, { klEstimator: config.klEstimator, rewardCoefficient }, config);
    },

    step({ learner, experience, signal, rows, klCoefficient, learningRate, demonstrations, check }) {
      return stepOnMinibatch(learner, config, experience, signal, rows, {
        policyLoss: policyGradientLoss,
        valueClip: null,
        approxKlStop: null,
        klCoefficient,
        learningRate,
        demonstrations: demonstrations(config),
        check,
      });
    },
  };
}

/** -A log p, weighted; its gradient is -A. */
export function policyGradientLoss({ logprobs, oldLogprobs, advantages, weights }: StepTokens): PolicyLoss {
  const out: PolicyLoss = {
    loss: 0,
    gradient: new Float32Array(logprobs.length),
    clippedLow: 0,
    clippedHigh: 0,
    logRatio: 0,
    approxKl: 0,
    ratio: 0,
    ratioSquared: 0,
  };
  logprobs.forEach((x, i) => {
    const difference = x - oldLogprobs[i]!;
    out.loss -= weights[i]! * advantages[i]! * x;
    out.gradient[i] = -weights[i]! * advantages[i]!;
    out.logRatio += difference;
    out.approxKl += difference ** 2 / 2;
    out.ratio += Math.exp(difference);
    out.ratioSquared += Math.exp(2 * difference);
  });
  return out;
}
