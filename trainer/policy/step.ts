// One optimiser step on a minibatch of experience: gradients in micro-batches, applied or refused.

import type { OnPolicyConfig } from '@/core/config/families';
import { AttuneError } from '@/core/errors';
import type { Statement } from '@/core/verdict';
import type { Tensor3D } from '@/trainer/backend';
import { importanceWeights } from '@/trainer/math/importance';
import { tokenKl, tokenKlSlope } from '@/trainer/math/kl';
import { clippedValueLoss, type PolicyLoss } from '@/trainer/math/loss/policy';
import { packByLength } from '@/trainer/math/micro-batch';
import { completionLogprobsWithGradient, crossEntropy } from '@/trainer/model/logprobs';
import { addGradients, clipByGlobalNorm, disposeGradients, globalNorm } from '@/trainer/model/optim';
import { addHeadLosses } from '@/trainer/model/positions';
import type { CompletionPositions, HeadLoss, NamedGradients } from '@/trainer/model/types';
import type { Metrics } from '@/trainer/runs/store';
import { batchCompletions, type Completion } from '@/trainer/sampling/completion-logprobs';
import type { Experience } from './experience';
import type { LearningSignal } from './learning-signal';
import type { Learner } from './run';
import { NO_UPDATE, type UpdateSums } from './update-sums';

export interface StepOutcome {
  sums: UpdateSums;
  /** One sentence on why the step could not be applied; it ends the run. */
  problem: Statement | null;
  /** The algorithm's own figures of the last step. */
  figures?: Metrics;
}

/** Flat over the tokens of some completions. */
export interface StepTokens {
  logprobs: Float32Array;
  oldLogprobs: Float32Array;
  advantages: Float32Array;
  /** Importance weight times share in the minibatch's mean. */
  weights: Float64Array;
}

export interface StepOptions {
  policyLoss(tokens: StepTokens): PolicyLoss;
  /** Range of a value around its old one; null is off. */
  valueClip: number | null;
  /** Nats per token above which the step is refused; null is off. */
  approxKlStop: number | null;
  klCoefficient: number;
  /** The rate at this step. */
  learningRate: number;
  /** Completions to imitate at this step. */
  demonstrations: readonly Completion[];
  /** Sees the largest |ratio - 1| of a token and the mean entropy before anything is applied. */
  check(figures: { largestRatioError: number; entropy: number }): void;
}

export type StepConfig = OnPolicyConfig & { valueLearningRate?: number };

/**
 * Sums the gradients of a loss over all completions, in micro-batches; `members` are the completions in one of them.
 */
export function gradientsOf(
  { backbone, policy }: Pick<Learner, 'backbone' | 'policy'>,
  completions: readonly Completion[],
  microBatchTokens: number,
  lossOf: (hidden: Tensor3D, positions: CompletionPositions, members: number[]) => HeadLoss,
): NamedGradients {
  const gradients: NamedGradients = new Map();
  const lengths = completions.map(({ promptIds, completionIds }) => promptIds.length + completionIds.length);
  for (const members of packByLength(lengths, microBatchTokens)) {
    const { ids, positions } = batchCompletions(members.map((i) => completions[i]!));
    const result = backbone.backward({ ids }, policy, (hidden) => lossOf(hidden, positions, members));
    addGradients(gradients, result.gradients);
  }
  return gradients;
}

/** Rows of an experience as completions. */
export const completionsAt = ({ promptIds, completionIds }: Experience, rows: readonly number[]): Completion[] =>
  rows.map((row) => ({ promptIds: promptIds[row]!, completionIds: completionIds[row]! }));

export const flatten = (values: readonly Float32Array[], rows: readonly number[]) =>
  Float32Array.from(rows.flatMap((row) => [...values[row]!]));

