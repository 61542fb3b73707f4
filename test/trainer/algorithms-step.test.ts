// One policy step and its terms: A2C is PPO's first step, packing changes nothing, each term has its expected effect.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PolicyConfig } from '@/core/config/policy';
import { startBackend } from '@/trainer/backend';
import { loadBackbone } from '@/trainer/model/backbone';
import type { Backbone, Lora } from '@/trainer/model/types';
import type { PolicyInput } from '@/trainer/policy/run';
import { scoreCompletions } from '@/trainer/sampling/completion-logprobs';
import { tinyWeights } from './algorithms-support';
import { judgePolicy, newPolicy, PROMPTS, preferences, runTask, sampleCompletions, taskConfig } from './policy-task';

let backbone: Backbone;
beforeAll(async () => {
  await startBackend();
  backbone = loadBackbone({ weights: tinyWeights(7) });
});
afterAll(() => backbone.dispose());

const once = { iterations: 1, sequences: 24, learningRate: 1e-2 };

/** Returns the policy's variables after a run. */
async function after(config: PolicyConfig, changes: Partial<PolicyInput> = {}) {
  const policy = newPolicy();
  const { log } = await runTask(backbone, policy, config, changes);
  const variables = new Map([...policy.variables].map(([name, x]) => [name, x.dataSync().slice() as Float32Array]));
  const figures = judgePolicy(backbone, policy);
  policy.dispose();
  return { log, variables, figures };
}

function expectSame(a: Map<string, Float32Array>, b: Map<string, Float32Array>, tolerance: number): void {
  let moved = 0;
  const start = newPolicy();
  for (const [name, values] of a) {
    const from = start.variables.get(name)!.dataSync();
    values.forEach((x, i) => {
      expect(Math.abs(x - b.get(name)![i]!), `${name}[${i}]`).toBeLessThanOrEqual(tolerance);
      moved = Math.max(moved, Math.abs(x - from[i]!));
    });
  }
  start.dispose();
  expect(moved).toBeGreaterThan(5e-3); // the step has size 1e-2: the policies are not equal because neither moved
}

test("A2C's update is the first step of PPO with one epoch and one minibatch, bit for bit", async () => {
  const one = await after(taskConfig('a2c', once));
  const other = await after(taskConfig('ppo', { ...once, epochs: 1, minibatch: 24 }));
  expectSame(one.variables, other.variables, 0);
  const more = await after(taskConfig('ppo', { ...once, epochs: 2, minibatch: 24 }));
  expect([...more.variables.values()]).not.toEqual([...one.variables.values()]);
});

test('micro-batches of any size make the same step', async () => {
  // AdamW divides a gradient by its own size: rounding in a tiny one is visible, so the bound is a tenth of the step.
  for (const aggregation of ['token-mean', 'seq-mean-token-sum', 'seq-mean-token-mean']) {
    const step = { ...once, aggregation, epochs: 1, minibatch: 24, adamEpsilon: 1e-3 };
    const whole = await after(taskConfig('ppo', { ...step, microBatchTokens: 4096 }));
    const parts = await after(taskConfig('ppo', { ...step, microBatchTokens: 20 }));
    expectSame(whole.variables, parts.variables, 1e-4);
  }
});

describe('each term has its own effect', () => {
  const long = { iterations: 4, sequences: 32 };

  test('an entropy bonus leaves the policy more varied', async () => {
    const entropyOf = ({ log }: Awaited<ReturnType<typeof after>>) => log.at(-1)!['objective/entropy']!;
    const [plain, varied] = [
      await after(taskConfig('ppo', { ...long, iterations: 6 })),
      await after(taskConfig('ppo', { ...long, iterations: 6, entropyCoefficient: 0.3 })),
    ];
    expect(entropyOf(varied)).toBeGreaterThan(entropyOf(plain) + 1);
  });

  test('divergence charged in the loss holds the policy back, with each estimator that has a gradient', async () => {
    const free = await after(taskConfig('ppo', { ...long, klCoefficient: 0 }));
    for (const klEstimator of ['k2', 'k3']) {
      const held = await after(taskConfig('ppo', { ...long, klCoefficient: 3, klIn: 'loss', klEstimator }));
      expect(held.figures.kl).toBeLessThan(free.figures.kl / 2);
      expect(held.log[1]!['loss/kl_avg']).toBeGreaterThan(0);
    }
  });

  test('demonstrations in the loss become more likely than with the reward only', async () => {
    const demonstrations = preferences(backbone, 40, 77).comparisons.map(({ promptIds }) => ({
      promptIds,
      completionIds: Int32Array.of(20, 21, 22, 1),
    }));
    const meanLogprob = async (coefficient: number) => {
      const policy = newPolicy();
      const config = taskConfig('ppo', { ...long, demonstrationCoefficient: coefficient });
      await runTask(backbone, policy, config, { demonstrations });
      const rows = scoreCompletions(backbone, policy, demonstrations.slice(0, 4), 512).logprobs;
      policy.dispose();
      return rows.flatMap((row) => [...row]).reduce((a, b) => a + b, 0) / 16;
    };
    expect(await meanLogprob(0.5)).toBeGreaterThan((await meanLogprob(0)) + 0.5);
  });

  test('critic warm-up trains only the value head, after which the policy learns', async () => {
    const policy = newPolicy();
    const before = policy.toAdapter();
    const config = taskConfig('ppo', { iterations: 2, sequences: 24, criticWarmup: 2 });
    const warm = await runTask(backbone, policy, config);
    expect(warm.adapter).toEqual(before);
    expect(warm.log[0]).toMatchObject({ steps: 0 });
    expect(warm.log[0]!.value_grad_norm).toBeGreaterThan(0);
    expect(warm.log[1]!['critic/vf_explained_var']).toBeGreaterThan(warm.log[0]!['critic/vf_explained_var']!);
    policy.dispose();
  });

  test('whitened rewards and running score scaling change the scores’ scale, but the policy still learns', async () => {
    const reward = {
      score: (rows: readonly { completionIds: Int32Array }[]) =>
        rows.map(({ completionIds }) => 40 * (completionIds[0]! % 2)),
    };
    const scaled = taskConfig('ppo', {
      ...long,
      scoreScaling: 'running',
      whitenRewards: true,
      unbiasedWhitening: true,
    });
    const { log } = await after(scaled, { reward });
    // Half the rewards are 0 and half 40: the deviation is about 20, so scores are 0 or about 2, below the clip of 5.
    expect(log[0]!['objective/scores_std']).toBeGreaterThan(0.8);
    expect(log[0]!['objective/scores_std']).toBeLessThan(1.2);
    expect(log.at(-1)!['objective/reward_model']).toBeGreaterThan(log[0]!['objective/reward_model']! + 5);
  });
});

