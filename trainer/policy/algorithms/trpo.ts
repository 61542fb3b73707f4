// Trust-region policy optimisation: one natural-gradient step on the whole experience, as long as the divergence allows.
//
// Schulman et al. 2015, with OmniSafe's defaults: conjugate gradient of 15 iterations on the damped Fisher matrix of the
// batch, a step to the edge of the region, 15 backtracks of 0.8 until the surrogate is better and the divergence within it.
// Only LoRA tensors are trained. Left out: AdamW for the policy, the ratio's clip, and terms other than the surrogate.

import type { TrpoConfig } from '@/core/config/policy';
import { importanceWeights } from '@/trainer/math/importance';
import { completionLogprobsWithGradient } from '@/trainer/model/logprobs';
import { disposeGradients } from '@/trainer/model/optim';
import type { Experience } from '@/trainer/policy/experience';
import { criticSignal, type LearningSignal } from '@/trainer/policy/learning-signal';
import type { Learner } from '@/trainer/policy/run';
import { completionsAt, flatten, gradientsOf, problemOf, type StepOutcome, tokenShares } from '@/trainer/policy/step';
import { addSums, NO_UPDATE, type UpdateSums } from '@/trainer/policy/update-sums';
import { stepOnValues } from '@/trainer/policy/value-step';
import { scoreCompletions } from '@/trainer/sampling/completion-logprobs';
import { policyGradientLoss } from './a2c';
import type { OnPolicyAlgorithm, StepContext } from './algorithm';
import {
  addScaled,
  assignVariables,
  conjugateGradient,
  dot,
  fisherProduct,
  flattenGradients,
  meanDivergence,
  restPolicy,
} from './fisher';

export function trpo(config: TrpoConfig): OnPolicyAlgorithm {
  const { klEstimator, klCoefficient, adaptiveKl } = config;
  return {
    config,
    samplesPerPrompt: 1,
    epochs: 1,
    minibatch: config.sequences,
    unit: 1,
    usesValues: true,
    rate: null,
    klCoefficient,
    adaptiveKl,
    stored: { maxStaleness: config.maxStaleness, share: config.storedShare },
    learn: (experience, coefficient) =>
      criticSignal(experience, { klEstimator, rewardCoefficient: coefficient }, config),
    step(context) {
      const { learner, experience, signal, rows } = context;
      const outcome = stepInRegion(context, config);
      const critic = { ...config, valueClip: null, epochs: config.valueEpochs, maxGradNorm: Number.MAX_VALUE };
      const sums = addSums(outcome.sums, stepOnValues(learner, experience, signal, rows, critic));
      return { ...outcome, sums };
    },
  };
}

/** The natural-gradient step of the policy, or no step if none within the region is better. */
function stepInRegion({ learner, experience, signal, rows, check }: StepContext, config: TrpoConfig): StepOutcome {
  const { variables } = learner.policy;
  const completions = completionsAt(experience, rows);
  const tokens = completions.reduce((total, { completionIds }) => total + completionIds.length, 0);
  const weights = surrogateWeights(experience, rows, tokens, config);
  const sums: UpdateSums = { ...NO_UPDATE, tokens };

  // 1. The surrogate's gradient g, downhill in the loss.
  const { gradient, problem } = surrogateGradient({ learner, experience, signal, rows, weights, check, config, sums });
  if (problem) return { sums: { ...sums, rejected: 1 }, problem };
  // 2. x = F^-1 g.
  const resting = restPolicy(learner, completions, config.microBatchTokens);
  const sample = restPolicy(
    learner,
    completions.slice(0, config.fisherSequences ?? completions.length),
    config.microBatchTokens,
  );
  const times = (v: Float32Array) => fisherProduct(learner, sample, v, config.damping);
  const x = conjugateGradient(times, gradient, config.conjugateGradientSteps);
  // 3. Scale to the edge of the region: 1/2 s^2 x' F x = delta.
  const curvature = dot(x, times(x));
  const scale = curvature > 0 ? Math.sqrt((2 * config.target_kl_per_token) / curvature) : 0;
  // 4. Shorten the step until the surrogate is better and the divergence within the region.
  const before = surrogate(learner, experience, signal, rows, weights, config.microBatchTokens);
  let accepted: { kl: number; improvement: number; backtracks: number } | null = null;
  for (let backtracks = 0; scale > 0 && backtracks < config.backtracks; backtracks++) {
    assignVariables(variables, addScaled(resting.parameters, x, scale * config.backtrackFactor ** backtracks));
    const improvement = surrogate(learner, experience, signal, rows, weights, config.microBatchTokens) - before;
    const kl = meanDivergence(learner, resting);
    if (improvement > 0 && kl <= config.target_kl_per_token) {
      accepted = { kl, improvement, backtracks };
      break;
    }
  }
  if (!accepted) {
    assignVariables(variables, resting.parameters);
    return { sums: { ...sums, rejected: 1 }, problem: null };
  }
  return {
    sums: { ...sums, steps: 1, gradNorm: Math.sqrt(dot(gradient, gradient)) },
    problem: null,
    figures: {
      'trpo/step_kl_per_token': accepted.kl,
      'trpo/surrogate_improvement': accepted.improvement,
      'trpo/backtracks': accepted.backtracks,
      'trpo/expected_improvement': scale * config.backtrackFactor ** accepted.backtracks * dot(gradient, x),
    },
  };
}

