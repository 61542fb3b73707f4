// Trains a reward model on every kind of feedback in one likelihood, each term weighted by the trust in its rater.
//
// Ziegler et al. 2019; Stiennon et al. 2020. Left out: a learnt exchange rate between kinds of feedback, since all of them
// observe the same logit (feedback-loss.ts).
import { AttuneError } from '@/core/errors';
import { tf } from '@/trainer/backend';
import type { CheckpointStore } from './checkpoint';
import type { RewardModelConfig } from './config';
import { type EnteringStates, keepEnteringStates } from './model/entering-states';
import type { NamedVariables, Trunk } from './model/types';
import { AdamW } from './optim';
import type { Metrics } from './ppo-metrics';
import { fitRatingScales } from './rating-scale';
import { evaluateRewardModel, type RewardReport } from './reward-evaluation';
import type { RewardExample } from './reward-examples';
import { lengthRule, scoredPairs } from './reward-metrics';
import { createRewardModel, type RewardModel } from './reward-scorer';
import { limitUndecided, splitByPrompt } from './reward-split';
import { type RewardTraining, stepRewardModel } from './reward-step';
import { runSupervised, type SupervisedState } from './supervised';

export interface RewardModelInput {
  trunk: Trunk;
  examples: readonly RewardExample[];
  config: RewardModelConfig;
  signal: AbortSignal;
  onMetrics(stage: 'reward_model', step: number, metrics: Metrics): void;
  checkpoints: CheckpointStore<RewardTrainingState> | null;
  /** Shared by several trainings on the same feedback; one of its own where it is not given. */
  states?: EnteringStates;
}

export type RewardTrainingState = SupervisedState<RewardReport>;

export interface RewardModelResult {
  model: RewardModel;
  /** Held-out figures of the kept state; empty where nothing is held out. */
  metrics: Metrics;
  report: RewardReport | null;
}

export async function trainRewardModel(input: RewardModelInput): Promise<RewardModelResult> {
  const { config, signal, checkpoints } = input;
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
    return { model, metrics: state.best?.metrics ?? {}, report };
  } catch (error) {
    model.dispose();
    throw error;
  } finally {
    optimiser.dispose();
    variables.get('rater.bias')?.dispose();
  }
}

function openTraining({ config, trunk, examples, states }: RewardModelInput): RewardTraining {
  const split = splitByPrompt(examples, config);
  const train = limitUndecided(split.train, config);
  const heldOut = limitUndecided(split.heldOut, config);
  if (train.length === 0) {
    throw new AttuneError(
      'BAD_INPUT',
      'There is no feedback to train a reward model on. Collect comparisons or thumbs.',
    );
  }
  const thumbs = examples.filter((example) => example.kind === 'thumb');
  const raters = new Map([...new Set(thumbs.map(({ rater }) => rater))].map((rater, i) => [rater, i]));
  const rated = train.filter((example) => example.kind === 'rating' || example.kind === 'questionnaire');
  const firstLayer = firstAdaptedLayer(trunk.config.layers, config.adaptedShare);
  const model = createRewardModel(trunk, { ...config.lora, ...config, firstLayer });
  const variables: NamedVariables = new Map(model.variables);
  if (raters.size) {
    const biases = tf.tidy(() => tf.variable(tf.zeros([raters.size])));
    variables.set('rater.bias', biases);
  }
  return {
    trunk,
    config,
    model,
    variables,
    raters,
    train,
    heldOut,
    states: states ?? keepEnteringStates(trunk, firstLayer, config.keptStatesBytes),
    optimiser: new AdamW({ epsilon: config.adamEpsilon, weightDecay: config.weightDecay }),
    scales: fitRatingScales(rated, config.ratingShrinkage),
    lengthRule: lengthRule(scoredPairs(train.map((example) => ({ example, scores: [] })))),
    placeOf: new Map(train.map((example, i) => [example, i])),
  };
}

/** At least one block is adapted. */
export const firstAdaptedLayer = (layers: number, share: number): number =>
  layers - Math.max(1, Math.round(layers * share));
