// The slow twin of the trunk: a Llama by its definition in float64, one row and one number at a time, with merged LoRA.
import { type Adapter, loraKey } from '@/core/artifact/adapter';
import { PROJECTIONS, type Projection } from '@/core/base/model-config';
import type { ModelWeights } from '@/core/base/weights';
import type { NamedTensors } from '@/core/formats/safetensors';
import { Rng } from '@/core/rng';
import { tinyLlamaConfig, tinyLlamaTensors } from '@/test/tiny-llama';

type Vector = Float64Array<ArrayBuffer>;

/** The tiny model's weights in memory, as the trunk reads them; `ownHead` gives it a random head that is not tied. */
export function tinyWeights({ seed, ownHead = false }: { seed: number; ownHead?: boolean }): ModelWeights {
  const config = { ...tinyLlamaConfig(), tiedHead: !ownHead };
  const tensors: NamedTensors = tinyLlamaTensors({ seed });
  if (ownHead) {
    const rng = new Rng(seed + 1);
    const values = Float32Array.from({ length: config.vocabSize * config.hiddenSize }, () => 0.1 * rng.normal());
    tensors.set('lm_head.weight', { shape: [config.vocabSize, config.hiddenSize], values });
  }
  return {
    config,
    names: [...tensors.keys()],
    tensor(name) {
      const { shape, values } = tensors.get(name)!;
      return { name, shape, encoding: 'F32', float32: () => values.slice(), blocks: () => null };
    },
  };
}

/** Hidden states after the final norm, [T][H]. */
export function slowHidden(weights: ModelWeights, ids: ArrayLike<number>, adapter: Adapter | null): Vector[] {
  const { config } = weights;
  const { headSize, heads, keyValueHeads } = config;
  const vector = (name: string) => weights.tensor(name).float32();
  const embedding = matrix(weights, 'model.embed_tokens.weight');
  let x = Array.from(ids, (id) => embedding[id]!.slice());
  for (let layer = 0; layer < config.layers; layer++) {
    const prefix = `model.layers.${layer}`;
    const projections = Object.fromEntries(
      PROJECTIONS.map((name) => [name, merged(weights, layer, name, adapter)]),
    ) as Record<Projection, Vector[]>;
    const normed = x.map((row) => rmsNorm(row, vector(`${prefix}.input_layernorm.weight`), config.rmsNormEps));
    const q = normed.map((row, t) => rotateHeads(times(projections['self_attn.q_proj'], row), t, config));
    const k = normed.map((row, t) => rotateHeads(times(projections['self_attn.k_proj'], row), t, config));
    const v = normed.map((row) => times(projections['self_attn.v_proj'], row));
    x = x.map((residual, t) => {
      const mixed = new Float64Array(heads * headSize);
      for (let h = 0; h < heads; h++) {
        const shared = Math.floor(h / (heads / keyValueHeads)) * headSize;
        const scores = k.slice(0, t + 1).map((key) => {
          let dot = 0;
          for (let i = 0; i < headSize; i++) dot += q[t]![h * headSize + i]! * key[shared + i]!;
          return dot / Math.sqrt(headSize);
        });
        for (const [s, weight] of softmax(scores).entries()) {
          for (let i = 0; i < headSize; i++) mixed[h * headSize + i]! += weight * v[s]![shared + i]!;
        }
      }
      const attended = plus(residual, times(projections['self_attn.o_proj'], mixed));
      const y = rmsNorm(attended, vector(`${prefix}.post_attention_layernorm.weight`), config.rmsNormEps);
      const up = times(projections['mlp.up_proj'], y);
      const gated = times(projections['mlp.gate_proj'], y).map((g, i) => (g / (1 + Math.exp(-g))) * up[i]!);
      return plus(attended, times(projections['mlp.down_proj'], gated));
    });
  }
  return x.map((row) => rmsNorm(row, vector('model.norm.weight'), config.rmsNormEps));
}

/** log-softmax of hidden times the head, divided by the temperature. [V] */
export function slowLogSoftmax(weights: ModelWeights, hidden: Vector, temperature = 1): number[] {
  const head = matrix(weights, weights.config.tiedHead ? 'model.embed_tokens.weight' : 'lm_head.weight');
  const logits = [...times(head, hidden)].map((logit) => logit / temperature);
  const highest = Math.max(...logits);
  const normaliser = highest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0));
  return logits.map((logit) => logit - normaliser);
}

/** The rows [out] of a weight, plus (alpha / rank) B A. */
function merged(weights: ModelWeights, layer: number, projection: Projection, adapter: Adapter | null): Vector[] {
  const rows = matrix(weights, `model.layers.${layer}.${projection}.weight`);
  const pair = adapter?.pairs.get(loraKey(layer, projection));
  if (!adapter || !pair) return rows;
  const inputs = rows[0]!.length;
  return rows.map((row, o) =>
    row.map((w, i) => {
      let update = 0;
      for (let r = 0; r < adapter.rank; r++) update += pair.b[o * adapter.rank + r]! * pair.a[r * inputs + i]!;
      return w + (adapter.alpha / adapter.rank) * update;
    }),
  );
}

function matrix(weights: ModelWeights, name: string): Vector[] {
  const { shape, float32 } = weights.tensor(name);
  const values = float32();
  const columns = shape[1]!;
  return Array.from({ length: shape[0]! }, (_, r) =>
    Float64Array.from(values.subarray(r * columns, (r + 1) * columns)),
  );
}

function rotateHeads(row: Vector, t: number, { headSize, ropeTheta }: ModelWeights['config']): Vector {
  const half = headSize / 2;
  return row.map((value, index) => {
    const i = index % headSize;
    const angle = t * ropeTheta ** (-(i % half) / half);
    const other = i < half ? -row[index + half]! : row[index - half]!;
    return value * Math.cos(angle) + other * Math.sin(angle);
  });
}

function rmsNorm(row: Vector, weight: Float32Array, epsilon: number): Vector {
  const scale = 1 / Math.sqrt(row.reduce((sum, value) => sum + value * value, 0) / row.length + epsilon);
  return row.map((value, i) => value * scale * weight[i]!);
}

const times = (rows: Vector[], x: Vector): Vector =>
  Float64Array.from(rows, (row) => row.reduce((sum, value, i) => sum + value * x[i]!, 0));

const plus = (a: Vector, b: Vector): Vector => a.map((value, i) => value + b[i]!);

function softmax(scores: number[]): number[] {
  const highest = Math.max(...scores);
  const exps = scores.map((score) => Math.exp(score - highest));
  const total = exps.reduce((sum, value) => sum + value, 0);
  return exps.map((value) => value / total);
}
