// Trains a reward model on every kind of feedback in one likelihood, each term weighted by the trust in its rater.
//
// Ziegler et al. 2019; Stiennon et al. 2020. Left out: a learnt exchange rate between kinds of feedback, because all of
// them observe the same logit (math/loss/feedback.ts).

import type { ProbeConfig, RewardModelConfig } from '@/core/config/reward';
import type { RaterTrust } from '@/core/trust/report';
import { tf } from '@/trainer/backend';
import { holdOut } from '@/trainer/data/hold-out';
import { promptKey, type RewardExample } from '@/trainer/math/reward-examples';
import type { CompletionStates } from '@/trainer/model/answer-states';
import { type EnteringStates, keepEnteringStates } from '@/trainer/model/entering-states';
import { AdamW } from '@/trainer/model/optim';
import type { Backbone, NamedVariables } from '@/trainer/model/types';
import { fitProbes } from '@/trainer/reward/probe/fit';
import type { ProbeProgress } from '@/trainer/reward/probe/states';
import { trustOfExamples } from '@/trainer/reward/trust/trust';
import type { CheckpointStore } from '@/trainer/runs/checkpoint';
import type { Metrics } from '@/trainer/runs/store';
import { runSupervised, type SupervisedState } from '@/trainer/supervised/loop';
import { evaluateRewardModel, type RewardReport } from './evaluate';
import { readFeedback } from './feedback';
import { readGroups, refuseUnknownKey } from './groups';
import { createRewardModel, type RewardModel } from './scorer';
import { type RewardTraining, stepRewardModel } from './step';
import { limitUndecided } from './undecided';

export interface RewardModelInput {
  backbone: Backbone;
  examples: readonly RewardExample[];
  config: RewardModelConfig;
  signal: AbortSignal;
  onMetrics(stage: 'reward_model', step: number, metrics: Metrics): void;
  checkpoints: CheckpointStore<RewardTrainingState> | null;
  /** To share between several trainings on the same feedback; a new one by default. */
  states?: EnteringStates;
  completionStates?: CompletionStates;
}

export type RewardTrainingState = SupervisedState<RewardReport> | ProbeProgress;

export interface RewardModelResult {
  model: RewardModel;
  /** Held-out figures of the kept state; empty if nothing is held out. */
  metrics: Metrics;
  report: (RewardReport & { raters: RaterTrust[] | null }) | null;
}

export async function trainRewardModel(input: RewardModelInput): Promise<RewardModelResult> {
  const { probe, groupRobust } = input.config;
  if (groupRobust) refuseUnknownKey(input.examples, groupRobust);
  return probe ? trainProbes(input, probe) : trainAdapter(input);
}

async function trainProbes(input: RewardModelInput, probe: ProbeConfig): Promise<RewardModelResult> {
  const { model, evaluation, raters } = await fitProbes({
    ...input,
    config: { ...input.config, probe },
    checkpoints: input.checkpoints as CheckpointStore<ProbeProgress> | null,
    onMetrics: (step, metrics) => input.onMetrics('reward_model', step, metrics),
  });
  return { model, metrics: evaluation?.metrics ?? {}, report: evaluation && { ...evaluation.detail, raters } };
}

async function trainAdapter(given: RewardModelInput): Promise<RewardModelResult> {
  const trust = await trustOfExamples(given);
  const raters = trust?.raters ?? null;
  const input = trust ? { ...given, examples: trust.examples } : given;
  const { config, signal } = input;
  const checkpoints = input.checkpoints as CheckpointStore<SupervisedState<RewardReport>> | null;
  const training = openTraining(input);
  const { model, variables, optimiser, train, heldOut } = training;
  try {
    const state = await runSupervised<RewardExample, RewardReport>({
      train,
      config,
      variables,
      optimiser,
      signal,
      checkpoints,
      onMetrics: (step, metrics) => input.onMetrics('reward_model', step, metrics),
      step: (batch, at) => stepRewardModel(training, batch, at),
      evaluate: () => (heldOut.length ? evaluateRewardModel(training) : null),
    });
    const report = state.best?.detail ?? null;
    model.temperature = report?.temperature ?? 1;
    return { model, metrics: { ...state.best?.metrics, ...trust?.metrics }, report: report && { ...report, raters } };
  } catch (error) {
    model.dispose();
    throw error;
  } finally {
    optimiser.dispose();
    for (const name of ['rater.bias', 'group.weight']) variables.get(name)?.dispose();
  }
}

function openTraining({ config, backbone, examples, states }: RewardModelInput): RewardTraining {
  const split = holdOut(examples, promptKey, config);
  const train = limitUndecided(split.train, config);
  const heldOut = limitUndecided(split.heldOut, config);
  const feedback = readFeedback(examples, train, config);
  const firstLayer = firstAdaptedLayer(backbone.config.layers, config.adaptedShare);
  const model = createRewardModel(backbone, { ...config.lora, ...config, firstLayer });
  const variables: NamedVariables = new Map(model.reader.variables);
  if (feedback.biasCount) {
    const biases = tf.tidy(() => tf.variable(tf.zeros([feedback.biasCount])));
    variables.set('rater.bias', biases);
  }
  const objective = config.groupRobust && readGroups(train, config.groupRobust, feedback);
  if (objective) {
    const shares = tf.tidy(() => tf.variable(tf.tensor1d(objective.groups.map(({ share }) => share))));
    variables.set('group.weight', shares);
  }
  return {
    backbone,
    config,
    model,
    variables,
    objective,
    ...feedback,
    train,
    heldOut,
    states: states ?? keepEnteringStates(backbone, firstLayer, config.keptStatesBytes),
    optimiser: new AdamW({ epsilon: config.adamEpsilon, weightDecay: config.weightDecay }),
    placeOf: new Map(train.map((example, i) => [example, i])),
  };
}

/** At least one block is adapted. */
export const firstAdaptedLayer = (layers: number, share: number): number =>
  layers - Math.max(1, Math.round(layers * share));
