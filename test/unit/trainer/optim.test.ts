// The optimiser against torch's and TF1's Adam, AdamW, and the formulas of clipping and schedules.
import { describe, expect, it } from 'vitest';
import { type Tensor, tf, type Variable } from '@/trainer/backend';
import {
  AdamW,
  type AdamWConfig,
  addGradients,
  clipByGlobalNorm,
  disposeGradients,
  globalNorm,
  learningRateAt,
} from '@/trainer/model/optim';
import { golden } from './golden';

const gradient = (...values: number[]): Tensor => tf.tensor1d(values);

/** The parameter after each of three steps of lr 1e-3 from 1.0. */
function run(config: Partial<AdamWConfig>): number[] {
  const variable: Variable = tf.variable(tf.tensor1d([1]));
  const optimiser = new AdamW(config);
  const path = [1e-4, 2e-4, -1e-4].map((g) => {
    optimiser.step(new Map([['w', variable]]), new Map([['w', gradient(g)]]), 1e-3);
    return variable.dataSync()[0]!;
  });
  optimiser.dispose();
  return path;
}

const expectPath = (actual: number[], expected: number[]) => {
  for (const [i, value] of expected.entries()) expect(Math.abs(actual[i]! - value)).toBeLessThan(2e-7); // one float32 ulp at 1 is 1.2e-7
};

