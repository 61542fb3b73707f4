// Trains a reward model on comparisons and thumbs in one likelihood, every term weighted by the trust in its rater.
//
// Bradley-Terry with ties as half-wins, both-bad with two thumbs down, thumbs as logistic terms with a bias per rater
// (Christiano et al. 2017; Ziegler et al. 2019). Left out: ratings as numbers, which come in as comparisons and thumbs.
import { setImmediate as yieldToEvents } from 'node:timers/promises';
import { AttuneError } from '@/core/errors';
import { hash32, Rng } from '@/core/rng';
import { tf } from '@/trainer/backend';
import {
  type CheckpointStore,
  type NamedTensors,
  packOptimiser,
  packVariables,
  unpackOptimiser,
  unpackVariables,
} from './checkpoint';
import type { RewardModelConfig } from './config';
import { bradleyTerryLoss, type Outcome, thumbLoss } from './loss';
import { packByLength } from './micro-batch';
import type { NamedGradients, NamedVariables, Trunk } from './model/types';
import { AdamW, addGradients, clipByGlobalNorm, disposeGradients, learningRateAt } from './optim';
import type { Metrics } from './ppo-metrics';
import { lengthBaseline, lengthRule, measurePairs, type ScoredPair } from './reward-metrics';
import { createRewardModel, fitRow, lastPositions, type RewardModel } from './reward-scorer';

export interface Comparison {
  kind: 'comparison';
  promptIds: Int32Array;
  /** In a tie or where both are bad, either order. The end token belongs to an answer that ended. */
  chosenIds: Int32Array;
  rejectedIds: Int32Array;
  outcome: Outcome;
  /** Logits by which the winner should lead; 0 as a rule. */
  margin: number;
  /** Trust in the rater, 0 to 1. */
  weight: number;
}

export interface Thumb {
  kind: 'thumb';
  promptIds: Int32Array;
  answerIds: Int32Array;
  up: boolean;
  rater: string;
  weight: number;
}
export type RewardExample = Comparison | Thumb;

export interface RewardModelInput {
  trunk: Trunk;
  examples: readonly RewardExample[];
  config: RewardModelConfig;
  signal: AbortSignal;
  onMetrics(stage: 'reward_model', step: number, metrics: Metrics): void;
  checkpoints: CheckpointStore<RewardTrainingState> | null;
}

export interface RewardTrainingState {
  /** Optimiser steps, in all and in this epoch. */
  step: number;
  epoch: number;
  batch: number;
  /** Tokens forward and backward, padding aside. */
  tokens: number;
  /** Of the best held-out loss so far; null before the first evaluation. */
  best: { step: number; loss: number; metrics: Metrics } | null;
  /** Evaluations since then. */
  stale: number;
  done: boolean;
}

export interface RewardModelResult {
  model: RewardModel;
  /** Held-out figures of the kept state; empty where nothing is held out. */
  metrics: Metrics;
}

interface Training {
  input: RewardModelInput;
  model: RewardModel;
  variables: NamedVariables;
  optimiser: AdamW;
  raters: Map<string, number>;
  train: RewardExample[];
  heldOut: RewardExample[];
  state: RewardTrainingState;
  best: NamedTensors;
}

export async function trainRewardModel(input: RewardModelInput): Promise<RewardModelResult> {
  const training = await openTraining(input);
  const { config } = input;
  const { state, train, model, optimiser } = training;
  try {
    const perEpoch = Math.ceil(train.length / config.batchExamples);
    const evalEvery = Math.max(1, Math.floor(perEpoch / config.evalsPerEpoch));
    while (!state.done) {
      await yieldToEvents(); // native steps hold the event loop; heartbeat and cancellation go between them
      input.signal.throwIfAborted();
      const order = new Rng(hash32(config.seed, state.epoch)).shuffle(train);
      const from = state.batch * config.batchExamples;
      const metrics = await step(training, order.slice(from, from + config.batchExamples), perEpoch * config.epochs);
      input.onMetrics('reward_model', state.step, metrics);
      state.step++;
      state.batch++;
      if (state.batch === perEpoch) {
        state.epoch++;
        state.batch = 0;
      }
      const isSpent = config.tokenBudget !== null && state.tokens >= config.tokenBudget;
      state.done = state.epoch >= config.epochs || isSpent;
      if (state.done || state.batch === 0 || state.batch % evalEvery === 0) evaluate(training);
      if (state.done || state.step % config.checkpointEverySteps === 0) await save(training);
    }
    unpackVariables('best', training.variables, training.best);
    return { model, metrics: state.best?.metrics ?? {} };
  } catch (error) {
    model.dispose();
    throw error;
  } finally {
    optimiser.dispose();
    training.variables.get('rater.bias')?.dispose();
  }
}

