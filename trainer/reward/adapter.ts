// Reads rewards from the backbone with its own LoRA: scalar heads on the hidden state of a completion's last token.
import { Rng } from '@/core/rng';
import { tf } from '@/trainer/backend';
import { packByLength } from '@/trainer/math/micro-batch';
import { createScalarHead, type ScalarHead } from '@/trainer/model/heads';
import { createLora } from '@/trainer/model/lora';
import { packCompletions } from '@/trainer/model/packing';
import type { Backbone, Lora, NamedVariables } from '@/trainer/model/types';
import { packVariables } from '@/trainer/runs/checkpoint';
import { completionStarts, type RewardReader } from './reader';
import { groupSize } from './rows';

export interface AdapterReader extends RewardReader {
  readonly lora: Lora;
  /** One head, or an ensemble on the same backbone. */
  readonly heads: readonly ScalarHead[];
  readonly variables: NamedVariables;
}

export interface AdapterReaderOptions {
  rank: number;
  alpha: number;
  firstLayer?: number;
  heads?: number;
  headInit?: 'zero' | 'normal';
  /** Padded tokens of one forward pass. */
  microBatchTokens: number;
  seed: number;
}

export function createAdapterReader(backbone: Backbone, options: AdapterReaderOptions): AdapterReader {
  const rng = new Rng(options.seed);
  const { rank, alpha, firstLayer = 0, heads: headCount = 1, headInit: init = 'zero', microBatchTokens } = options;
  const lora = createLora(backbone.config, { rank, alpha, firstLayer, rng });
  const { hiddenSize } = backbone.config;
  const heads = Array.from({ length: headCount }, (_, i) =>
    createScalarHead({ name: headName(i), hiddenSize, init, layerNorm: true, rng }),
  );
  const variables: NamedVariables = new Map([...lora.variables, ...heads.flatMap((head) => [...head.variables])]);
  return {
    state: { kind: 'adapter', rank, alpha, firstLayer, heads: headCount },
    lora,
    heads,
    variables,

    headScores(groups, states) {
      const { starts, count } = completionStarts(groups);
      const scores = heads.map(() => new Float32Array(count));
      for (const part of packByLength(groups.map(groupSize), microBatchTokens)) {
        const { batch, last } = packCompletions(part.map((i) => groups[i]!));
        const places = part.flatMap((i) => groups[i]!.completions.map((_, j) => starts[i]! + j));
        tf.tidy(() => {
          const hidden = backbone.hidden(batch, lora, states?.of(batch)); // [B, T, H]
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

    tensors: () => packVariables('reward-model', variables),

    parts: () => ({
      adapter: lora.toAdapter(),
      blocks: null,
      heads: heads.map(({ name, variables }) => ({
        weight: Float32Array.from(variables.get(`${name}.weight`)!.dataSync()),
        bias: variables.get(`${name}.bias`)!.dataSync()[0]!,
      })),
    }),

    dispose() {
      lora.dispose();
      for (const head of heads) head.dispose();
    },
  };
}

const headName = (index: number) => (index === 0 ? 'reward' : `reward.${index}`);