describe('stored answers as experience', () => {
  const stored = (policy: Lora | null, updatesBehind: number, sampling: object = {}) =>
    sampleCompletions(
      backbone,
      policy,
      PROMPTS,
      PROMPTS.map((_, i) => 5000 + i),
    ).map(({ ids, logprobs }, i) => ({
      promptIds: PROMPTS[i]!,
      completionIds: Int32Array.from(ids),
      updatesBehind,
      logprobs: Float32Array.from(logprobs),
      sampling: { temperature: 1, topK: 0, topP: 1, repetitionPenalty: 1, ...sampling },
    }));

  test('count only within the bound on staleness, and are left out of the metrics', async () => {
    const config = taskConfig('ppo', { iterations: 3, sequences: 12, maxStaleness: 1, storedShare: 0.5 });
    const completions = [...stored(null, 0), ...stored(null, 5), ...stored(null, 0, { topP: 0.9 })];
    const { log } = await after(config, { stored: completions });
    expect(log[0]).toMatchObject({ 'stored/refused_stale': 12, 'stored/refused_truncated_sampling': 12 });
    // Iteration 0 takes 6 of the parent's 12, iteration 1 the other 6, one update behind; then none are left.
    expect(log[0]!['stored/answers']).toBeUndefined();
    expect(log[1]).toMatchObject({ 'stored/answers': 6, 'stored/staleness_max': 1 });
    expect(log[2]!['stored/answers']).toBeUndefined();
    // In iteration 1 only the 6 fresh answers are counted.
    expect(log[1]!['val/num_eos_tokens']).toBeLessThanOrEqual(6);
  });

  test('of an older policy are weighted by how likely the current policy finds them', async () => {
    const config = taskConfig('ppo', {
      iterations: 2,
      sequences: 12,
      maxStaleness: 1,
      storedShare: 0.5,
      learningRate: 2e-2,
    });
    const { log } = await after(config, { stored: stored(null, 0) });
    expect(Math.abs(log[0]!['sampling/importance_sampling_ratio/max']! - 1)).toBeLessThan(1e-3);
    expect(log[1]!['sampling/importance_sampling_ratio/max']).toBeGreaterThan(1.1);
    expect(log[1]!['sampling/importance_sampling_ratio/min']).toBeLessThan(0.9);
  });
});

test('the raw figures show an engine whose log-probs differ, and each kind of bound gives another step', async () => {
  const off = {
    sample: async (prompts: readonly Int32Array[], _id: string, _sampling: unknown, seeds: readonly number[]) =>
      sampleCompletions(backbone, null, prompts, seeds).map(({ ids, logprobs }) => ({
        ids,
        logprobs: logprobs.map((x, t) => (t === 0 ? x - 2 : x)),
      })),
  };
  const norms: number[] = [];
  for (const importance of ['truncate', 'icepop', 'sequence-mask']) {
    const { log } = await after(taskConfig('ppo', { ...once, importance }), { engine: off });
    // The ratio is exp(2) on the first token of each answer.
    expect(log[0]!['sampling/importance_sampling_ratio/max']).toBeCloseTo(Math.exp(2), 3);
    expect(log[0]!['sampling/sampling_logp_difference/max']).toBeCloseTo(2, 4);
    norms.push(log[0]!.grad_norm!);
  }
  // That token's weight is 2, 0 and 7.4 (the geometric mean over 12 tokens, e^(2 / 12), is within the bounds).
  const [truncated, icepop, masked] = norms;
  expect(masked).toBeGreaterThan(truncated! * 1.1);
  expect(Math.abs(icepop! - truncated!)).toBeGreaterThan(0.01);
});
