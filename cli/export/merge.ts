// Adds an adapter to the weights of a base.
import { type Adapter, checkAdapter, loraKey } from '@/core/artifact/adapter';
import { PROJECTIONS } from '@/core/base/model-config';
import type { ModelWeights, WeightTensor } from '@/core/base/weights';

/** W + (alpha / rank) B A for every projection that the adapter has; the other tensors unchanged. */
export function mergeAdapter(weights: ModelWeights, adapter: Adapter): ModelWeights {
  checkAdapter(adapter, weights.config);
  const pairs = new Map<string, { a: Float32Array; b: Float32Array }>();
  for (let layer = 0; layer < weights.config.layers; layer++) {
    for (const projection of PROJECTIONS) {
      const pair = adapter.pairs.get(loraKey(layer, projection));
      if (pair) pairs.set(`model.layers.${layer}.${projection}.weight`, pair);
    }
  }
  const tensor = (name: string): WeightTensor => {
    const original = weights.tensor(name);
    const pair = pairs.get(name);
    if (!pair) return original;
    const merged = () => addProduct(original.float32(), pair, adapter.rank, adapter.alpha / adapter.rank);
    return { ...original, encoding: 'F32', float32: merged, blocks: () => null };
  };
  return { config: weights.config, names: weights.names, tensor };
}

/** base [out, in] + scale * b [out, rank] a [rank, in], summed in float64. */
function addProduct(
  base: Float32Array,
  { a, b }: { a: Float32Array; b: Float32Array },
  rank: number,
  scale: number,
): Float32Array {
  const columns = a.length / rank;
  const sums = new Float64Array(columns);
  for (let row = 0; row < b.length / rank; row++) {
    const own = base.subarray(row * columns, (row + 1) * columns);
    sums.set(own);
    for (let r = 0; r < rank; r++) {
      const factor = scale * b[row * rank + r]!;
      const from = r * columns;
      for (let i = 0; i < columns; i++) sums[i]! += factor * a[from + i]!;
    }
    own.set(sums);
  }
  return base;
}
