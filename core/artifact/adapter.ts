// A LoRA adapter in memory, and the names that PEFT gives its tensors on disk.

import { type ModelConfig, PROJECTIONS, type Projection, projectionShape } from '@/core/base/model-config';
import { AttuneError } from '@/core/errors';
import { isFiniteArray } from '@/core/formats/finite';

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

/**
 * Throws CORRUPT, naming the tensor, unless every pair belongs to a projection of the base, has its shape and is
 * finite: one version that computes NaN would fail the other versions in its batch. A projection without a pair stays
 * unchanged.
 */
export function checkAdapter(adapter: Adapter, config: ModelConfig): void {
  const { rank, alpha, targets, pairs } = adapter;
  if (!Number.isFinite(alpha)) throw new AttuneError('CORRUPT', `The adapter's alpha is ${alpha}. Train it again.`);
  const sites = new Map<string, [out: number, in_: number]>();
  for (let layer = 0; layer < config.layers; layer++) {
    for (const projection of targets) sites.set(loraKey(layer, projection), projectionShape(config, projection));
  }
  for (const [key, { a, b }] of pairs) {
    const site = sites.get(key);
    if (!site) {
      const why = `this base has ${config.layers} layers, and the adapter's targets are ${targets.join(', ')}`;
      throw new AttuneError('CORRUPT', `The adapter changes ${key}, but ${why}. It belongs to another base.`);
    }
    const [out, in_] = site;
    if (a.length !== rank * in_ || b.length !== out * rank) {
      throw new AttuneError(
        'CORRUPT',
        `The adapter's ${key} has ${a.length} + ${b.length} values; this base needs ${rank * in_} + ${out * rank}. ` +
          'It belongs to another base.',
      );
    }
    if (!isFiniteArray(a) || !isFiniteArray(b)) {
      throw new AttuneError('CORRUPT', `The adapter's ${key} is not finite. Its training diverged: train it again.`);
    }
  }
}

export const ALL_TARGETS: Projection[] = [...PROJECTIONS];
