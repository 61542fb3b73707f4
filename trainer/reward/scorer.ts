// A reward model in memory: the reader of raw scores, and the scale that brings them to mean 0 and deviation 1.
import { AttuneError } from '@/core/errors';
import { moments } from '@/trainer/math/advantages';
import { computeCompletionStates } from '@/trainer/model/answer-states';
import type { EnteringStates } from '@/trainer/model/entering-states';
import type { CompletionGroup } from '@/trainer/model/packing';
import type { Backbone } from '@/trainer/model/types';
import type { Reward } from '@/trainer/policy/experience';
import { createProbeReader, unpackProbes } from '@/trainer/reward/probe/probe';
import { type Checkpoint, unpackVariables } from '@/trainer/runs/checkpoint';
import type { Completion } from '@/trainer/sampling/completion-logprobs';
import { type AdapterReader, type AdapterReaderOptions, createAdapterReader } from './adapter';
import type { ReaderState, RewardReader } from './reader';
import { fitGroup } from './rows';

export interface RewardScale {
  maxTokens: number;
  /** How many standard deviations of the heads are subtracted from their mean. */
  uncertaintyPenalty: number;
  /** A normalised score is gain * (mean - penalty * deviation) + bias. */
  gain: number;
  bias: number;
  /** p(one completion beats another) = sigmoid(difference of raw scores / temperature). */
  temperature: number;
}

/** Everything except tensors that is needed to restore a saved reward model. */
export type RewardModelState = RewardScale & { reader: ReaderState };

export interface RewardModel<Reader extends RewardReader = RewardReader> extends Reward, RewardScale {
  readonly reader: Reader;
  /** The mean of the heads, as trained: differences are logits of winning. */
  rawScores(completions: readonly Completion[]): number[];
  /** As the reader's, for groups of any length. */
  headScores(groups: readonly CompletionGroup[], states?: EnteringStates): Float32Array[];
  dispose(): void;
}

export type ScaleOptions = Partial<RewardScale> & Pick<RewardScale, 'maxTokens'>;

export function createRewardModel(
  backbone: Backbone,
  options: AdapterReaderOptions & ScaleOptions,
): RewardModel<AdapterReader> {
  return scaled(createAdapterReader(backbone, options), options);
}

export function scaled<Reader extends RewardReader>(reader: Reader, scale: ScaleOptions): RewardModel<Reader> {
  const { maxTokens, uncertaintyPenalty = 0, gain = 1, bias = 0, temperature = 1 } = scale;
  const model: RewardModel<Reader> = {
    ...{ reader, maxTokens, uncertaintyPenalty, gain, bias, temperature },
    headScores: (groups, states) =>
      reader.headScores(
        groups.map((group) => fitGroup(group, maxTokens)),
        states,
      ),
    rawScores: (completions) => Array.from(meanOfHeads(model.headScores(completions.map(alone)))),
    score: (completions) => penalisedScores(model, completions).map((raw) => model.gain * raw + model.bias),
    dispose: () => reader.dispose(),
  };
  return model;
}

export const meanOfHeads = (scores: readonly Float32Array[]): Float32Array =>
  scores[0]!.map((_, i) => scores.reduce((sum, own) => sum + own[i]!, 0) / scores.length);

/**
 * A completion that the ensemble disagrees about scores less: mean - penalty * deviation over heads (Coste et al.
 * 2024).
 */
function penalisedScores(model: RewardModel, completions: readonly Completion[]): number[] {
  const scores = model.headScores(completions.map(alone));
  const means = meanOfHeads(scores);
  return Array.from(means, (mean, i) => {
    const variance = scores.reduce((sum, own) => sum + (own[i]! - mean) ** 2, 0) / scores.length;
    return mean - model.uncertaintyPenalty * Math.sqrt(variance);
  });
}

const alone = ({ promptIds, completionIds }: Completion): CompletionGroup => ({
  promptIds,
  completions: [completionIds],
});

/** Brings the scores of fresh policy samples, not of labelled ones, to mean 0 and deviation 1 (Ziegler et al. 2019). */
export function normaliseReward(
  model: RewardModel,
  samples: readonly Completion[],
): { mean: number; deviation: number } {
  const { mean, variance } = moments([penalisedScores(model, samples)]);
  const deviation = Math.sqrt(variance);
  if (!(deviation > 1e-6)) {
    throw new AttuneError(
      'INTERNAL',
      `The reward model gives all ${samples.length} samples the same score (deviation ${deviation}). Collect more feedback first.`,
    );
  }
  model.gain = 1 / deviation;
  model.bias = -mean / deviation;
  return { mean, deviation };
}

export function packRewardModel(model: RewardModel): Checkpoint<RewardModelState> {
  const { reader, maxTokens, uncertaintyPenalty, gain, bias, temperature } = model;
  const state = { reader: reader.state, maxTokens, uncertaintyPenalty, gain, bias, temperature };
  return { state, tensors: reader.tensors() };
}

export function unpackRewardModel(
  backbone: Backbone,
  { state, tensors }: Checkpoint<RewardModelState>,
  microBatchTokens: number,
): RewardModel {
  const { reader, ...scale } = state;
  if (!reader) {
    throw new AttuneError(
      'CORRUPT',
      "The run's reward model was saved by another release of Attune. Start a new run, or remove reward.json in its folder to train it again.",
    );
  }
  if (reader.kind === 'probe') {
    const states = computeCompletionStates(backbone, reader.blocks);
    return scaled(createProbeReader(states, unpackProbes(reader.blocks, tensors), microBatchTokens), scale);
  }
  const model = createRewardModel(backbone, { ...reader, ...scale, microBatchTokens, seed: 0 });
  unpackVariables('reward-model', model.reader.variables, tensors);
  return model;
}
