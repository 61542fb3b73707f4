// A reward model in memory: the trunk with a LoRA of its own, a scalar head on an answer's last token, a normalisation.
import { AttuneError } from '@/core/errors';
import { Rng } from '@/core/rng';
import { tf } from '@/trainer/backend';
import { moments } from './advantage';
import { type Checkpoint, packVariables, unpackVariables } from './checkpoint';
import type { Reward } from './experience';
import { packByLength } from './micro-batch';
import type { EnteringStates } from './model/entering-states';
import { createScalarHead, type ScalarHead } from './model/heads';
import { createLora } from './model/lora';
import { type AnswerGroup, packAnswers } from './model/packing';
import type { Lora, NamedVariables, Trunk } from './model/types';
import type { Answer } from './response';
import { fitGroup, groupSize } from './reward-rows';

/** Everything but tensors that brings a saved reward model back. */
export interface RewardModelState {
  rank: number;
  alpha: number;
  /** Block from which on the adapter has pairs. */
  firstLayer: number;
  maxTokens: number;
  /** Heads of the ensemble, and how many of their deviations are taken off their mean. */
  heads: number;
  uncertaintyPenalty: number;
  gain: number;
  bias: number;
  temperature: number;
}

export interface RewardModel extends Reward {
  readonly lora: Lora;
  /** One, or an ensemble on the same trunk. */
  readonly heads: readonly ScalarHead[];
  readonly variables: NamedVariables;
  readonly uncertaintyPenalty: number;
  /** A normalised score is gain * (mean - penalty * deviation) + bias. */
  gain: number;
  bias: number;
  /** p(one answer beats another) = sigmoid(difference of raw scores / temperature). */
  temperature: number;
  readonly maxTokens: number;
  /** The mean of the heads, as trained: differences are logits of winning. */
  rawScores(answers: readonly Answer[]): number[];
  /** By head, then by answer: group after group, behind one copy of each prompt. `states` saves the blocks below the adapter. */
  headScores(groups: readonly AnswerGroup[], states?: EnteringStates): Float32Array[];
  dispose(): void;
}

interface RewardModelOptions extends Partial<RewardModelState> {
  rank: number;
  alpha: number;
  maxTokens: number;
  headInit?: 'zero' | 'normal';
  /** Padded tokens of one forward pass. */
  microBatchTokens: number;
  seed: number;
}

export function createRewardModel(trunk: Trunk, options: RewardModelOptions): RewardModel {
  const rng = new Rng(options.seed);
  const { rank, alpha, firstLayer = 0 } = options;
  const lora = createLora(trunk.config, { rank, alpha, firstLayer, rng });
  const { hiddenSize } = trunk.config;
  const { headInit: init = 'zero', heads: count = 1, uncertaintyPenalty = 0 } = options;
  const heads = Array.from({ length: count }, (_, i) =>
    createScalarHead({ name: headName(i), hiddenSize, init, layerNorm: true, rng }),
  );
  const { maxTokens, microBatchTokens } = options;
  const model: RewardModel = {
    lora,
    heads,
    variables: new Map([...lora.variables, ...heads.flatMap((head) => [...head.variables])]),
    uncertaintyPenalty,
    gain: options.gain ?? 1,
    bias: options.bias ?? 0,
    temperature: options.temperature ?? 1,
    maxTokens,
    headScores(groups, states) {
      const fitted = groups.map((group) => fitGroup(group, maxTokens));
      const starts: number[] = [];
      let count = 0;
      for (const { answers } of groups) {
        starts.push(count);
        count += answers.length;
      }
      const scores = heads.map(() => new Float32Array(count));
      for (const part of packByLength(fitted.map(groupSize), microBatchTokens)) {
        const { batch, last } = packAnswers(part.map((i) => fitted[i]!));
        const places = part.flatMap((i) => fitted[i]!.answers.map((_, j) => starts[i]! + j));
        tf.tidy(() => {
          const hidden = trunk.hidden(batch, lora, states?.of(batch)); // [B, T, H]
          for (const [h, head] of heads.entries()) {
            const values = head.values(hidden, last);
            places.forEach((place, j) => {
              scores[h]![place] = values[j]!;
            });
          }
        });
      }
      return scores;
    },
    rawScores: (answers) => Array.from(meanOfHeads(model.headScores(answers.map(alone)))),
    score: (answers) => penalisedScores(model, answers).map((raw) => model.gain * raw + model.bias),
    dispose() {
      lora.dispose();
      for (const head of heads) head.dispose();
    },
  };
  return model;
}

const headName = (index: number) => (index === 0 ? 'reward' : `reward.${index}`);

export const meanOfHeads = (scores: readonly Float32Array[]): Float32Array =>
  scores[0]!.map((_, i) => scores.reduce((sum, own) => sum + own[i]!, 0) / scores.length);

/** What an ensemble disagrees about is worth less: mean - penalty * deviation over the heads (Coste et al. 2024). */
function penalisedScores(model: RewardModel, answers: readonly Answer[]): number[] {
  const scores = model.headScores(answers.map(alone));
  const means = meanOfHeads(scores);
  return Array.from(means, (mean, i) => {
    const variance = scores.reduce((sum, own) => sum + (own[i]! - mean) ** 2, 0) / scores.length;
    return mean - model.uncertaintyPenalty * Math.sqrt(variance);
  });
}

const alone = ({ promptIds, answerIds }: Answer): AnswerGroup => ({ promptIds, answers: [answerIds] });

/** Brings the scores of fresh policy samples, not of labelled answers, to mean 0 and deviation 1 (Ziegler et al. 2019). */
export function normaliseReward(model: RewardModel, samples: readonly Answer[]): { mean: number; deviation: number } {
  const { mean, variance } = moments([penalisedScores(model, samples)]);
  const deviation = Math.sqrt(variance);
  if (!(deviation > 1e-6)) {
    throw new AttuneError(
      'INTERNAL',
      `The reward model gives ${samples.length} samples the same score (deviation ${deviation}). Collect more feedback first.`,
    );
  }
  model.gain = 1 / deviation;
  model.bias = -mean / deviation;
  return { mean, deviation };
}

export function packRewardModel(model: RewardModel): Checkpoint<RewardModelState> {
  const { lora, heads, gain, bias, temperature, uncertaintyPenalty, maxTokens } = model;
  const { rank, alpha, firstLayer } = lora;
  const state = {
    rank,
    alpha,
    firstLayer,
    maxTokens,
    heads: heads.length,
    uncertaintyPenalty,
    gain,
    bias,
    temperature,
  };
  return { state, tensors: packVariables('reward-model', model.variables) };
}

export function unpackRewardModel(
  trunk: Trunk,
  { state, tensors }: Checkpoint<RewardModelState>,
  microBatchTokens: number,
): RewardModel {
  const model = createRewardModel(trunk, { ...state, microBatchTokens, seed: 0 });
  unpackVariables('reward-model', model.variables, tensors);
  return model;
}