async function openTraining(input: RewardModelInput): Promise<Training> {
  const { config, trunk, examples } = input;
  const split = splitByPrompt(examples, config);
  const train = limitUndecided(split.train, config);
  const heldOut = limitUndecided(split.heldOut, config);
  if (train.length === 0) {
    throw new AttuneError(
      'BAD_INPUT',
      'There is no feedback to train a reward model on. Collect comparisons or thumbs.',
    );
  }
  const raters = new Map<string, number>();
  for (const example of examples) {
    if (example.kind === 'thumb' && !raters.has(example.rater)) raters.set(example.rater, raters.size);
  }
  const model = createRewardModel(trunk, { ...config.lora, ...config });
  const variables: NamedVariables = new Map(model.variables);
  if (raters.size)
    variables.set(
      'rater.bias',
      tf.tidy(() => tf.variable(tf.zeros([raters.size]))),
    );
  const optimiser = new AdamW({ epsilon: config.adamEpsilon, weightDecay: config.weightDecay });
  const fresh: RewardTrainingState = { step: 0, epoch: 0, batch: 0, tokens: 0, best: null, stale: 0, done: false };
  const training = { input, model, variables, optimiser, raters, train, heldOut, state: fresh };
  const saved = await input.checkpoints?.read();
  if (!saved) return { ...training, best: packVariables('best', variables) };
  unpackVariables('now', variables, saved.tensors);
  unpackOptimiser(optimiser, variables, saved.tensors);
  const best = new Map([...saved.tensors].filter(([name]) => name.startsWith('best.')));
  return { ...training, state: saved.state, best };
}

async function save({ input, variables, optimiser, state, best }: Training): Promise<void> {
  const tensors = new Map([...packVariables('now', variables), ...packOptimiser(optimiser), ...best]);
  await input.checkpoints?.write({ state, tensors });
}

/** Every example of a prompt is on one side: an answer must not be judged by its own siblings. */
export function splitByPrompt(
  examples: readonly RewardExample[],
  { evalShare, seed }: Pick<RewardModelConfig, 'evalShare' | 'seed'>,
): { train: RewardExample[]; heldOut: RewardExample[] } {
  const keyOf = (example: RewardExample) => example.promptIds.join(',');
  const prompts = new Rng(hash32(seed, -1)).shuffle([...new Set(examples.map(keyOf))]);
  const held = new Set(prompts.slice(0, Math.floor(prompts.length * evalShare)));
  return {
    train: examples.filter((example) => !held.has(keyOf(example))),
    heldOut: examples.filter((example) => held.has(keyOf(example))),
  };
}

/** Drops undecided comparisons, chosen by the seed, beyond their share; where nothing is decided all of them stay. */
export function limitUndecided(
  train: RewardExample[],
  { undecidedPerDecided, seed }: Pick<RewardModelConfig, 'undecidedPerDecided' | 'seed'>,
): RewardExample[] {
  const isUndecided = (example: RewardExample) => example.kind === 'comparison' && example.outcome !== 'chosen';
  const undecided = train.filter(isUndecided);
  const decided = train.length - undecided.length;
  if (undecidedPerDecided === null || decided === 0) return train;
  const most = Math.ceil(undecidedPerDecided * decided);
  const kept = new Set(new Rng(hash32(seed, -2)).shuffle(undecided).slice(0, most));
  return train.filter((example) => !isUndecided(example) || kept.has(example));
}

const answersOf = (example: RewardExample) =>
  example.kind === 'comparison' ? [example.chosenIds, example.rejectedIds] : [example.answerIds];

/** The loss of some examples given one score for each answer, in order; normalised by the weight of the whole batch. */
function lossOf(
  examples: readonly RewardExample[],
  scores: Float32Array,
  biases: Float32Array,
  t: Training,
  norm: number,
) {
  const gradient = new Float32Array(scores.length);
  const pairs: Comparison[] = [];
  const thumbs: { up: boolean; weight: number; rater: number }[] = [];
  const at: { pairs: number[]; thumbs: number[] } = { pairs: [], thumbs: [] };
  let next = 0;
  for (const example of examples) {
    if (example.kind === 'comparison') {
      pairs.push(example);
      at.pairs.push(next++, next++);
    } else {
      thumbs.push({ ...example, rater: t.raters.get(example.rater)! });
      at.thumbs.push(next++);
    }
  }
  const pick = (indexes: number[]) => indexes.map((i) => scores[i]!);
  const { centering } = t.input.config;
  const byPair = bradleyTerryLoss(pick(at.pairs), pairs, { centering, normaliser: norm });
  const byThumb = thumbLoss(pick(at.thumbs), thumbs, biases, norm);
  at.pairs.forEach((i, j) => {
    gradient[i] = byPair.gradient[j]!;
  });
  at.thumbs.forEach((i, j) => {
    gradient[i] = byThumb.gradient[j]!;
  });
  return { loss: byPair.loss + byThumb.loss, gradient, biasGradient: byThumb.biasGradient };
}

