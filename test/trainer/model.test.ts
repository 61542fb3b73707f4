// The trainable model against its slow definition: forward pass, gradients, padding, adapter layout and tensor counts.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Adapter } from '@/core/artifact/adapter';
import { Rng } from '@/core/rng';
import { nativeBackendProblem, startBackend, type Tensor3D, tf } from '@/trainer/backend';
import { loadBackbone } from '@/trainer/model/backbone';
import { createScalarHead } from '@/trainer/model/heads';
import { completionLogprobs, completionLogprobsWithGradient, crossEntropy } from '@/trainer/model/logprobs';
import { createLora, loraFromAdapter } from '@/trainer/model/lora';
import { AdamW, disposeGradients } from '@/trainer/model/optim';
import { addHeadLosses, completionPositions } from '@/trainer/model/positions';
import type { Backbone, CompletionPositions, HeadLoss, Lora } from '@/trainer/model/types';
import { slowHidden, slowLogSoftmax, tinyWeights } from './slow-llama';

const problem = nativeBackendProblem();
if (problem) console.warn(`Not run: the trainable model. ${problem}`);

const ROWS = [Int32Array.of(256, 72, 105, 33, 10, 9, 257), Int32Array.of(256, 104, 111), Int32Array.of(1, 2, 3, 4, 5)];
const PROMPTS = [3, 1, 2];