describe('AdamW', () => {
  it('equals torch.optim.Adam with epsilon 1e-5', () => {
    expectPath(run({ epsilonStyle: 'torch', epsilon: 1e-5 }), golden.adam.torch_style);
  });

  it("equals TF1's Adam, whose epsilon is added before the bias correction", () => {
    expectPath(run({ epsilonStyle: 'tf1', epsilon: 1e-5 }), golden.adam.tf1_style);
  });

  it('equals torch.optim.AdamW with weight decay 0.1', () => {
    expectPath(run({ epsilon: 1e-8, weightDecay: 0.1 }), golden.adamw.values);
  });

  it("also equals TensorFlow.js's Adam, which has torch's epsilon", () => {
    const { eps, values_float32 } = golden.tfjs_adam_4_22;
    expectPath(run({ epsilonStyle: 'torch', epsilon: eps }), values_float32);
  });

  it('keeps moments by name: a step without a variable does not change it or its moments', () => {
    const variables = new Map<string, Variable>([
      ['a', tf.variable(tf.tensor1d([1]))],
      ['b', tf.variable(tf.tensor1d([1]))],
    ]);
    const optimiser = new AdamW();
    optimiser.step(variables, new Map([['a', gradient(1)]]), 0.1);
    optimiser.step(variables, new Map([['b', gradient(0)]]), 0.1);
    expect(variables.get('b')!.dataSync()[0]).toBe(1);
    expect(optimiser.state().moments.get('a')!.step).toBe(1);
    expect(() => optimiser.step(variables, new Map([['c', gradient(0)]]), 0.1)).toThrow(
      'There is a gradient for c, which is not a variable.',
    );
    optimiser.dispose();
  });

  it('moves tensors of one shape together, bit for bit as each alone, with separate rates and counts', () => {
    const names = ['a', 'b', 'c'];
    const rates: Record<string, number> = { a: 0.1, b: 0.1, c: 0.01 };
    const move = (groups: string[][]) => {
      const variables = new Map(names.map((name, i) => [name, tf.variable(tf.tensor1d([0.3 + i, -2 / (i + 1)]))]));
      const optimisers = new Map(groups.map((group) => [group, new AdamW({ weightDecay: 0.01 })]));
      for (let step = 0; step < 3; step++) {
        for (const [group, optimiser] of optimisers) {
          const moved = group.filter((name) => name !== 'b' || step > 0); // b is one update behind
          const gradients = moved.map((name): [string, Tensor] => [name, gradient(0.5 - step, rates[name]!)]);
          optimiser.step(variables, new Map(gradients), (name) => rates[name]!);
        }
      }
      return [...variables.values()].map((variable) => [...variable.dataSync()]);
    };
    expect(move([names])).toEqual(move(names.map((name) => [name])));
  });

  it('takes the same next step, bit for bit, after its state was saved and restored', () => {
    const next = (restore: boolean) => {
      const variables = new Map<string, Variable>([['w', tf.variable(tf.tensor1d([0.3, -2]))]]);
      let optimiser = new AdamW({ weightDecay: 0.01 });
      for (const g of [0.5, -0.25]) optimiser.step(variables, new Map([['w', gradient(g, 2 * g)]]), 0.01);
      if (restore) {
        const state = structuredClone(optimiser.state());
        optimiser = new AdamW({ weightDecay: 0.01 });
        optimiser.restore(state, variables);
      }
      optimiser.step(variables, new Map([['w', gradient(0.1, 0.2)]]), 0.01);
      return variables.get('w')!.dataSync();
    };
    expect(next(true)).toEqual(next(false));
    const state = { moments: new Map([['w', { step: 1, m: new Float32Array(3), v: new Float32Array(3) }]]) };
    expect(() => new AdamW().restore(state, new Map([['w', tf.variable(tf.tensor1d([1]))]]))).toThrow(/moments of w/);
  });

  it('keeps no tensors except the two moments of each variable', () => {
    const variables = new Map<string, Variable>([['w', tf.variable(tf.tensor1d([1, 2]))]]);
    const optimiser = new AdamW();
    const step = () => {
      const gradients = new Map([['w', gradient(1, 2)]]);
      clipByGlobalNorm(gradients, 1);
      optimiser.step(variables, gradients, 0.1);
      disposeGradients(gradients);
    };
    const before = tf.memory().numTensors;
    step();
    expect(tf.memory().numTensors).toBe(before + 2);
    for (let i = 0; i < 50; i++) step();
    expect(tf.memory().numTensors).toBe(before + 2);
    optimiser.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('gradients', () => {
  it('are clipped to a global norm over all names', () => {
    // (3, 4) and (12) have norm 13; clipping to 6.5 halves them.
    const gradients = new Map([
      ['a', gradient(3, 4)],
      ['b', gradient(12)],
    ]);
    expect(clipByGlobalNorm(gradients, 6.5)).toBeCloseTo(13, 5);
    expect(gradients.get('a')!.dataSync()[0]).toBeCloseTo(1.5, 5);
    expect(gradients.get('b')!.dataSync()[0]).toBeCloseTo(6, 5);
    expect(clipByGlobalNorm(gradients, 100)).toBeCloseTo(6.5, 5);
    expect(gradients.get('b')!.dataSync()[0]).toBeCloseTo(6, 5);
  });

  it('that are not finite stop the step with an error that names one', () => {
    const gradients = new Map([
      ['a', gradient(1)],
      ['b', gradient(Number.NaN)],
    ]);
    expect(() => globalNorm(gradients)).toThrow('The gradient of b is not finite');
    expect(globalNorm(new Map())).toBe(0);
  });

  it('accumulate by name, and the added part is disposed', () => {
    const sum = new Map([['a', gradient(1)]]);
    const before = tf.memory().numTensors;
    addGradients(
      sum,
      new Map([
        ['a', gradient(2)],
        ['b', gradient(5)],
      ]),
    );
    expect(sum.get('a')!.dataSync()[0]).toBe(3);
    expect(sum.get('b')!.dataSync()[0]).toBe(5);
    expect(tf.memory().numTensors).toBe(before + 1);
  });
});

describe('learningRateAt', () => {
  const at = (kind: 'constant' | 'linear' | 'cosine', finalRatio?: number) =>
    [0, 1, 2, 6, 10, 20].map((step) =>
      learningRateAt({ kind, lr: 2, warmupSteps: 2, totalSteps: 10, finalRatio }, step),
    );
  it('warms up from lr / warmupSteps, then stays, falls linearly, or falls as a cosine to its final share', () => {
    expect(at('constant')).toEqual([1, 2, 2, 2, 2, 2]);
    expect(at('linear')).toEqual([1, 2, 2, 1, 0, 0]);
    // Halfway a cosine is at 0.5: 2 * (0.1 + 0.9 * 0.5) = 1.1; at the end it is 2 * 0.1.
    expect(at('cosine', 0.1).map((lr) => Math.round(lr * 1e9) / 1e9)).toEqual([1, 2, 2, 1.1, 0.2, 0.2]);
  });
});
