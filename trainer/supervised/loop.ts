// The loop of every stage that learns from a fixed set: epochs, held-out checks, the best state, bit-exact checkpoints.
import { setImmediate as yieldToEvents } from 'node:timers/promises';
import { hash32, Rng } from '@/core/rng';
import type { AdamW } from '@/trainer/model/optim';
import type { NamedVariables } from '@/trainer/model/types';
import {
  type CheckpointStore,
  type NamedTensors,
  packOptimiser,
  packVariables,
  unpackOptimiser,
  unpackVariables,
} from '@/trainer/runs/checkpoint';
import type { Metrics } from '@/trainer/runs/store';

export interface SupervisedConfig {
  epochs: number;
  batchExamples: number;
  evalsPerEpoch: number;
  patience: number;
  tokenBudget: number | null;
  checkpointEverySteps: number;
  seed: number;
}

/** Result of a held-out check; the state with the lowest `loss` is kept. */
export interface Evaluation<Detail> {
  loss: number;
  metrics: Metrics;
  /** Plain JSON in addition to the numbers. */
  detail: Detail;
}

export interface SupervisedState<Detail = unknown> {
  /** Optimiser steps, in all and in this epoch. */
  step: number;
  epoch: number;
  batch: number;
  /** Tokens forward and backward, without padding. */
  tokens: number;
  /** The best evaluation so far; null before the first one. */
  best: (Evaluation<Detail> & { step: number }) | null;
  /** Evaluations since then. */
  stale: number;
  done: boolean;
}

export interface SupervisedStage<Example, Detail> {
  train: readonly Example[];
  config: SupervisedConfig;
  variables: NamedVariables;
  optimiser: AdamW;
  signal: AbortSignal;
  checkpoints: CheckpointStore<SupervisedState<Detail>> | null;
  onMetrics(step: number, metrics: Metrics): void;
  /** One optimiser step on one batch. */
  step(batch: Example[], at: { step: number; totalSteps: number }): Promise<{ metrics: Metrics; tokens: number }>;
  /** Null if nothing is held out: then the last state is kept. */
  evaluate(): Evaluation<Detail> | null;
}

/** Leaves the kept state in the variables and returns the state at the end of training. */
export async function runSupervised<Example, Detail>(
  stage: SupervisedStage<Example, Detail>,
): Promise<SupervisedState<Detail>> {
  const { config, train, variables, optimiser } = stage;
  const { state, best } = await open(stage);
  let kept = best;
  const perEpoch = Math.ceil(train.length / config.batchExamples);
  const totalSteps = perEpoch * config.epochs;
  const evalEvery = Math.max(1, Math.floor(perEpoch / config.evalsPerEpoch));
  while (!state.done) {
    await yieldToEvents(); // native steps block the event loop; heartbeat and cancellation run between them
    stage.signal.throwIfAborted();
    const order = new Rng(hash32(config.seed, state.epoch)).shuffle(train);
    const from = state.batch * config.batchExamples;
    const batch = order.slice(from, from + config.batchExamples);
    const { metrics, tokens } = await stage.step(batch, { step: state.step, totalSteps });
    state.tokens += tokens;
    stage.onMetrics(state.step, { ...metrics, num_tokens: state.tokens });
    state.step++;
    state.batch++;
    if (state.batch === perEpoch) {
      state.epoch++;
      state.batch = 0;
    }
    const isSpent = config.tokenBudget !== null && state.tokens >= config.tokenBudget;
    state.done = state.epoch >= config.epochs || isSpent;
    if ((state.done || state.batch === 0 || state.batch % evalEvery === 0) && evaluate(stage, state)) {
      kept = packVariables('best', variables);
    }
    if (state.done || state.step % config.checkpointEverySteps === 0) {
      const tensors = new Map([...packVariables('now', variables), ...packOptimiser(optimiser), ...kept]);
      await stage.checkpoints?.write({ state, tensors });
    }
  }
  unpackVariables('best', variables, kept);
  return state;
}

async function open<Example, Detail>({ checkpoints, variables, optimiser }: SupervisedStage<Example, Detail>) {
  const fresh = { step: 0, epoch: 0, batch: 0, tokens: 0, best: null, stale: 0, done: false };
  const saved = await checkpoints?.read();
  if (!saved) return { state: fresh as SupervisedState<Detail>, best: packVariables('best', variables) };
  unpackVariables('now', variables, saved.tensors);
  unpackOptimiser(optimiser, variables, saved.tensors);
  const best: NamedTensors = new Map([...saved.tensors].filter(([name]) => name.startsWith('best.')));
  return { state: saved.state, best };
}

/** True if the current state is the one to keep; ends the training when the loss has stopped improving. */
function evaluate<Example, Detail>(
  { evaluate, onMetrics, config }: SupervisedStage<Example, Detail>,
  state: SupervisedState<Detail>,
): boolean {
  const evaluation = evaluate();
  if (!evaluation) return true;
  onMetrics(state.step, evaluation.metrics);
  if (!state.best || evaluation.loss < state.best.loss) {
    state.best = { step: state.step, ...evaluation };
    state.stale = 0;
    return true;
  }
  state.stale++;
  if (state.stale >= config.patience) state.done = true;
  return false;
}
