// TRPO's parts against their definitions: the Fisher-vector product, the divergence, conjugate gradients, the region.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Rng } from '@/core/rng';
import { startBackend, tf } from '@/trainer/backend';
import { loadBackbone } from '@/trainer/model/backbone';
import type { Backbone, Lora } from '@/trainer/model/types';
import {
  addScaled,
  assignVariables,
  conjugateGradient,
  dot,
  fisherProduct,
  meanDivergence,
  restPolicy,
} from '@/trainer/policy/algorithms/fisher';
import { tinyWeights } from './algorithms-support';
import { newPolicy, PROMPTS, runTask, sampleCompletions, taskConfig } from './policy-task';

let backbone: Backbone;
let policy: Lora;
beforeAll(async () => {
  await startBackend();
  backbone = loadBackbone({ weights: tinyWeights(7) });
  policy = newPolicy();
  // Away from B = 0, where A has no effect yet.
  const rng = new Rng(11);
  for (const [name, variable] of policy.variables) {
    if (!name.endsWith('lora_B')) continue;
    tf.tidy(() =>
      variable.assign(
        tf.tensor(
          Float32Array.from({ length: variable.size }, () => 0.1 * rng.normal()),
          variable.shape,
        ),
      ),
    );
  }
});
afterAll(() => {
  policy.dispose();
  backbone.dispose();
});

const completions = () =>
  sampleCompletions(
    backbone,
    policy,
    PROMPTS.slice(0, 6),
    PROMPTS.map((_, i) => i),
  ).map(({ ids }, i) => ({ promptIds: PROMPTS[i]!, completionIds: Int32Array.from(ids) }));

const randomVector = (length: number, seed: number) => {
  const rng = new Rng(seed);
  return Float32Array.from({ length }, () => rng.normal());
};

describe('the Fisher-vector product', () => {
  test('is the second derivative of the divergence: v F v = 2 KL(step v) / step^2', () => {
    const resting = restPolicy({ backbone, policy }, completions(), 256);
    for (const seed of [1, 2, 3]) {
      const v = randomVector(resting.parameters.length, seed);
      const curvature = dot(v, fisherProduct({ backbone, policy }, resting, v, 0));
      // The mean over both signs cancels the third derivative; the fourth is small at this step.
      const step = 3e-3;
      const divergences = [step, -step].map((by) => {
        assignVariables(policy.variables, addScaled(resting.parameters, v, by));
        return meanDivergence({ backbone, policy }, resting);
      });
      assignVariables(policy.variables, resting.parameters);
      const expected = (divergences[0]! + divergences[1]!) / step ** 2;
      expect(curvature).toBeGreaterThan(0);
      expect(Math.abs(curvature / expected - 1)).toBeLessThan(0.01);
    }
  });

  test('is symmetric, linear, damped by the diagonal, and leaves the policy as it was', () => {
    const tensors = tf.memory().numTensors;
    const resting = restPolicy({ backbone, policy }, completions(), 256);
    const [u, v] = [randomVector(resting.parameters.length, 4), randomVector(resting.parameters.length, 5)];
    const times = (x: Float32Array, damping = 0) => fisherProduct({ backbone, policy }, resting, x, damping);
    const [uFv, vFu] = [dot(u, times(v)), dot(v, times(u))];
    expect(Math.abs(uFv - vFu)).toBeLessThan(2e-3 * Math.sqrt(dot(u, times(u)) * dot(v, times(v))));
    const sum = times(addScaled(u, v, 2));
    const parts = addScaled(times(u), times(v), 2);
    expect(Math.sqrt(dot(addScaled(sum, parts, -1), addScaled(sum, parts, -1)) / dot(parts, parts))).toBeLessThan(5e-3);
    expect(dot(u, times(u, 0.1)) - dot(u, times(u))).toBeCloseTo(0.1 * dot(u, u), 2);
    expect(restPolicy({ backbone, policy }, completions(), 256).parameters).toEqual(resting.parameters);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  test('does not depend on how answers are packed', () => {
    const rows = completions();
    const v = randomVector(restPolicy({ backbone, policy }, rows, 16).parameters.length, 6);
    const [apart, together] = [16, 1024].map((tokens) =>
      fisherProduct({ backbone, policy }, restPolicy({ backbone, policy }, rows, tokens), v, 0),
    );
    const error = addScaled(apart!, together!, -1);
    expect(Math.sqrt(dot(error, error) / dot(together!, together!))).toBeLessThan(2e-3);
  });
});

test('the divergence of an unchanged policy is 0, and that of a changed one is positive', () => {
  const resting = restPolicy({ backbone, policy }, completions(), 256);
  expect(Math.abs(meanDivergence({ backbone, policy }, resting))).toBeLessThan(1e-7);
  assignVariables(policy.variables, addScaled(resting.parameters, randomVector(resting.parameters.length, 7), 0.05));
  expect(meanDivergence({ backbone, policy }, resting)).toBeGreaterThan(1e-3);
  assignVariables(policy.variables, resting.parameters);
});

test('conjugate gradients solve a symmetric system in as many steps as it has dimensions', () => {
  // [[4, 1], [1, 3]] x = [1, 2]: x = [1, 7] / 11.
  const times = (v: Float32Array) => Float32Array.of(4 * v[0]! + v[1]!, v[0]! + 3 * v[1]!);
  const x = conjugateGradient(times, Float32Array.of(1, 2), 2);
  expect(x[0]).toBeCloseTo(1 / 11, 6);
  expect(x[1]).toBeCloseTo(7 / 11, 6);
});

test('every update stays in its region and keeps what its quadratic model promises', async () => {
  const policy = newPolicy();
  const { log } = await runTask(backbone, policy, taskConfig('trpo', { iterations: 4, target_kl_per_token: 0.01 }));
  const steps = log.filter((metrics) => 'trpo/step_kl_per_token' in metrics);
  expect(steps.length).toBe(4);
  for (const metrics of steps) {
    expect(metrics['trpo/step_kl_per_token']).toBeLessThanOrEqual(0.01);
    expect(metrics['trpo/step_kl_per_token']).toBeGreaterThan(1e-4);
    expect(metrics['trpo/surrogate_improvement']).toBeGreaterThan(0);
    // Within a factor of two, in a region this small.
    const promise = metrics['trpo/surrogate_improvement']! / metrics['trpo/expected_improvement']!;
    expect(promise).toBeGreaterThan(0.5);
    expect(promise).toBeLessThan(2);
  }
  policy.dispose();
});
