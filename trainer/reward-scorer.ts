// A reward model in memory: the trunk with a LoRA of its own, a scalar head on an answer's last token, a normalisation.
import { AttuneError } from '@/core/errors';
import { Rng } from '@/core/rng';
import { tf } from '@/trainer/backend';
import { moments } from './advantage';
import { type Checkpoint, packVariables, unpackVariables } from './checkpoint';
import type { Reward } from './experience';
import { packByLength } from './micro-batch';
import { createScalarHead, type ScalarHead } from './model/heads';
import { createLora } from './model/lora';
import type { HiddenPositions } from './model/positions';
import type { Lora, NamedVariables, Trunk } from './model/types';
import { type Answer, joinAnswer } from './response';

/** Everything but tensors that brings a saved reward model back. */
export interface RewardModelState {
  rank: number;
  alpha: number;
  maxTokens: number;
  gain: number;
  bias: number;
}

export interface RewardModel extends Reward {
  readonly lora: Lora;
  readonly head: ScalarHead;
  readonly variables: NamedVariables;
  /** A normalised score is gain * raw + bias. */
  gain: number;
  bias: number;
  readonly maxTokens: number;
  /** Scores as trained: differences are logits of winning. */
  rawScores(answers: readonly Answer[]): number[];
  dispose(): void;
}

interface RewardModelOptions extends Partial<RewardModelState> {
  rank: number;
  alpha: number;
  maxTokens: number;
  /** Padded tokens of one forward pass. */
  microBatchTokens: number;
  seed: number;
}

/** The head starts at zero: a few hundred votes must not fight a random direction of 576 dimensions. */
export function createRewardModel(trunk: Trunk, options: RewardModelOptions): RewardModel {
  const rng = new Rng(options.seed);
  const lora = createLora(trunk.config, { rank: options.rank, alpha: options.alpha, rng });
  const { hiddenSize } = trunk.config;
  const head = createScalarHead({ name: 'reward', hiddenSize, init: 'zero', layerNorm: true, rng });
  const { maxTokens, microBatchTokens } = options;
  const model: RewardModel = {
    lora,
    head,
    variables: new Map([...lora.variables, ...head.variables]),
    gain: options.gain ?? 1,
    bias: options.bias ?? 0,
    maxTokens,
    rawScores(answers) {
      const scores: number[] = new Array(answers.length);
      const rows = answers.map((answer) => fitRow(answer, maxTokens));
      for (const group of packByLength(
        rows.map((row) => row.length),
        microBatchTokens,
      )) {
        const ids = group.map((i) => rows[i]!);
        const values = tf.tidy(() => head.values(trunk.hidden({ ids }, lora), lastPositions(ids)));
        group.forEach((i, j) => {
          scores[i] = values[j]!;
        });
      }
      return scores;
    },
    score: (answers) => model.rawScores(answers).map((raw) => model.gain * raw + model.bias),
    dispose() {
      lora.dispose();
      head.dispose();
    },
  };
  return model;
}

/** Prompt and answer as one row; what is too long loses the start of its prompt, since the end of the answer is scored. */
export function fitRow(answer: Answer, maxTokens: number): Int32Array {
  const ids = joinAnswer(answer);
  return ids.length <= maxTokens ? ids : ids.slice(ids.length - maxTokens);
}

/** The end token of an answer that ended, else its last token: so the score sees whether it ended. */
export const lastPositions = (rows: readonly Int32Array[]): HiddenPositions => ({
  row: Int32Array.from(rows.keys()),
  position: Int32Array.from(rows.map((row) => row.length - 1)),
});

/** Brings the scores of fresh policy samples, not of labelled answers, to mean 0 and deviation 1 (Ziegler et al. 2019). */
export function normaliseReward(model: RewardModel, samples: readonly Answer[]): { mean: number; deviation: number } {
  const { mean, variance } = moments([model.rawScores(samples)]);
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
  const { lora, gain, bias, maxTokens } = model;
  const state = { rank: lora.rank, alpha: lora.alpha, maxTokens, gain, bias };
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