async function step(t: Training, batch: RewardExample[], totalSteps: number): Promise<Metrics> {
  const { config, trunk } = t.input;
  const { model, state, variables } = t;
  const norm = batch.reduce((sum, { weight }) => sum + weight, 0) || 1;
  const totalWeight = t.train.reduce((sum, { weight }) => sum + weight, 0) || 1;
  const biases = (variables.get('rater.bias')?.dataSync() ?? new Float32Array(0)) as Float32Array;
  const gradients: NamedGradients = new Map();
  const scored: { example: RewardExample; scores: number[] }[] = [];
  let loss = 0;
  const rows = batch.map((example) =>
    answersOf(example).map((answerIds) => fitRow({ promptIds: example.promptIds, answerIds }, config.maxTokens)),
  );
  const longest = rows.map((own) => Math.max(...own.map((row) => row.length)));
  for (const group of packByLength(longest, config.microBatchTokens, (i) => rows[i]!.length)) {
    await yieldToEvents();
    const examples = group.map((i) => batch[i]!);
    const ids = group.flatMap((i) => rows[i]!);
    const result = trunk.backward({ ids }, model.lora, (hidden) => {
      let biasGradient = new Float32Array(0);
      const head = model.head.loss(hidden, lastPositions(ids), (scores) => {
        const part = lossOf(examples, scores, biases, t, norm);
        biasGradient = Float32Array.from(part.biasGradient);
        let next = 0;
        for (const example of examples) {
          scored.push({ example, scores: answersOf(example).map(() => scores[next++]!) });
        }
        return { loss: part.loss, dValues: part.gradient };
      });
      if (biasGradient.length) head.gradients.set('rater.bias', tf.tensor1d(biasGradient));
      return head;
    });
    loss += result.loss;
    state.tokens += ids.reduce((sum, row) => sum + row.length, 0);
    addGradients(gradients, result.gradients);
  }
  if (biases.length) {
    const prior = tf.tensor1d(biases.map((bias) => (config.raterBiasRidge * bias) / totalWeight));
    addGradients(gradients, new Map([['rater.bias', prior]]));
  }
  const { warmupSteps } = config;
  const schedule = { kind: 'cosine' as const, lr: 1, warmupSteps, totalSteps, finalRatio: 0.1 };
  const factor = learningRateAt(schedule, state.step);
  const gradNorm = clipByGlobalNorm(gradients, config.maxGradNorm);
  t.optimiser.step(variables, gradients, (name) => factor * learningRateOf(name, config));
  disposeGradients(gradients);
  const rewards = scored.flatMap(({ scores }) => scores);
  const decided = scoredPairs(scored);
  const { accuracy, margin } = measurePairs(decided);
  return {
    loss,
    ...(decided.length ? { accuracy, margin } : {}),
    min_reward: Math.min(...rewards),
    mean_reward: rewards.reduce((a, b) => a + b, 0) / rewards.length,
    max_reward: Math.max(...rewards),
    num_tokens: state.tokens,
    learning_rate: factor * config.learningRate,
    grad_norm: gradNorm,
  };
}

const learningRateOf = (name: string, config: RewardModelConfig) =>
  name === 'rater.bias'
    ? config.raterLearningRate
    : name.startsWith('reward.')
      ? config.headLearningRate
      : config.learningRate;

function scoredPairs(scored: readonly { example: RewardExample; scores: number[] }[]): ScoredPair[] {
  return scored.flatMap(({ example, scores }) =>
    example.kind === 'comparison' && example.outcome === 'chosen'
      ? [
          {
            chosen: scores[0]!,
            rejected: scores[1]!,
            chosenLength: example.chosenIds.length,
            rejectedLength: example.rejectedIds.length,
          },
        ]
      : [],
  );
}

/** Scores the held-out part, keeps the best state, and ends the training when it has stopped getting better. */
function evaluate(t: Training): void {
  const { state, heldOut, model, variables, input } = t;
  if (heldOut.length === 0) {
    t.best = packVariables('best', variables);
    return;
  }
  const answers = heldOut.flatMap((example) =>
    answersOf(example).map((answerIds) => ({ promptIds: example.promptIds, answerIds })),
  );
  const scores = Float32Array.from(model.rawScores(answers));
  let next = 0;
  const scored = heldOut.map((example) => ({ example, scores: answersOf(example).map(() => scores[next++]!) }));
  const biases = (variables.get('rater.bias')?.dataSync() ?? new Float32Array(0)) as Float32Array;
  const norm = heldOut.reduce((sum, { weight }) => sum + weight, 0) || 1;
  const { loss } = lossOf(heldOut, scores, biases, t, norm);
  const decided = scoredPairs(scored);
  const rule = lengthRule(scoredPairs(t.train.map((example) => ({ example, scores: [0, 0] }))));
  const { accuracy, margin, ece } = measurePairs(decided);
  const metrics: Metrics = {
    eval_loss: loss,
    eval_examples: heldOut.length,
    ...(decided.length
      ? {
          eval_accuracy: accuracy,
          eval_margin: margin,
          eval_ece: ece,
          eval_length_baseline_accuracy: lengthBaseline(decided, rule),
        }
      : {}),
  };
  input.onMetrics('reward_model', state.step, metrics);
  if (!state.best || loss < state.best.loss) {
    state.best = { step: state.step, loss, metrics };
    state.stale = 0;
    t.best = packVariables('best', variables);
  } else {
    state.stale++;
    if (state.stale >= input.config.patience) state.done = true;
  }
}
