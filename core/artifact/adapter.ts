// A LoRA adapter in memory, and the names that PEFT gives its tensors on disk.

import { type ModelConfig, PROJECTIONS, type Projection, projectionShape } from '@/core/base/model-config';
import { AttuneError } from '@/core/errors';

export interface LoraPair {
  /** lora_A.weight, row-major [rank, in]. */
  a: Float32Array;
  /** lora_B.weight, row-major [out, rank]. */
  b: Float32Array;
}

export interface Adapter {
  rank: number;
  /** The update is (alpha / rank) * B A. */
  alpha: number;
  targets: Projection[];
  /** Keyed by `loraKey(layer, projection)`. */
  pairs: Map<string, LoraPair>;
}

export const loraKey = (layer: number, projection: Projection) => `layers.${layer}.${projection}`;

/** PEFT's tensor name for one half of a pair. */
export const peftName = (layer: number, projection: Projection, half: 'A' | 'B') =>
  `base_model.model.model.layers.${layer}.${projection}.lora_${half}.weight`;

/** Throws CORRUPT, naming the tensor, unless every pair has the shape that the base asks for. */
export function checkAdapter(adapter: Adapter, config: ModelConfig): void {
  for (let layer = 0; layer < config.layers; layer++) {
    for (const projection of adapter.targets) {
      const key = loraKey(layer, projection);
      const pair = adapter.pairs.get(key);
      const [out, in_] = projectionShape(config, projection);
      if (!pair) throw new AttuneError('CORRUPT', `The adapter lacks ${key}. Train or export it again.`);
      if (pair.a.length !== adapter.rank * in_ || pair.b.length !== out * adapter.rank) {
        throw new AttuneError(
          'CORRUPT',
          `The adapter's ${key} has ${pair.a.length} + ${pair.b.length} values; this base needs ` +
            `${adapter.rank * in_} + ${out * adapter.rank}. It belongs to another base.`,
        );
      }
    }
  }
}

export const ALL_TARGETS: Projection[] = [...PROJECTIONS];