describe.skipIf(problem !== null).each([
  ['tied', { seed: 7 }],
  ['own', { seed: 7, ownHead: true }],
] as const)('a tiny Llama with its %s head', (_, options) => {
  const weights = tinyWeights(options);
  const { config } = weights;
  const positions = completionPositions(ROWS, PROMPTS);
  let backbone: Backbone;
  let lora: Lora;
  let adapter: Adapter;

  beforeAll(async () => {
    await startBackend();
    backbone = loadBackbone({ weights });
    lora = createLora(config, { rank: 3, alpha: 6, rng: new Rng(1) });
    // B is zero in a new adapter, so the test gives it values that have an effect.
    const rng = new Rng(2);
    adapter = lora.toAdapter();
    for (const pair of adapter.pairs.values()) pair.b = pair.b.map(() => 0.05 * rng.normal());
    lora.assign(adapter);
  });
  afterAll(() => {
    backbone?.dispose();
    lora?.dispose();
  });

  const fast = (ids: Int32Array[], lora: Lora | null) => tf.tidy(() => backbone.hidden({ ids }, lora).arraySync());
  const expectRows = (actual: number[][], expected: ArrayLike<number>[], tolerance: number) => {
    for (const [t, row] of expected.entries()) {
      for (let i = 0; i < row.length; i++) expect(Math.abs(actual[t]![i]! - row[i]!)).toBeLessThan(tolerance);
    }
  };

  it('computes the hidden states of the definition, without and with an adapter in the layout of PEFT', () => {
    for (const [i, ids] of ROWS.entries()) {
      expectRows(fast(ROWS, null)[i]!, slowHidden(weights, ids, null), 2e-4);
      expectRows(fast(ROWS, lora)[i]!, slowHidden(weights, ids, adapter), 2e-4);
    }
    const moved = fast([ROWS[0]!], lora)[0]![6]!.map((x, i) => Math.abs(x - fast([ROWS[0]!], null)[0]![6]![i]!));
    expect(Math.max(...moved)).toBeGreaterThan(1e-2);
  });

  it('gives a row the same hidden states alone as padded next to longer rows', () => {
    const together = fast(ROWS, lora);
    for (const [i, ids] of ROWS.entries()) expectRows(together[i]!, fast([ids], lora)[0]!, 2e-5);
  });

  it('changes nothing with a new adapter, whose A is uniform within 1/sqrt(in) and whose B is zero', () => {
    const fresh = createLora(config, { rank: 4, alpha: 8, rng: new Rng(3) });
    expect(fast(ROWS, fresh)).toEqual(fast(ROWS, null));
    const a = fresh.variables.get('layers.1.mlp.down_proj.lora_A')!; // in = 128: bound 0.0884, deviation 0.0510
    expect(a.shape).toEqual([128, 4]);
    const values = a.dataSync();
    expect(Math.max(...values)).toBeLessThan(128 ** -0.5);
    expect(Math.max(...values)).toBeGreaterThan(0.95 * 128 ** -0.5);
    expect(Math.hypot(...values) / Math.sqrt(values.length)).toBeCloseTo(0.051, 2);
    fresh.dispose();
  });

  it('copies an adapter out and in unchanged', () => {
    const copy = loraFromAdapter(config, lora.toAdapter(), new Rng(9));
    expect(copy.toAdapter()).toEqual(adapter);
    copy.dispose();
    const other = createLora(config, { rank: 2, alpha: 6, rng: new Rng(1), targets: ['self_attn.q_proj'] });
    expect(() => other.assign(adapter)).toThrow(/rank 3, alpha 6, 7 targets does not fit one of rank 2/);
    other.dispose();
  });

  it('computes the log-probabilities and entropy of the definition at a temperature', () => {
    const hidden = backbone.hidden({ ids: ROWS }, lora);
    const { logprobs, entropy } = completionLogprobs(backbone, hidden, positions, { temperature: 0.7 });
    hidden.dispose();
    for (const [i, expected] of slowScores(adapter, 0.7).entries()) {
      expect(logprobs[i]).toBeCloseTo(expected.logprob, 3);
      expect(entropy[i]).toBeCloseTo(expected.entropy, 3);
    }
  });

  /** Log-probabilities and entropies by the definition, for each response position. */
  function slowScores(adapter: Adapter, temperature: number) {
    const hidden = ROWS.map((ids) => slowHidden(weights, ids, adapter));
    return Array.from(positions.target, (target, i) => {
      const all = slowLogSoftmax(weights, hidden[positions.row[i]!]![positions.position[i]!]!, temperature);
      return { logprob: all[target]!, entropy: -all.reduce((sum, logp) => sum + Math.exp(logp) * logp, 0) };
    });
  }

  it('has the gradients of the definition for A and B, by central differences', () => {
    // loss = sum c_i logprob_i + d_i entropy_i with different weights, at temperature 0.7.
    const c = positions.target.length;
    const dLogprobs = Float32Array.from({ length: c }, (_, i) => Math.sin(i + 1));
    const dEntropy = Float32Array.from({ length: c }, (_, i) => Math.cos(2 * i));
    const weigh = (logprobs: ArrayLike<number>, entropy: ArrayLike<number>) =>
      dLogprobs.reduce((sum, w, i) => sum + w * logprobs[i]! + dEntropy[i]! * entropy[i]!, 0);
    const slowLoss = (a: Adapter) => {
      const scores = slowScores(a, 0.7);
      return weigh(
        scores.map((s) => s.logprob),
        scores.map((s) => s.entropy),
      );
    };
    const { loss, gradients } = backbone.backward({ ids: ROWS }, lora, (hidden) =>
      completionLogprobsWithGradient(
        backbone,
        hidden,
        positions,
        0.7,
        (logprobs, entropy) => ({ loss: weigh(logprobs, entropy), dLogprobs, dEntropy }),
        { withEntropyGradient: true },
      ),
    );
    expect(loss).toBeCloseTo(slowLoss(adapter), 3);
    expect([...gradients.keys()].sort()).toEqual([...lora.variables.keys()].sort());
    const rng = new Rng(4);
    for (const [name, gradient] of gradients) {
      const [key, half] = name.split('.lora_') as [string, 'A' | 'B'];
      const pair = adapter.pairs.get(key)!;
      const [rows, columns] = gradient.shape as [number, number]; // A [in, r], B [r, out]; PEFT's are the transposes
      const r = rng.integer(rows);
      const k = rng.integer(columns);
      const step = 2 ** -9; // exact in float32
      const nudged = (by: number) => {
        const values = half === 'A' ? pair.a.slice() : pair.b.slice();
        values[k * rows + r]! += by;
        const after = { ...pair, [half.toLowerCase()]: values };
        return {
          value: values[k * rows + r]!,
          loss: slowLoss({ ...adapter, pairs: new Map([...adapter.pairs, [key, after]]) }),
        };
      };
      const [up, down] = [nudged(step), nudged(-step)];
      const slope = (up.loss - down.loss) / (up.value - down.value);
      const actual = (gradient.arraySync() as number[][])[r]![k]!;
      expect(Math.abs(actual - slope), `${name}[${r}, ${k}]: ${actual} against ${slope}`).toBeLessThan(
        2e-3 * Math.max(1, Math.abs(slope)),
      );
    }
    disposeGradients(gradients);
  });
});

