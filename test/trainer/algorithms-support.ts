// A random model of a few thousand weights, with a slow, obvious sampler that uses the trainer's own arithmetic.
import type { Adapter } from '@/core/artifact/adapter';
import type { ModelConfig } from '@/core/base/model-config';
import { PROJECTIONS, plainFeatures, projectionShape } from '@/core/base/model-config';
import type { ModelWeights } from '@/core/base/weights';
import { Rng, uniformAt } from '@/core/rng';
import { tf } from '@/trainer/backend';
import { loraFromAdapter } from '@/trainer/model/lora';
import type { Backbone } from '@/trainer/model/types';
import type { ExperienceEngine } from '@/trainer/sampling/private-engine';

export const END = 1;

export const TINY: ModelConfig = {
  architecture: 'llama',
  vocabSize: 24,
  hiddenSize: 32,
  intermediateSize: 48,
  layers: 2,
  heads: 4,
  keyValueHeads: 2,
  headSize: 8,
  ropeTheta: 10_000,
  rmsNormEps: 1e-5,
  maxPositions: 128,
  tiedHead: true,
  bosTokenId: null,
  eosTokenIds: [END],
  ...plainFeatures(8),
};

/** Weights N(0, 1/sqrt(in)), norms 1; the embedding is small, so that the initial distribution is nearly even. */
export function tinyWeights(seed: number, config = TINY): ModelWeights {
  const rng = new Rng(seed);
  const matrix = (out: number, in_: number, scale = 1 / Math.sqrt(in_)) => ({
    shape: [out, in_],
    values: Float32Array.from({ length: out * in_ }, () => rng.normal() * scale),
  });
  const norm = () => ({ shape: [config.hiddenSize], values: new Float32Array(config.hiddenSize).fill(1) });
  const tensors = new Map([['model.embed_tokens.weight', matrix(config.vocabSize, config.hiddenSize, 0.15)]]);
  tensors.set('model.norm.weight', norm());
  for (let layer = 0; layer < config.layers; layer++) {
    tensors.set(`model.layers.${layer}.input_layernorm.weight`, norm());
    tensors.set(`model.layers.${layer}.post_attention_layernorm.weight`, norm());
    for (const projection of PROJECTIONS) {
      tensors.set(`model.layers.${layer}.${projection}.weight`, matrix(...projectionShape(config, projection)));
    }
  }
  return {
    config,
    names: [...tensors.keys()],
    tensor: (name) => {
      const { shape, values } = tensors.get(name)!;
      return { name, shape, encoding: 'F32', float32: () => values, blocks: () => null };
    },
  };
}

export interface SlowEngine extends ExperienceEngine {
  publish(adapter: Adapter, iteration: number): Promise<string>;
  dispose(): void;
}

/** Samples one token of one row at a time from the whole sequence: no cache, no batch. */
export function slowEngine(backbone: Backbone): SlowEngine {
  const versions = new Map<string, ReturnType<typeof loraFromAdapter>>();
  return {
    async publish(adapter, iteration) {
      versions.get(`policy-${iteration}`)?.dispose();
      versions.set(`policy-${iteration}`, loraFromAdapter(backbone.config, adapter, new Rng(0)));
      return `policy-${iteration}`;
    },

    async sample(prompts, adapterId, { maxTokens }, seeds, signal) {
      return prompts.map((prompt, row) => {
        signal.throwIfAborted();
        const ids: number[] = [];
        const logprobs: number[] = [];
        while (ids.length < maxTokens && ids.at(-1) !== END) {
          const sequence = Int32Array.from([...prompt, ...ids]);
          const next = tf.tidy(() => {
            const hidden = backbone.hidden({ ids: [sequence] }, versions.get(adapterId)!); // [1, T, H]
            const last = tf.slice(hidden, [0, sequence.length - 1, 0], [1, 1, -1]).reshape([1, -1]); // [1, H]
            return tf.logSoftmax(tf.matMul(last, backbone.head, false, true)).dataSync(); // [V]
          });
          let rest = uniformAt(seeds[row]!, ids.length);
          let id = 0;
          for (; id < next.length - 1 && rest >= Math.exp(next[id]!); id++) rest -= Math.exp(next[id]!);
          ids.push(id);
          logprobs.push(next[id]!);
        }
        return { ids, logprobs };
      });
    },

    dispose() {
      for (const lora of versions.values()) lora.dispose();
    },
  };
}