/** Importance weight over the number of tokens; one row per completion. */
function surrogateWeights(experience: Experience, rows: readonly number[], tokens: number, config: TrpoConfig) {
  return rows.map((row) => {
    const trainer = experience.logprobs[row]!;
    const own = importanceWeights(trainer, experience.engineLogprobs[row]!, config.importance, config.importanceBounds);
    const shares = tokenShares([trainer.length], 'token-mean', { tokens, sequences: rows.length });
    return shares.map((share, t) => share * own[t]!);
  });
}

interface SurrogateContext {
  learner: Learner;
  experience: Experience;
  signal: LearningSignal;
  rows: readonly number[];
  weights: Float64Array[];
  check: StepContext['check'];
  config: TrpoConfig;
  sums: UpdateSums;
}

/** The uphill gradient of the surrogate, which at ratio 1 is the policy gradient. */
function surrogateGradient({ learner, experience, signal, rows, weights, check, config, sums }: SurrogateContext) {
  let largestRatioError = 0;
  const gradients = gradientsOf(
    learner,
    completionsAt(experience, rows),
    config.microBatchTokens,
    (hidden, positions, members) =>
      completionLogprobsWithGradient(learner.backbone, hidden, positions, 1, (logprobs, entropy) => {
        const own = members.map((i) => rows[i]!);
        const oldLogprobs = flatten(experience.logprobs, own);
        const loss = policyGradientLoss({
          logprobs,
          oldLogprobs,
          advantages: flatten(signal.advantages, own),
          weights: Float64Array.from(members.flatMap((i) => [...weights[i]!])),
        });
        for (const [i, x] of logprobs.entries()) {
          largestRatioError = Math.max(largestRatioError, Math.abs(Math.expm1(x - oldLogprobs[i]!)));
        }
        sums.policyLoss += loss.loss;
        sums.ratio += loss.ratio;
        sums.ratioSquared += loss.ratioSquared;
        sums.entropy += entropy.reduce((a, b) => a + b, 0);
        return { loss: loss.loss, dLogprobs: loss.gradient };
      }),
  );
  try {
    check({ largestRatioError, entropy: sums.entropy / sums.tokens });
    const problem = problemOf(sums.policyLoss, gradients);
    return { problem, gradient: flattenGradients(learner.policy.variables, gradients).map((x) => -x) };
  } finally {
    disposeGradients(gradients);
  }
}

/** Weighted mean of A rho under the current policy. */
function surrogate(
  { backbone, policy }: Learner,
  experience: Experience,
  signal: LearningSignal,
  rows: readonly number[],
  weights: readonly Float64Array[],
  microBatchTokens: number,
): number {
  const { logprobs } = scoreCompletions(backbone, policy, completionsAt(experience, rows), microBatchTokens);
  let total = 0;
  rows.forEach((row, i) => {
    logprobs[i]!.forEach((x, t) => {
      const ratio = Math.exp(x - experience.logprobs[row]![t]!);
      total += weights[i]![t]! * signal.advantages[row]![t]! * ratio;
    });
  });
  return total;
}
