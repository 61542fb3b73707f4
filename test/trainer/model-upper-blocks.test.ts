// An adapter on only the upper blocks: what enters them is computed once, and all results are the same as without that.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '@/core/rng';
import { nativeBackendProblem, startBackend, tf } from '@/trainer/backend';
import { loadBackbone } from '@/trainer/model/backbone';
import { keepEnteringStates } from '@/trainer/model/entering-states';
import { createLora, loraFromAdapter } from '@/trainer/model/lora';
import { disposeGradients } from '@/trainer/model/optim';
import { packCompletions } from '@/trainer/model/packing';
import type { Backbone, HeadLoss, Lora, NamedGradients } from '@/trainer/model/types';
import { firstAdaptedLayer } from '@/trainer/reward/train';
import { tinyWeights } from './slow-llama';

const problem = nativeBackendProblem();
if (problem) console.warn(`Not run: an adapter on the upper blocks. ${problem}`);

const ids = (first: number, length: number) => Int32Array.from({ length }, (_, i) => first + 3 * i);
const GROUPS = [
  { promptIds: ids(5, 6), completions: [ids(40, 4), ids(60, 7)] },
  { promptIds: ids(9, 3), completions: [ids(80, 2), ids(90, 5)] },
  { promptIds: ids(2, 8), completions: [ids(30, 3)] },
];

describe.skipIf(problem !== null)('an adapter on the upper blocks', () => {
  const weights = tinyWeights({ seed: 7 }); // 2 blocks
  const { config } = weights;
  let backbone: Backbone;
  let upper: Lora;
  beforeAll(async () => {
    await startBackend();
    backbone = loadBackbone({ weights });
    upper = createLora(config, { rank: 3, alpha: 6, firstLayer: 1, rng: new Rng(1) });
    const adapter = upper.toAdapter();
    const rng = new Rng(2);
    for (const [key, pair] of adapter.pairs) if (key.startsWith('layers.1.')) pair.b = pair.b.map(() => rng.normal());
    upper.assign(adapter);
  });
  afterAll(() => {
    upper?.dispose();
    backbone?.dispose();
  });

  const { batch } = packCompletions(GROUPS);
  const largest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);
  /** A loss: the mean square of all hidden states. */
  const lossOf = (hidden: Parameters<Parameters<Backbone['backward']>[2]>[0]): HeadLoss => ({
    loss: tf.tidy(() => tf.mean(tf.square(hidden)).dataSync()[0]!),
    dHidden: tf.mul(hidden, 2 / hidden.size),
    gradients: new Map(),
    metrics: {},
  });
  const values = (gradients: NamedGradients) => {
    const all = new Map([...gradients].map(([name, gradient]) => [name, gradient.dataSync().slice()]));
    disposeGradients(gradients);
    return all;
  };

  it('has pairs only there, and the whole adapter that it writes computes the same', () => {
    expect([...upper.variables.keys()].every((name) => name.startsWith('layers.1.'))).toBe(true);
    const whole = loraFromAdapter(config, upper.toAdapter(), new Rng(0));
    const [a, b] = [upper, whole].map((lora) => tf.tidy(() => backbone.hidden(batch, lora).dataSync().slice()));
    expect(largest(a!, b!)).toBeLessThan(1e-6);
    const full = values(backbone.backward(batch, whole, lossOf).gradients);
    const own = values(backbone.backward(batch, upper, lossOf).gradients);
    expect([...own.keys()].sort()).toEqual([...upper.variables.keys()].sort());
    for (const [name, gradient] of own) expect(largest(gradient, full.get(name)!), name).toBeLessThan(1e-6);
    expect(Math.max(...own.get('layers.1.mlp.up_proj.lora_A')!.map(Math.abs))).toBeGreaterThan(1e-4);
    const lower = whole.toAdapter();
    lower.pairs.get('layers.0.mlp.up_proj')!.b.fill(1);
    expect(() => upper.assign(lower)).toThrow(
      'The adapter changes block 0, but only blocks from 1 on are adapted here',
    );
    whole.dispose();
  });

  it('gives the same hidden states and gradients from kept states as from the tokens, within rounding', () => {
    const tensors = tf.memory().numTensors;
    const states = keepEnteringStates(backbone, 1, 2 ** 20);
    const [fresh, kept] = [undefined, states.of(batch)!];
    const hidden = [fresh, kept].map((entering) =>
      tf.tidy(() => backbone.hidden(batch, upper, entering).dataSync().slice()),
    );
    // Products of other shapes sum in another order, so kept states differ: by 3e-6 with AVX-512, 6e-6 with AVX2.
    expect(largest(hidden[0]!, hidden[1]!)).toBeLessThan(2e-5);
    const [slow, fast] = [fresh, kept].map((entering) => backbone.backward(batch, upper, lossOf, entering));
    expect(fast!.loss).toBeCloseTo(slow!.loss, 6);
    const expected = values(slow!.gradients);
    for (const [name, gradient] of values(fast!.gradients)) {
      expect(largest(gradient, expected.get(name)!), name).toBeLessThan(1e-6);
    }
    kept.dispose();
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('keeps a row’s states bit for bit, whatever its batch, and recomputes them if there is no room', () => {
    const [first, second] = [GROUPS[0]!, GROUPS[1]!].map((group) => packCompletions([group]).batch);
    const read = (states: ReturnType<typeof keepEnteringStates>, rows: typeof batch) =>
      tf.tidy(() => states.of(rows)!.dataSync().slice());
    const roomy = keepEnteringStates(backbone, 1, 2 ** 20);
    const together = read(roomy, packCompletions(GROUPS.slice(0, 2)).batch); // longest row first
    expect(together).toEqual(Float32Array.from([...read(roomy, first!), ...read(roomy, second!)]));
    const none = keepEnteringStates(backbone, 1, 0);
    expect(read(none, first!)).toEqual(read(roomy, first!));
    expect(keepEnteringStates(backbone, 0, 2 ** 20).of(batch)).toBeUndefined();
  });

  it('covers the given share of the blocks, from the top, and at least one', () => {
    expect([1, 1 / 3, 0.01].map((share) => firstAdaptedLayer(30, share))).toEqual([0, 20, 29]);
    expect(firstAdaptedLayer(2, 0.5)).toBe(1);
  });
});
