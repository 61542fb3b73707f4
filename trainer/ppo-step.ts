// One optimiser step of PPO: the learning signal of an experience, and a minibatch's gradients applied or refused.
import { estimateAdvantages, tokenRewards, whiten } from './advantage';
import type { PpoConfig } from './config';
import type { Experience } from './experience';
import { checkStart } from './invariants';
import { tokenKl } from './kl';
import { clippedPolicyLoss, clippedValueLoss, importanceWeights } from './loss';
import { packByLength } from './micro-batch';
import type { ScalarHead } from './model/heads';
import { responseLogprobsWithGradient } from './model/logprobs';
import { addHeadLosses } from './model/positions';
import type { Lora, NamedGradients, NamedVariables, Trunk } from './model/types';
import { type AdamW, addGradients, clipByGlobalNorm, disposeGradients } from './optim';
import { NO_UPDATE, type UpdateSums } from './ppo-metrics';
import { batchAnswers } from './response';

/** What is trained, and with what. */
export interface Learner {
  trunk: Trunk;
  policy: Lora;
  valueHead: ScalarHead;
  /** Of the policy and of the value head. */
  variables: NamedVariables;
  optimiser: AdamW;
  config: PpoConfig;
}

export interface LearningSignal {
  /** Divergence of each token by the configured estimator. */
  penalty: Float32Array[];
  advantages: Float32Array[];
  returns: Float32Array[];
  whitened: Float32Array[];
}

/** Rewards per token, advantages, returns: plain functions of an experience, so that a resumed run finds them again. */
export function learningSignal(experience: Experience, config: PpoConfig, klCoefficient: number): LearningSignal {
  const { logprobs, referenceLogprobs, scores, values } = experience;
  const penalty = logprobs.map((row, i) => tokenKl(row, referenceLogprobs[i]!, config.klEstimator));
  const rewards = tokenRewards(penalty, scores, klCoefficient);
  const { advantages, returns } = estimateAdvantages(rewards, values, config);
  return { penalty, advantages, returns, whitened: whiten(advantages) };
}

/** One forward and backward pass over a minibatch, in micro-batches that add up to its mean over tokens, and one step. */
export function stepOnMinibatch(
  learner: Learner,
  experience: Experience,
  signal: LearningSignal,
  rows: number[],
  isFirst: boolean,
): UpdateSums {
  const { config, trunk, policy, valueHead, optimiser, variables } = learner;
  const [low, high] = config.importanceBounds;
  const tokens = rows.reduce((total, row) => total + experience.answerIds[row]!.length, 0);
  const sums: UpdateSums = { ...NO_UPDATE, tokens };
  const gradients: NamedGradients = new Map();
  let largestRatioError = 0;
  const lengths = rows.map((row) => experience.promptIds[row]!.length + experience.answerIds[row]!.length);
  for (const group of packByLength(lengths, config.microBatchTokens)) {
    const members = group.map((i) => rows[i]!);
    const { ids, positions } = batchAnswers(
      members.map((row) => ({ promptIds: experience.promptIds[row]!, answerIds: experience.answerIds[row]! })),
    );
    const flat = (values: Float32Array[]) => Float32Array.from(members.flatMap((row) => [...values[row]!]));
    const oldLogprobs = flat(experience.logprobs);
    const weights = importanceWeights(oldLogprobs, flat(experience.engineLogprobs), low, high);
    const result = trunk.backward({ ids }, policy, (hidden) =>
      addHeadLosses(
        responseLogprobsWithGradient(trunk, hidden, positions, 1, (logprobs, entropy) => {
          const { clip, dualClip } = config;
          const advantages = flat(signal.whitened);
          const loss = clippedPolicyLoss({
            logprobs,
            oldLogprobs,
            advantages,
            weights,
            clip,
            dualClip,
            normaliser: tokens,
          });
          logprobs.forEach((x, i) => {
            largestRatioError = Math.max(largestRatioError, Math.abs(Math.exp(x - oldLogprobs[i]!) - 1));
          });
          sums.policyLoss += loss.loss;
          sums.clipped += loss.clipped;
          sums.approxKl += loss.approxKl;
          sums.ratio += loss.ratio;
          sums.ratioSquared += loss.ratioSquared;
          sums.entropy += entropy.reduce((a, b) => a + b, 0);
          return { loss: loss.loss, dLogprobs: loss.gradient };
        }),
        valueHead.loss(
          hidden,
          positions,
          (values) => {
            const { loss, gradient, clipped } = clippedValueLoss(
              values,
              flat(experience.values),
              flat(signal.returns),
              config.valueClip,
              tokens,
            );
            sums.valueLoss += loss;
            sums.valueClipped += clipped;
            return { loss, dValues: gradient };
          },
          { detached: true },
        ),
      ),
    );
    addGradients(gradients, result.gradients);
  }
  try {
    if (isFirst) {
      checkStart({ largestKl: 0, largestRatioError, entropy: sums.entropy / tokens });
    }
    // Measured before the step: a check afterwards comes when the damage is done.
    if (sums.approxKl / tokens > config.approxKlStop) return { ...sums, rejected: 1 };
    const valueNames = new Set(valueHead.variables.keys());
    const [value, own] = split(gradients, (name) => valueNames.has(name));
    sums.gradNorm = clipByGlobalNorm(own, config.maxGradNorm);
    sums.valueGradNorm = clipByGlobalNorm(value, config.maxGradNorm);
    for (const [name, gradient] of [...own, ...value]) gradients.set(name, gradient);
    optimiser.step(variables, gradients, (name) =>
      valueNames.has(name) ? config.valueLearningRate : config.learningRate,
    );
    sums.steps = 1;
    return sums;
  } finally {
    disposeGradients(gradients);
  }
}

function split(gradients: NamedGradients, isFirst: (name: string) => boolean): [NamedGradients, NamedGradients] {
  const all = [...gradients];
  return [new Map(all.filter(([name]) => isFirst(name))), new Map(all.filter(([name]) => !isFirst(name)))];
}