describe.skipIf(problem !== null)('training a tiny Llama', () => {
  const weights = tinyWeights({ seed: 11 });
  const { config } = weights;
  let backbone: Backbone;
  beforeAll(async () => {
    await startBackend();
    backbone = loadBackbone({ weights });
  });
  afterAll(() => backbone?.dispose());

  const sft = (positions: CompletionPositions) => (hidden: Tensor3D) =>
    completionLogprobsWithGradient(backbone, hidden, positions, 1, (logprobs) => crossEntropy(logprobs));

  it.each([
    ['plain', false],
    ['layer-normed', true],
  ])('has the gradients of a %s scalar head for its variables and for the hidden states', (_, layerNorm) => {
    const head = createScalarHead({
      name: 'reward',
      hiddenSize: 64,
      init: 'normal',
      bias: 0.5,
      rng: new Rng(5),
      layerNorm,
    });
    const at = { row: Int32Array.of(0, 1, 1), position: Int32Array.of(6, 0, 2) };
    const dValues = Float32Array.of(1, -2, 0.5);
    const weigh = (values: Float32Array) => values.reduce((sum, value, i) => sum + value * dValues[i]!, 0);
    tf.tidy(() => {
      const hidden = backbone.hidden({ ids: ROWS }, null);
      const loss = head.loss(hidden, at, (values) => ({ loss: weigh(values), dValues }));
      const direction = (shape: number[]) => tf.randomNormal(shape, 0, 1, 'float32', 3);
      const step = 1e-2;
      const slope = (lossAt: (sign: number) => number) => (lossAt(1) - lossAt(-1)) / (2 * step);
      const dot = (a: HeadLoss['dHidden'] | undefined, b: ReturnType<typeof direction>) =>
        tf.sum(tf.mul(a!, b)).dataSync()[0]!;

      const h = direction(hidden.shape);
      const forHidden = slope((sign) => weigh(head.values(tf.add(hidden, tf.mul(h, sign * step)) as Tensor3D, at)));
      expect(dot(loss.dHidden, h)).toBeCloseTo(forHidden, 1);
      for (const [name, variable] of head.variables) {
        const d = direction(variable.shape);
        const original = variable.clone();
        const forVariable = slope((sign) => {
          variable.assign(tf.add(original, tf.mul(d, sign * step)));
          return weigh(head.values(hidden, at));
        });
        variable.assign(original);
        expect(dot(loss.gradients.get(name) as Tensor3D, d), name).toBeCloseTo(forVariable, 1);
      }
      const detached = head.loss(hidden, at, (values) => ({ loss: weigh(values), dValues }), { detached: true });
      expect(tf.max(tf.abs(detached.dHidden)).dataSync()[0]).toBe(0);
      expect(detached.gradients.get('reward.weight')!.arraySync()).toEqual(
        loss.gradients.get('reward.weight')!.arraySync(),
      );
    });
    head.dispose();
  });

  it('starts a value head at zero weights and the given bias', () => {
    const head = createScalarHead({ name: 'value', hiddenSize: 64, init: 'zero', bias: -1.25, rng: new Rng(5) });
    const values = tf.tidy(() => head.values(backbone.hidden({ ids: ROWS }, null), completionPositions(ROWS, PROMPTS)));
    expect(values).toEqual(new Float32Array(values.length).fill(-1.25));
    head.dispose();
  });

  it('overfits one sentence in 50 steps, together with a value head, and keeps no tensor', () => {
    const ids = [Int32Array.from([10, ...Buffer.from('The cat sat.'), 257])];
    const positions = completionPositions(ids, [1]);
    const lora = createLora(config, { rank: 4, alpha: 8, rng: new Rng(6) });
    const value = createScalarHead({ name: 'value', hiddenSize: 64, init: 'zero', rng: new Rng(5), layerNorm: true });
    const variables = new Map([...lora.variables, ...value.variables]);
    const optimiser = new AdamW();
    const losses: number[] = [];
    const counts = new Set<number>();
    for (let step = 0; step < 50; step++) {
      const { gradients, metrics } = backbone.backward({ ids }, lora, (hidden) =>
        addHeadLosses(
          completionLogprobsWithGradient(backbone, hidden, positions, 1, (logprobs) => {
            const loss = crossEntropy(logprobs);
            return { ...loss, metrics: { sft: loss.loss } };
          }),
          value.loss(hidden, positions, (v) => ({ loss: 0, dValues: v.map((x) => x - 2), metrics: { value: v[0]! } }), {
            detached: true,
          }),
        ),
      );
      optimiser.step(variables, gradients, (name) => (name.startsWith('value') ? 0.05 : 0.02));
      disposeGradients(gradients);
      losses.push(metrics.sft!);
      if (step > 0) counts.add(tf.memory().numTensors);
    }
    expect(losses[0]).toBeGreaterThan(4); // near ln 288 = 5.66
    // Hidden states have length 8, embeddings 0.8, so no logit exceeds 6.4: the floor is ln(1 + 287 / e^6.4) = 0.39.
    expect(losses.at(-1)).toBeLessThan(0.7);
    expect(counts.size).toBe(1);
    optimiser.dispose();
    lora.dispose();
    value.dispose();
  });

  it('adds up to the gradient of one batch when rows come one at a time, weighted over the whole', () => {
    const lora = createLora(config, { rank: 4, alpha: 8, rng: new Rng(6) });
    const all = completionPositions(ROWS, PROMPTS);
    const name = 'layers.0.self_attn.v_proj.lora_B';
    const whole = backbone.backward({ ids: ROWS }, lora, sft(all));
    const parts = ROWS.map((row, i) =>
      backbone.backward({ ids: [row] }, lora, (hidden) =>
        completionLogprobsWithGradient(backbone, hidden, completionPositions([row], [PROMPTS[i]!]), 1, (logprobs) => ({
          loss: 0,
          dLogprobs: logprobs.map(() => -1 / all.target.length),
        })),
      ),
    );
    tf.tidy(() => {
      const sum = parts.map(({ gradients }) => gradients.get(name)!).reduce((a, b) => tf.add(a, b));
      const difference = tf.max(tf.abs(tf.sub(sum, whole.gradients.get(name)!))).dataSync()[0];
      expect(difference).toBeLessThan(1e-6);
    });
    for (const { gradients } of [whole, ...parts]) disposeGradients(gradients);
    lora.dispose();
  });

  it('frees everything when the loss throws, and names a row that is too long', () => {
    const lora = createLora(config, { rank: 4, alpha: 8, rng: new Rng(6) });
    const before = tf.memory().numTensors;
    expect(() =>
      backbone.backward({ ids: ROWS }, lora, () => {
        throw new Error('stop');
      }),
    ).toThrow('stop');
    expect(() => backbone.hidden({ ids: [new Int32Array(1025)] }, null)).toThrow('1025 tokens; the base reads 1024');
    expect(() => backbone.hidden({ ids: [] }, null)).toThrow('The batch has no tokens');
    expect(tf.memory().numTensors).toBe(before);
    lora.dispose();
  });
});