/** The share of each token in the minibatch's loss, completion by completion: micro-batches of any size add up. */
export function tokenShares(
  lengths: readonly number[],
  aggregation: OnPolicyConfig['aggregation'],
  minibatch: { tokens: number; sequences: number },
): Float64Array {
  const shareOf = (length: number) =>
    aggregation === 'token-mean'
      ? 1 / minibatch.tokens
      : 1 / (minibatch.sequences * (aggregation === 'seq-mean-token-mean' ? length : 1));
  return Float64Array.from(lengths.flatMap((length) => new Array<number>(length).fill(shareOf(length))));
}

/** Policy loss, divergence and entropy terms, demonstrations, and the value function's loss; one step for all of them. */
export function stepOnMinibatch(
  learner: Learner,
  config: StepConfig,
  experience: Experience,
  signal: LearningSignal,
  rows: readonly number[],
  options: StepOptions,
): StepOutcome {
  const { backbone, valueHead } = learner;
  const tokens = rows.reduce((total, row) => total + experience.completionIds[row]!.length, 0);
  const sums: UpdateSums = { ...NO_UPDATE, tokens };
  const { entropyCoefficient } = config;
  const lossKl = config.klIn === 'loss' ? options.klCoefficient : 0;
  let largestRatioError = 0;
  const gradients = gradientsOf(
    learner,
    completionsAt(experience, rows),
    config.microBatchTokens,
    (hidden, positions, members) => {
      const own = members.map((i) => rows[i]!);
      const oldLogprobs = flatten(experience.logprobs, own);
      const reference = flatten(experience.referenceLogprobs, own);
      const shares = tokenShares(
        own.map((row) => experience.completionIds[row]!.length),
        config.aggregation,
        { tokens, sequences: rows.length },
      );
      const importance = own.flatMap((row) => [
        ...importanceWeights(
          experience.logprobs[row]!,
          experience.engineLogprobs[row]!,
          config.importance,
          config.importanceBounds,
        ),
      ]);
      const weights = shares.map((share, i) => share * importance[i]!);
      const policyTerm = completionLogprobsWithGradient(
        backbone,
        hidden,
        positions,
        1,
        (logprobs, entropy) => {
          const loss = options.policyLoss({
            logprobs,
            oldLogprobs,
            advantages: flatten(signal.advantages, own),
            weights,
          });
          for (const [i, x] of logprobs.entries()) {
            largestRatioError = Math.max(largestRatioError, Math.abs(Math.exp(x - oldLogprobs[i]!) - 1));
          }
          addPolicySums(sums, loss, entropy);
          let total = loss.loss;
          const dLogprobs = loss.gradient;
          if (lossKl > 0) {
            const kl = tokenKl(logprobs, reference, config.klEstimator);
            const slope = tokenKlSlope(logprobs, reference, config.klEstimator);
            for (const [i, x] of kl.entries()) {
              sums.klLoss += lossKl * weights[i]! * x;
              total += lossKl * weights[i]! * x;
              dLogprobs[i]! += lossKl * weights[i]! * slope[i]!;
            }
          }
          if (entropyCoefficient === 0) return { loss: total, dLogprobs };
          const dEntropy = Float32Array.from(shares, (share) => -entropyCoefficient * share);
          for (const [i, x] of entropy.entries()) total -= entropyCoefficient * shares[i]! * x;
          return { loss: total, dLogprobs, dEntropy };
        },
        { withEntropyGradient: entropyCoefficient > 0 },
      );
      if (!valueHead) return policyTerm;
      const valueTerm = valueHead.loss(
        hidden,
        positions,
        (values) => valueLoss(experience, signal, own, values, { clip: options.valueClip, tokens, sums }),
        { detached: true }, // the value loss must not train the policy
      );
      return addHeadLosses(policyTerm, valueTerm);
    },
  );
  try {
    addDemonstrations(learner, config, gradients, options.demonstrations, sums);
    options.check({ largestRatioError, entropy: sums.entropy / tokens });
    const refuse = (problem: Statement | null) => ({ sums: { ...sums, rejected: 1 }, problem });
    // Checked before the step: afterwards the damage would be done.
    if (options.approxKlStop !== null && sums.approxKl / tokens > options.approxKlStop) return refuse(null);
    const problem = problemOf(sums.policyLoss, gradients);
    if (problem) return refuse(problem);
    applyGradients(learner, gradients, config, options.learningRate, sums);
    return { sums, problem: null };
  } finally {
    disposeGradients(gradients);
  }
}

