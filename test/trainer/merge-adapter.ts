// Merges an adapter into the weights of its base, and takes it out again.
import { type Adapter, checkAdapter, loraKey } from '@/core/artifact/adapter';
import { PROJECTIONS } from '@/core/base/model-config';
import type { ModelWeights, WeightTensor } from '@/core/base/weights';

/** The weights W + (alpha / rank) B A in fp32, computed as they are read; the given weights do not change. */
export function mergeAdapter(weights: ModelWeights, adapter: Adapter): ModelWeights {
  return withUpdate(weights, adapter, adapter.alpha / adapter.rank);
}

/** The inverse, except for rounding. */
export function unmergeAdapter(weights: ModelWeights, adapter: Adapter): ModelWeights {
  return withUpdate(weights, adapter, -adapter.alpha / adapter.rank);
}

function withUpdate(weights: ModelWeights, adapter: Adapter, scale: number): ModelWeights {
  checkAdapter(adapter, weights.config);
  return {
    ...weights,
    tensor(name): WeightTensor {
      const tensor = weights.tensor(name);
      const match = /^model\.layers\.(\d+)\.(.+)\.weight$/.exec(name);
      const projection = PROJECTIONS.find((projection) => projection === match?.[2]);
      const pair = projection && adapter.pairs.get(loraKey(Number(match![1]), projection));
      if (!pair) return tensor;
      return {
        ...tensor,
        encoding: 'F32',
        blocks: () => null,
        float32: () => addProduct(tensor.float32(), pair.b, pair.a, adapter.rank, scale),
      };
    },
  };
}

/** w [out, in] += scale * b [out, r] a [r, in]. */
function addProduct(w: Float32Array, b: Float32Array, a: Float32Array, rank: number, scale: number): Float32Array {
  const inputs = a.length / rank;
  const update = new Float64Array(inputs);
  for (let o = 0; o < b.length / rank; o++) {
    update.fill(0);
    for (let r = 0; r < rank; r++) {
      const factor = scale * b[o * rank + r]!;
      for (let i = 0; i < inputs; i++) update[i]! += factor * a[r * inputs + i]!;
    }
    for (let i = 0; i < inputs; i++) w[o * inputs + i]! += update[i]!;
  }
  return w;
}
