// The block's hand-written passes against the same block on tfjs's tape, and the trunk's memory budget.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ModelConfig, PROJECTIONS, type Projection, projectionShape } from '@/core/base/model-config';
import { Rng } from '@/core/rng';
import { tinyLlamaConfig } from '@/test/tiny-llama';
import {
  nativeBackendProblem,
  scoped,
  startBackend,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tf,
} from '@/trainer/backend';
import { loadBackbone } from '@/trainer/model/backbone';
import { backwardBlock, forwardBlock } from '@/trainer/model/blocks';
import { layOut } from '@/trainer/model/layout';
import { type BlockWeights, createContext, localContext } from '@/trainer/model/llama';
import { completionLogprobsWithGradient, crossEntropy } from '@/trainer/model/logprobs';
import { createLora } from '@/trainer/model/lora';
import { AdamW, disposeGradients } from '@/trainer/model/optim';
import { packCompletions } from '@/trainer/model/packing';
import type { TokenBatch } from '@/trainer/model/types';
import { tinyWeights } from './slow-llama';
import { block } from './taped-block';

const problem = nativeBackendProblem();
if (problem) console.warn(`Not run: the block's passes. ${problem}`);

const config = tinyLlamaConfig();
const FAMILIES: [string, ModelConfig][] = [
  ['a plain Llama', config],
  [
    'a family with every feature',
    {
      ...config,
      ropeFactors: [1, 1, 1.5, 2, 3, 4, 4, 4],
      hasQkvBias: true,
      hasQkNorm: true,
      hasOutputNorms: true,
      activation: 'gelu',
      attentionScale: 0.4,
      slidingWindow: { tokens: 3, layers: [0], ropeTheta: 100, ropeFactors: null },
    },
  ],
];
const RANK = 3;
const SCALE = 2;
const rows = (...lengths: number[]) => lengths.map((length) => Int32Array.from({ length }, (_, i) => i));
const PACKED = packCompletions([
  { promptIds: rows(3)[0]!, completions: rows(2, 4) },
  { promptIds: rows(5)[0]!, completions: [] },
]);
const LONG_PACKED = packCompletions([
  { promptIds: rows(50)[0]!, completions: rows(40, 45) },
  { promptIds: rows(9)[0]!, completions: rows(3) },
]);
const BATCHES: [string, TokenBatch][] = [
  ['even rows', { ids: rows(5, 5) }],
  ['padded rows', { ids: rows(7, 3, 5) }],
  ['packed rows', PACKED.batch],
  ['padded rows whose queries go in four parts', { ids: rows(257, 66) }],
  ['packed rows whose queries go in two parts', LONG_PACKED.batch],
];

describe.skipIf(problem !== null).each(FAMILIES)('a block without a tape of %s', (_, config) => {
  beforeAll(async () => void (await startBackend()));
  let seed = 0;
  const random = (shape: number[], deviation = 1) =>
    tf.tidy(() => tf.add(tf.randomNormal(shape, 0, deviation, 'float32', ++seed), 0));
  const weightsOf = (): BlockWeights => ({
    inputNorm: random([config.hiddenSize]) as Tensor1D,
    feedForwardNorm: random([config.hiddenSize]) as Tensor1D,
    projections: Object.fromEntries(
      PROJECTIONS.map((name) => {
        const shape = projectionShape(config, name);
        return [name, random(shape, shape[1] ** -0.5)];
      }),
    ) as Record<Projection, Tensor2D>,
    biases: config.hasQkvBias
      ? { 'self_attn.q_proj': random([64]) as Tensor1D, 'self_attn.v_proj': random([32]) as Tensor1D }
      : {},
    queryNorm: config.hasQkNorm ? (random([config.headSize]) as Tensor1D) : null,
    keyNorm: config.hasQkNorm ? (random([config.headSize]) as Tensor1D) : null,
    attentionOutputNorm: config.hasOutputNorms ? (random([config.hiddenSize]) as Tensor1D) : null,
    feedForwardOutputNorm: config.hasOutputNorms ? (random([config.hiddenSize]) as Tensor1D) : null,
  });
  const pairsOf = (targets: readonly Projection[]) =>
    targets.map((name) => {
      const [out, in_] = projectionShape(config, name);
      return [name, [random([in_, RANK], 0.2), random([RANK, out], 0.2)] as [Tensor2D, Tensor2D]] as const;
    });
  const largestDifference = (a: Tensor, b: Tensor) =>
    tf.tidy(() => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]! / Math.max(1, tf.max(tf.abs(b)).dataSync()[0]!));

  describe.each(BATCHES)('on %s', (_, batch) => {
    it.each([
      ['all seven projections', PROJECTIONS],
      ['two of them', ['self_attn.v_proj', 'mlp.down_proj'] as const],
    ])('has the output and the gradients of the tape with LoRA on %s', (_, targets) => {
      scoped(() => {
        const layout = layOut(batch, 512);
        const whole = createContext(config, layout, SCALE);
        const context = config.slidingWindow ? localContext(whole, layout) : whole;
        const weights = weightsOf();
        const pairs = pairsOf(targets);
        const tokens = batch.ids.reduce((sum, row) => sum + row.length, 0);
        const x = random([tokens, config.hiddenSize]) as Tensor2D;
        const dy = random([tokens, config.hiddenSize]) as Tensor2D;
        const onTape = (...all: Tensor[]) => {
          const [y, ...flat] = all as Tensor2D[];
          const lora = new Map(pairs.map(([name], i) => [name, [flat[2 * i]!, flat[2 * i + 1]!] as const]));
          return block(y!, weights, lora, context);
        };
        const flat = pairs.flatMap(([, pair]) => pair);
        const [dx, ...expected] = tf.grads(onTape)([x, ...flat], dy);

        const { y, kept } = forwardBlock(x, weights, new Map(pairs), context);
        const passed = backwardBlock(dy, x, kept, weights, new Map(pairs), context);
        expect(largestDifference(y, onTape(x, ...flat))).toBeLessThan(1e-5);
        expect(largestDifference(passed.dx, dx!)).toBeLessThan(1e-5);
        expect(Object.keys(passed.gradients).sort()).toEqual([...targets].sort());
        for (const [i, [name]] of pairs.entries()) {
          expect(largestDifference(passed.gradients[name]!.a, expected[2 * i]!), `${name} A`).toBeLessThan(1e-5);
          expect(largestDifference(passed.gradients[name]!.b, expected[2 * i + 1]!), `${name} B`).toBeLessThan(1e-5);
        }
      });
    });
  });
});

