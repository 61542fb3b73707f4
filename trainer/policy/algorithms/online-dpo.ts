// Online DPO: of two fresh completions per prompt, the one with the better score is preferred; no value head, no clip.
//
// Guo et al. 2024, with the reward as judge; equal scores are a tie. Left out: a price of divergence, because the loss
// already belongs to a reward with a divergence scaled by beta.

import { rateOf } from '@/core/config/families';
import type { OnlineDpoConfig } from '@/core/config/policy';
import { dpoLoss } from '@/trainer/math/loss/preference';
import { disposeGradients } from '@/trainer/model/optim';
import { groupSignal } from '@/trainer/policy/learning-signal';
import { groupMetrics, sum } from '@/trainer/policy/metrics';
import { logRatioGradients } from '@/trainer/policy/preference-step';
import { applyGradients, completionsAt, problemOf, type StepOutcome } from '@/trainer/policy/step';
import { NO_UPDATE } from '@/trainer/policy/update-sums';
import type { OnPolicyAlgorithm, StepContext } from './algorithm';

const NO_CHARGE = { klEstimator: 'k1', rewardCoefficient: 0 } as const;

export function onlineDpo(config: OnlineDpoConfig): OnPolicyAlgorithm {
  const { epochs, minibatch, maxGradNorm } = config;
  return {
    config,
    samplesPerPrompt: 2,
    epochs,
    minibatch,
    unit: 2,
    usesValues: false,
    stored: null,
    rate: rateOf(config),
    klCoefficient: 0,
    adaptiveKl: null,
    learn: (experience) => groupSignal(experience, NO_CHARGE, 2, 'leave-one-out'),
    step: (context) => stepOnPairs(context, config, maxGradNorm),
    metrics: ({ scores }) => groupMetrics(scores, 2),
  };
}

/** Rows come in pairs of neighbours; the better one goes first. */
function stepOnPairs(
  { learner, experience, rows, learningRate, check }: StepContext,
  { beta, microBatchTokens }: OnlineDpoConfig,
  maxGradNorm: number,
): StepOutcome {
  const { scores } = experience;
  const ordered: number[] = [];
  for (let i = 0; i < rows.length; i += 2) {
    const [a, b] = [rows[i]!, rows[i + 1]!];
    ordered.push(...(scores[a]! >= scores[b]! ? [a, b] : [b, a]));
  }
  const pairs = Array.from({ length: ordered.length / 2 }, (_, i) => ({
    isTie: scores[ordered[2 * i]!] === scores[ordered[2 * i + 1]!],
    weight: 1,
  }));
  const reference = ordered.map((row) => sum(experience.referenceLogprobs[row]!));
  const old = ordered.map((row) => sum(experience.logprobs[row]!));
  const sums = { ...NO_UPDATE, tokens: rows.reduce((total, row) => total + experience.completionIds[row]!.length, 0) };
  let largestRatioError = 0;
  const { loss, gradients } = logRatioGradients(
    learner,
    completionsAt(experience, ordered),
    reference,
    { unit: 2, microBatchTokens },
    (logRatios, units) => {
      const members = units.flatMap((unit) => [2 * unit, 2 * unit + 1]);
      logRatios.forEach((x, i) => {
        const difference = x + reference[members[i]!]! - old[members[i]!]!;
        largestRatioError = Math.max(largestRatioError, Math.abs(Math.expm1(difference)));
      });
      const own = units.map((unit) => pairs[unit]!);
      return dpoLoss(logRatios, own, beta, pairs.length);
    },
  );
  try {
    sums.policyLoss = loss;
    sums.entropy = rows.reduce((total, row) => total + sum(experience.entropy[row]!), 0);
    check({ largestRatioError, entropy: sums.entropy / sums.tokens });
    const problem = problemOf(loss, gradients);
    if (problem) return { sums: { ...sums, rejected: 1 }, problem };
    applyGradients(learner, gradients, { maxGradNorm }, learningRate, sums);
    return { sums, problem: null };
  } finally {
    disposeGradients(gradients);
  }
}
