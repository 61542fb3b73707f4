// Fits one linear probe, and chooses the precision of its prior by cross-validation over prompts.

import type { ProbeConfig, RewardModelConfig } from '@/core/config/reward';
import { hash32, Rng } from '@/core/rng';
import { type Tensor2D, tf } from '@/trainer/backend';
import { minimise } from '@/trainer/math/lbfgs';
import { feedbackLoss, lossOfEach } from '@/trainer/math/loss/feedback';
import { completionsOf, promptKey, type RewardExample, weightIn } from '@/trainer/math/reward-examples';
import type { Feedback } from '@/trainer/reward/feedback';
import { totalWeight } from '@/trainer/reward/step';
import type { Probe } from './probe';
import { type KnownStates, pause, type StandardisedBlock, standardisedBlock } from './states';

type FitSettings = Pick<RewardModelConfig, 'centering' | 'raterBiasRidge' | 'seed'> & {
  probe: Pick<ProbeConfig, 'precisions' | 'folds'>;
};

export interface FitTask {
  config: FitSettings;
  signal: AbortSignal;
  train: readonly RewardExample[];
  feedback: Feedback;
  /** Of the completions of `train`, in order. */
  states: KnownStates;
  hiddenSize: number;
  /** Places, among the blocks whose states are known, of those that are read. */
  blocksAt: readonly number[];
}

// ---- one fit -------------------------------------------------------------------------------------------------------

/** The weights of standardised features [H], then a bias, then the biases of raters and signals. */
export type Solution = Float64Array;

/**
 * Minimises (1 / W) (sum of weighted losses + precision / 2 |w|^2 + ridge / 2 |biases|^2), where W is the
 * weight of the examples, whose completions are the rows of `features`.
 */
export function fit(
  { feedback, config }: Pick<FitTask, 'feedback' | 'config'>,
  features: Tensor2D,
  examples: readonly RewardExample[],
  precision: number,
  start?: Solution,
): Solution {
  const size = features.shape[1];
  const whole = totalWeight(examples);
  const { centering, raterBiasRidge } = config;
  return minimise(
    (x) => {
      const biases = x.subarray(size + 1);
      const scores = linear(features, x);
      const term = feedbackLoss(examples, scores, { ...feedback, biases, centering, normaliser: whole });
      const slopes = tf.tidy(() =>
        tf.matMul(features, tf.tensor2d(term.gradient, [scores.length, 1]), true).dataSync(),
      ) as Float32Array;
      const gradient = new Float64Array(x.length);
      let value = term.loss;
      for (let i = 0; i < size; i++) {
        gradient[i] = slopes[i]! + (precision / whole) * x[i]!;
        value += (precision / whole / 2) * x[i]! ** 2;
      }
      gradient[size] = term.gradient.reduce((sum, slope) => sum + slope, 0);
      for (const [i, bias] of biases.entries()) {
        gradient[size + 1 + i] = term.biasGradient[i]! + (raterBiasRidge / whole) * bias;
        value += (raterBiasRidge / whole / 2) * bias ** 2;
      }
      return { value, gradient };
    },
    start ?? new Float64Array(size + 1 + feedback.biasCount),
  ).x;
}

/** features [N, H] times the weights, plus the bias: N. */
function linear(features: Tensor2D, x: Solution): Float32Array {
  const size = features.shape[1];
  const scores = tf.tidy(() =>
    tf.matMul(features, tf.tensor2d(Float32Array.from(x.subarray(0, size)), [size, 1])).dataSync(),
  ) as Float32Array;
  return scores.map((score) => score + x[size]!);
}

/** The same function, of states that are not standardised. */
export function probeOf({ mean, deviation }: StandardisedBlock, block: number, solution: Solution): Probe {
  const weight = deviation.map((own, i) => solution[i]! / own);
  const level = weight.reduce((sum, value, i) => sum + value * mean[i]!, 0);
  return { block, weight, bias: Math.fround(solution[weight.length]! - level) };
}

// ---- the prior -----------------------------------------------------------------------------------------------------

export interface Choice {
  precision: number;
  /** Scores of every completion by probes that have not seen its prompt; null if there are too few prompts. */
  scores: Float32Array | null;
  /** Of each example at those scores, for a weight of 1; null as they are. */
  losses: Float64Array | null;
  /** Their weighted mean. */
  loss: number;
}