function addPolicySums(sums: UpdateSums, loss: PolicyLoss, entropy: Float32Array): void {
  sums.policyLoss += loss.loss;
  sums.clippedLow += loss.clippedLow;
  sums.clippedHigh += loss.clippedHigh;
  sums.logRatio += loss.logRatio;
  sums.approxKl += loss.approxKl;
  sums.ratio += loss.ratio;
  sums.ratioSquared += loss.ratioSquared;
  sums.entropy += entropy.reduce((a, b) => a + b, 0);
}

/** The value function's loss on some rows, as a share of `tokens`. */
export function valueLoss(
  experience: Experience,
  signal: LearningSignal,
  rows: readonly number[],
  values: Float32Array,
  { clip, tokens, sums }: { clip: number | null; tokens: number; sums: UpdateSums },
) {
  const returns = flatten(signal.returns, rows);
  const { loss, gradient, clipped } = clippedValueLoss(values, flatten(experience.values, rows), returns, clip, tokens);
  sums.valueLoss += loss;
  sums.valueClipped += clipped;
  sums.valueTokens += values.length;
  return { loss, dValues: gradient };
}

/** InstructGPT's PTX: adds the mean cross-entropy of demonstrations to the policy's loss. */
function addDemonstrations(
  learner: Learner,
  { demonstrationCoefficient, microBatchTokens }: StepConfig,
  gradients: NamedGradients,
  demonstrations: readonly Completion[],
  sums: UpdateSums,
): void {
  if (demonstrationCoefficient === 0) return;
  const tokens = demonstrations.reduce((total, { completionIds }) => total + completionIds.length, 0);
  const part = gradientsOf(learner, demonstrations, microBatchTokens, (hidden, positions) =>
    completionLogprobsWithGradient(learner.backbone, hidden, positions, 1, (logprobs) => {
      const { loss, dLogprobs } = crossEntropy(logprobs);
      const share = (demonstrationCoefficient * logprobs.length) / tokens;
      sums.demonstrationLoss += share * loss;
      return { loss: share * loss, dLogprobs: dLogprobs.map((slope) => share * slope) };
    }),
  );
  addGradients(gradients, part);
}

/** Why gradients must not be applied, or null. */
export function problemOf(loss: number, gradients: NamedGradients): Statement | null {
  if (!Number.isFinite(loss)) return { code: 'figure_broken', figure: 'The loss', value: String(loss) };
  try {
    globalNorm(gradients);
    return null;
  } catch (error) {
    if (error instanceof AttuneError) return { code: 'sentence', text: error.message };
    throw error;
  }
}

/** Clips policy and value function separately and takes one step, with a separate step size for each. */
export function applyGradients(
  { valueHead, optimiser, variables }: Pick<Learner, 'valueHead' | 'optimiser' | 'variables'>,
  gradients: NamedGradients,
  config: { maxGradNorm: number; valueLearningRate?: number },
  learningRate: number,
  sums: UpdateSums,
): void {
  const isOfValue = (name: string) => valueHead?.variables.has(name) ?? false;
  const all = [...gradients];
  const value: NamedGradients = new Map(all.filter(([name]) => isOfValue(name)));
  const own: NamedGradients = new Map(all.filter(([name]) => !isOfValue(name)));
  if (own.size) {
    sums.gradNorm += clipByGlobalNorm(own, config.maxGradNorm);
    sums.steps++;
  }
  if (value.size) {
    sums.valueGradNorm += clipByGlobalNorm(value, config.maxGradNorm);
    sums.valueSteps++;
  }
  for (const [name, gradient] of [...own, ...value]) gradients.set(name, gradient);
  optimiser.step(variables, gradients, (name) => (isOfValue(name) ? config.valueLearningRate! : learningRate));
}