describe.skipIf(problem !== null)('a trunk with little memory', () => {
  const weights = tinyWeights({ seed: 7 });
  beforeAll(async () => void (await startBackend()));

  it('recomputes blocks and gets the same gradients, bit for bit', () => {
    const lora = createLora(config, { rank: 4, alpha: 8, rng: new Rng(6) });
    const gradientsWith = (keepBytes: number) => {
      const backbone = loadBackbone({ weights }, { keepBytes });
      const { gradients } = backbone.backward(PACKED.batch, lora, (hidden) =>
        completionLogprobsWithGradient(backbone, hidden, PACKED.positions, 1, (logprobs) => crossEntropy(logprobs)),
      );
      const values = [...gradients].map(([name, gradient]) => [name, gradient.dataSync()] as const);
      disposeGradients(gradients);
      backbone.dispose();
      return new Map(values);
    };
    // A block keeps 14 tokens of 4 * (2 * 64 + 64 + 2 * 128 + 7 * 4) bytes and 2 x 9 places of 4 * 128: 35872 bytes.
    const all = gradientsWith(2 * 35_872);
    expect(gradientsWith(35_872)).toEqual(all);
    expect(gradientsWith(0)).toEqual(all);
    lora.dispose();
  });

  it('takes 1,000 optimiser steps with a constant number of tensors and without growing memory', () => {
    const backbone = loadBackbone({ weights });
    const lora = createLora(config, { rank: 4, alpha: 8, rng: new Rng(6) });
    const optimiser = new AdamW();
    const counts = new Set<number>();
    let tenth = 0;
    for (let step = 0; step < 1000; step++) {
      // Each step has another layout: rows of different lengths, as in training.
      const ids = rows(3 + (step % 7), 9, 2 + (step % 5));
      const batch = packCompletions([{ promptIds: ids[0]!, completions: [ids[1]!, ids[2]!] }]);
      const { gradients } = backbone.backward(batch.batch, lora, (hidden) =>
        completionLogprobsWithGradient(backbone, hidden, batch.positions, 1, (logprobs) => crossEntropy(logprobs)),
      );
      optimiser.step(lora.variables, gradients, 1e-3);
      disposeGradients(gradients);
      if (step > 0) counts.add(tf.memory().numTensors);
      if (step === 100) tenth = process.memoryUsage.rss();
    }
    const growth = (process.memoryUsage.rss() - tenth) / 2 ** 20;
    console.log(`1,000 steps: ${[...counts]} tensors, ${growth.toFixed(1)} MiB more than after step 100`);
    expect(counts.size).toBe(1);
    // The gradients, activations and moments of one step take about 1 MiB: a leak of 3 % of it would be 27 MiB.
    expect(growth).toBeLessThan(24);
    optimiser.dispose();
    lora.dispose();
    backbone.dispose();
  });
  afterAll(() => tf.disposeVariables());
});
