// LoRA around the trunk: merged into the weights and taken out, on some projections, in uneven micro-batches.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Adapter, loraKey } from '@/core/artifact/adapter';
import type { Projection } from '@/core/base/model-config';
import { Rng } from '@/core/rng';
import { nativeBackendProblem, startBackend, tf } from '@/trainer/backend';
import { packByLength } from '@/trainer/math/micro-batch';
import { loadBackbone } from '@/trainer/model/backbone';
import { completionLogprobsWithGradient } from '@/trainer/model/logprobs';
import { createLora, loraFromAdapter } from '@/trainer/model/lora';
import { AdamW, addGradients, disposeGradients } from '@/trainer/model/optim';
import { completionPositions } from '@/trainer/model/positions';
import type { Backbone, Lora, NamedGradients } from '@/trainer/model/types';
import { mergeAdapter, unmergeAdapter } from './merge-adapter';
import { slowHidden, tinyWeights } from './slow-llama';

const problem = nativeBackendProblem();
if (problem) console.warn(`Not run: LoRA around the trunk. ${problem}`);

const ROWS = [7, 3, 5, 9, 2].map((length, r) => Int32Array.from({ length }, (_, i) => 20 * r + i));
const PROMPTS = [3, 1, 2, 4, 1];

describe.skipIf(problem !== null)('LoRA around the trunk', () => {
  const weights = tinyWeights({ seed: 7 });
  const { config } = weights;
  let backbone: Backbone;
  beforeAll(async () => {
    await startBackend();
    backbone = loadBackbone({ weights });
  });
  afterAll(() => backbone?.dispose());

  function trainedAdapter(targets?: Projection[]): Adapter {
    const lora = createLora(config, { rank: 3, alpha: 6, rng: new Rng(1), ...(targets ? { targets } : {}) });
    const adapter = lora.toAdapter();
    const rng = new Rng(2);
    for (const pair of adapter.pairs.values()) pair.b = pair.b.map(() => 0.05 * rng.normal());
    lora.dispose();
    return adapter;
  }

  function hiddenOf(backbone: Backbone, adapter: Adapter | null): Float32Array {
    const lora = adapter && loraFromAdapter(config, adapter, new Rng(0));
    const values = tf.tidy(() =>
      backbone
        .hidden({ ids: [ROWS[0]!] }, lora)
        .dataSync()
        .slice(),
    ) as Float32Array;
    lora?.dispose();
    return values;
  }
  const largest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);

  it('computes the same merged into the weights as separate from them', () => {
    const adapter = trainedAdapter();
    const merged = loadBackbone({ weights: mergeAdapter(weights, adapter) });
    expect(largest(hiddenOf(merged, null), hiddenOf(backbone, adapter))).toBeLessThan(2e-5);
    expect(largest(hiddenOf(merged, null), hiddenOf(backbone, null))).toBeGreaterThan(1e-2);
    merged.dispose();
  });

  it('gives back the base’s weights after merging and unmerging, and does not change the base itself', () => {
    const adapter = trainedAdapter();
    const name = 'model.layers.1.mlp.down_proj.weight';
    const before = weights.tensor(name).float32();
    const merged = mergeAdapter(weights, adapter);
    // Entry [5, 9] by the definition: alpha / rank = 2, so W + 2 sum_r B[5, r] A[r, 9]; 128 inputs.
    const { a, b } = adapter.pairs.get(loraKey(1, 'mlp.down_proj'))!;
    const update = [0, 1, 2].reduce((sum, r) => sum + 2 * b[5 * 3 + r]! * a[r * 128 + 9]!, 0);
    expect(merged.tensor(name).float32()[5 * 128 + 9]).toBeCloseTo(before[5 * 128 + 9]! + update, 6);
    // Weights are below 1: one rounding each way is at most 6e-8.
    expect(largest(unmergeAdapter(merged, adapter).tensor(name).float32(), before)).toBeLessThan(1.3e-7);
    expect(weights.tensor(name).float32()).toEqual(before);
    expect(merged.tensor('model.norm.weight').float32()).toEqual(weights.tensor('model.norm.weight').float32());
  });

  it('trains any subset of the projections: only they have gradients, equal to the definition', () => {
    const targets: Projection[] = ['self_attn.v_proj', 'mlp.down_proj'];
    const adapter = trainedAdapter(targets);
    expect(
      largest(hiddenOf(backbone, adapter).slice(-64), slowHidden(weights, ROWS[0]!, adapter).at(-1)!),
    ).toBeLessThan(2e-4);
    const lora = loraFromAdapter(config, adapter, new Rng(0));
    const gradients = gradientsOf(lora, [[0, 1, 2, 3, 4]]);
    expect([...gradients.keys()].sort()).toEqual(
      [0, 1]
        .flatMap((layer) =>
          targets.flatMap((target) => ['A', 'B'].map((half) => `layers.${layer}.${target}.lora_${half}`)),
        )
        .sort(),
    );
    const full = loraFromAdapter(config, { ...trainedAdapter(), pairs: withZeros(adapter) }, new Rng(0));
    const expected = gradientsOf(full, [[0, 1, 2, 3, 4]]);
    for (const [name, gradient] of gradients) {
      expect(largest(gradient.dataSync(), expected.get(name)!.dataSync()), name).toBeLessThan(1e-6);
    }
    disposeGradients(gradients);
    disposeGradients(expected);
    lora.dispose();
    full.dispose();
  });

  /** The adapter plus pairs with a zero B for the other projections, which compute the same. */
  function withZeros(adapter: Adapter): Adapter['pairs'] {
    const all = trainedAdapter();
    return new Map(
      [...all.pairs].map(([key, pair]) => [key, adapter.pairs.get(key) ?? { a: pair.a, b: pair.b.map(() => 0) }]),
    );
  }

  /** Gradients of the mean loss over all response tokens, summed over groups of rows. */
  function gradientsOf(lora: Lora, groups: number[][]): NamedGradients {
    const total = ROWS.reduce((sum, row, i) => sum + row.length - PROMPTS[i]!, 0);
    const sum: NamedGradients = new Map();
    for (const group of groups) {
      const ids = group.map((i) => ROWS[i]!);
      const positions = completionPositions(
        ids,
        group.map((i) => PROMPTS[i]!),
      );
      const { gradients } = backbone.backward({ ids }, lora, (hidden) =>
        completionLogprobsWithGradient(backbone, hidden, positions, 1, (logprobs) => ({
          loss: 0,
          dLogprobs: logprobs.map(() => -1 / total),
        })),
      );
      addGradients(sum, gradients);
    }
    return sum;
  }

  it('takes the same step in uneven micro-batches as in one batch', () => {
    const adapter = trainedAdapter();
    const groups = packByLength(
      ROWS.map((row) => row.length),
      14,
    );
    expect(groups.map((group) => group.length).sort()).toEqual([1, 2, 2]); // 9 alone, 7 + 5, 3 + 2 within 14 places
    const stepped = [groups, [[0, 1, 2, 3, 4]]].map((groups) => {
      const lora = loraFromAdapter(config, adapter, new Rng(0));
      const optimiser = new AdamW();
      const gradients = gradientsOf(lora, groups);
      optimiser.step(lora.variables, gradients, 1e-3);
      const values = new Map([...lora.variables].map(([name, variable]) => [name, variable.dataSync().slice()]));
      disposeGradients(gradients);
      optimiser.dispose();
      lora.dispose();
      return values;
    });
    for (const [name, values] of stepped[0]!) {
      // Adam divides by the gradient's size: if that is near epsilon, 1e-7 of it is up to 1e-5 of a step of 1e-3.
      expect(largest(values, stepped[1]!.get(name)!), name).toBeLessThan(1e-6);
    }
  });
});
