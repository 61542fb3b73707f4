// The slow twin of the graph: a Llama forward pass, a sampling distribution, and fixtures, all in plain loops.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Adapter, ALL_TARGETS, loraKey } from '@/core/artifact/adapter';
import { type ModelConfig, type Projection, projectionShape } from '@/core/base/model-config';
import type { ModelWeights } from '@/core/base/weights';
import { Rng } from '@/core/rng';
import { Sampling } from '@/core/sampling';
import type { RunRow } from '@/engine/runner/runner';

export const temporaryDirectory = () => mkdtempSync(join(tmpdir(), 'attune-graph-'));

export function randomAdapter(
  config: ModelConfig,
  {
    seed,
    rank = 4,
    size = 0.3,
    targets = ALL_TARGETS,
  }: { seed: number; rank?: number; size?: number; targets?: Projection[] },
): Adapter {
  const rng = new Rng(seed);
  const draw = (length: number) => Float32Array.from({ length }, () => size * (2 * rng.uniform() - 1));
  const pairs: Adapter['pairs'] = new Map();
  for (let layer = 0; layer < config.layers; layer++) {
    for (const target of targets) {
      const [out, in_] = projectionShape(config, target);
      pairs.set(loraKey(layer, target), { a: draw(rank * in_), b: draw(out * rank) });
    }
  }
  return { rank, alpha: 2 * rank, targets, pairs };
}

export const GREEDY = Sampling.parse({ temperature: 0, seed: 0, maxTokens: 64 });

export function row(tokens: readonly number[], options: Partial<RunRow> = {}): RunRow {
  const ids = Int32Array.from(tokens);
  return {
    cache: null,
    tokens: ids,
    adapterId: null,
    sampling: GREEDY,
    position: 0,
    seen: ids,
    stopIds: [],
    maxNew: 8,
    ...options,
  };
}

/** Returns the logits [T][V] of one sequence. */
export function plainLogits(weights: ModelWeights, ids: readonly number[], adapter: Adapter | null = null): number[][] {
  const { config } = weights;
  const { heads, keyValueHeads, headSize, hiddenSize, layers, vocabSize } = config;
  const load = (name: string) => weights.tensor(name).float32();
  const multiply = (w: Float32Array, x: number[], rows: number) =>
    Array.from({ length: rows }, (_, r) => x.reduce((sum, value, c) => sum + value * w[r * x.length + c]!, 0));
  const norm = (x: number[], name: string) => {
    const w = load(name);
    const scale = 1 / Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / x.length + config.rmsNormEps);
    return x.map((v, i) => v * scale * w[i]!);
  };
  const project = (layer: number, projection: Projection, x: number[]) => {
    const [out] = projectionShape(config, projection);
    const y = multiply(load(`model.layers.${layer}.${projection}.weight`), x, out);
    const pair = adapter?.pairs.get(loraKey(layer, projection));
    if (!adapter || !pair) return y;
    const update = multiply(pair.b, multiply(pair.a, x, adapter.rank), out);
    return y.map((v, i) => v + (adapter.alpha / adapter.rank) * update[i]!);
  };
  const rotate = (x: number[], position: number) => {
    const half = headSize / 2;
    return x.map((v, index) => {
      const i = index % headSize;
      const angle = position * config.ropeTheta ** (-(i % half) / half);
      const other = i < half ? -x[index + half]! : x[index - half]!;
      return v * Math.cos(angle) + other * Math.sin(angle);
    });
  };
  const embedding = load('model.embed_tokens.weight');
  let stream = ids.map((id) => [...embedding.subarray(id * hiddenSize, (id + 1) * hiddenSize)]);
  for (let layer = 0; layer < layers; layer++) {
    const inputs = stream.map((x) => norm(x, `model.layers.${layer}.input_layernorm.weight`));
    const q = inputs.map((x, t) => rotate(project(layer, 'self_attn.q_proj', x), t));
    const k = inputs.map((x, t) => rotate(project(layer, 'self_attn.k_proj', x), t));
    const v = inputs.map((x) => project(layer, 'self_attn.v_proj', x));
    const attended = q.map((query, t) =>
      Array.from({ length: heads }, (_, head) => {
        const shared = Math.floor(head / (heads / keyValueHeads)) * headSize;
        const scores = k.slice(0, t + 1).map((key) => {
          let sum = 0;
          for (let i = 0; i < headSize; i++) sum += query[head * headSize + i]! * key[shared + i]!;
          return Math.exp(sum / Math.sqrt(headSize));
        });
        const total = scores.reduce((a, b) => a + b, 0);
        return Array.from({ length: headSize }, (_, i) =>
          scores.reduce((sum, score, s) => sum + (score / total) * v[s]![shared + i]!, 0),
        );
      }).flat(),
    );
    stream = stream.map((x, t) => {
      const update = project(layer, 'self_attn.o_proj', attended[t]!);
      return x.map((value, i) => value + update[i]!);
    });
    stream = stream.map((x) => {
      const normed = norm(x, `model.layers.${layer}.post_attention_layernorm.weight`);
      const up = project(layer, 'mlp.up_proj', normed);
      const gated = project(layer, 'mlp.gate_proj', normed).map((g, i) => (g / (1 + Math.exp(-g))) * up[i]!);
      const update = project(layer, 'mlp.down_proj', gated);
      return x.map((value, i) => value + update[i]!);
    });
  }
  const head = config.tiedHead ? embedding : load('lm_head.weight');
  return stream.map((x) => multiply(head, norm(x, 'model.norm.weight'), vocabSize));
}

export function logSoftmax(logits: ArrayLike<number>): number[] {
  const values = Array.from(logits);
  const largest = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const logSum = largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
  return values.map((value) => value - logSum);
}