interface Candidate {
  precision: number;
  /** Held-out scores of every completion, averaged over the blocks. */
  scores: Float32Array;
  /** Biases of the raters for each held-out fold, averaged over the blocks. */
  biases: Float64Array[];
}

/** The precision whose held-out scores have the lowest loss. */
export async function choosePrecision(task: FitTask): Promise<Choice> {
  const { config, train, states, blocksAt, feedback } = task;
  const folds = foldsOf(train, config);
  // Strong priors first: each solution is the start of the next fit.
  const candidates = [...config.probe.precisions]
    .sort((a, b) => b - a)
    .map((precision) => ({
      precision,
      scores: new Float32Array(states.completions),
      biases: folds.map(() => new Float64Array(feedback.biasCount)),
    }));
  if (folds.length < 2) return { precision: candidates[0]!.precision, scores: null, losses: null, loss: 0 };
  for (const at of blocksAt) await addHeldOutScores(task, at, folds, candidates);
  const judged = candidates.map((candidate) => ({ ...candidate, ...judgeHeldOut(task, folds, candidate) }));
  return judged.reduce((best, candidate) => (candidate.loss < best.loss ? candidate : best));
}

/** Adds one block's share to the candidates' means: fits on the other folds score each fold's completions. */
async function addHeldOutScores(task: FitTask, at: number, folds: number[][], candidates: Candidate[]): Promise<void> {
  const { train, states, blocksAt, hiddenSize } = task;
  const { features } = standardisedBlock(states, at, hiddenSize);
  try {
    for (const [f, heldOut] of folds.entries()) {
      const rest = folds.flatMap((fold, i) => (i === f ? [] : fold));
      const examples = rest.map((i) => train[i]!);
      const inside = rowsOf(features, completionsAt(task, rest));
      const completions = completionsAt(task, heldOut);
      const outside = rowsOf(features, completions);
      try {
        let solution: Solution | undefined;
        for (const { precision, scores, biases } of candidates) {
          await pause(task);
          solution = fit(task, inside, examples, precision, solution);
          const own = linear(outside, solution);
          for (const [j, completion] of completions.entries()) scores[completion]! += own[j]! / blocksAt.length;
          const ofRaters = solution.subarray(features.shape[1] + 1);
          for (const [r, bias] of ofRaters.entries()) biases[f]![r]! += bias / blocksAt.length;
        }
      } finally {
        tf.dispose([inside, outside]);
      }
    }
  } finally {
    features.dispose();
  }
}

function judgeHeldOut(task: FitTask, folds: number[][], { scores, biases }: Candidate) {
  const { train, feedback, config } = task;
  const losses = new Float64Array(train.length);
  for (const [f, fold] of folds.entries()) {
    const examples = fold.map((i) => train[i]!);
    const own = Float32Array.from(completionsAt(task, fold), (completion) => scores[completion]!);
    const options = { ...feedback, biases: biases[f]!, centering: config.centering };
    for (const [j, loss] of lossOfEach(examples, own, options).entries()) losses[fold[j]!] = loss;
  }
  const sum = train.reduce((total, example, i) => total + weightIn(example) * losses[i]!, 0);
  return { losses, loss: sum / totalWeight(train) };
}

/** Places of the examples in each fold; a prompt is in only one. */
function foldsOf(train: readonly RewardExample[], { probe, seed }: FitSettings): number[][] {
  const prompts = new Rng(hash32(seed, -3)).shuffle([...new Set(train.map(promptKey))].sort());
  const foldOf = new Map(prompts.map((prompt, i) => [prompt, i % probe.folds]));
  const folds = Array.from({ length: Math.min(probe.folds, prompts.length) }, (): number[] => []);
  for (const [i, example] of train.entries()) folds[foldOf.get(promptKey(example))!]!.push(i);
  return folds;
}

const completionsAt = ({ train, states }: FitTask, places: readonly number[]): number[] =>
  places.flatMap((i) => completionsOf(train[i]!).map((_, j) => states.starts[i]! + j));

const rowsOf = (features: Tensor2D, completions: readonly number[]) =>
  tf.tidy(() => tf.gather(features, tf.tensor1d([...completions], 'int32')) as Tensor2D);
