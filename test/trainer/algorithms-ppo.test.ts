// PPO on a tiny model: it learns, resumes bit for bit, refuses and stops when it must, and leaks no tensor.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PpoConfig } from '@/core/config/policy';
import { PRESETS } from '@/core/config/presets';
import { Rng } from '@/core/rng';
import type { Finding } from '@/core/verdict';
import { startBackend, tf } from '@/trainer/backend';
import type { Constraint } from '@/trainer/math/constraint';
import { loadBackbone } from '@/trainer/model/backbone';
import { createLora } from '@/trainer/model/lora';
import type { Backbone, Lora } from '@/trainer/model/types';
import { ppo } from '@/trainer/policy/algorithms/ppo';
import { optimiseOnPolicy } from '@/trainer/policy/loop';
import type { PolicyInput, PolicyState } from '@/trainer/policy/run';
import type { Metrics } from '@/trainer/runs/store';
import type { Completion } from '@/trainer/sampling/completion-logprobs';
import { END, slowEngine, TINY, tinyWeights } from './algorithms-support';
import { runInterrupted } from './interrupted';

let backbone: Backbone;
beforeAll(async () => {
  await startBackend();
  backbone = loadBackbone({ weights: tinyWeights(7) });
});
afterAll(() => backbone.dispose());

const WANTED = 5;
/** The share of one token in the answer, times 4. */
const shareOfWanted = ({ completionIds }: Completion) =>
  (4 * completionIds.filter((id) => id === WANTED).length) / completionIds.length;
const prompts = Array.from({ length: 12 }, (_, i) => Int32Array.of(2 + i, 3, 4));
const config = (changes: Partial<PpoConfig> = {}): PpoConfig => ({ ...PRESETS.tiny.ppo, eosPenalty: 0, ...changes });

const trainPpo = (input: PolicyInput<PpoConfig>) => optimiseOnPolicy(input, ppo(input.config));

const newPolicy = () => createLora(TINY, { rank: 4, alpha: 8, rng: new Rng(3) });

async function run(policy: Lora, changes: Partial<PolicyInput<PpoConfig>> = {}) {
  const engine = slowEngine(backbone);
  const log: Metrics[] = [];
  try {
    const result = await trainPpo({
      backbone,
      policy,
      reference: null,
      reward: { score: (completions) => completions.map(shareOfWanted) },
      constraints: [],
      engine,
      publish: engine.publish,
      decode: (ids) => ids.join(' '),
      prompts,
      config: config(),
      signal: new AbortController().signal,
      onMetrics: (_stage, _iteration, metrics) => log.push(metrics),
      checkpoints: null,
      ...changes,
    });
    return { ...result, log };
  } finally {
    engine.dispose();
  }
}

test('PPO raises the share of a rewarded token, within the divergence budget', async () => {
  const policy = newPolicy();
  const tensors = tf.memory().numTensors;
  const { log, kept } = await run(policy, { config: config({ iterations: 10, klBudget: 30 }) });
  const scores = log.map((metrics) => metrics['objective/scores']!);
  // By chance: 1 token of 24, times 4 = 0.17.
  expect(scores[0]).toBeLessThan(0.5);
  expect(kept.score).toBeGreaterThan(1.5);
  expect(kept.kl).toBeLessThanOrEqual(30);
  expect(log[0]!['objective/kl']).toBe(0);
  expect(log[0]!['training/rollout_probs_diff_max']).toBeLessThan(1e-5);
  expect(tf.memory().numTensors).toBe(tensors);
  policy.dispose();
});

test('a run that was interrupted anywhere and resumed equals one that was not, bit for bit', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'attune-ppo-'));
  try {
    const short = config({
      iterations: 3,
      checkpointEverySteps: 1,
      adaptiveKl: { target_kl_per_sequence: 1, horizon: 200 },
    });
    const whole = newPolicy();
    const expected = await run(whole, { config: short });

    // Aborts after every second checkpoint: during experience, between minibatches and between iterations.
    const stage = { directory, stage: 'ppo', every: 2 };
    const { result: finished, runs } = await runInterrupted<PolicyState, Awaited<ReturnType<typeof run>>>(
      stage,
      async (interrupted) => {
        const policy = newPolicy(); // a new process has none of the old one's variables
        return run(policy, { config: short, ...interrupted }).finally(() => policy.dispose());
      },
    );
    expect(finished.kept).toEqual(expected.kept);
    for (const [key, pair] of expected.adapter.pairs) expect(finished.adapter.pairs.get(key)).toEqual(pair);
    expect(runs).toBeGreaterThan(5);
    whole.dispose();
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('a policy that is not a copy of its reference is refused before the first step', async () => {
  const policy = newPolicy();
  const bumped = policy.variables.get('layers.0.mlp.up_proj.lora_B')!;
  tf.tidy(() => bumped.assign(tf.fill(bumped.shape, 0.3)));
  await expect(run(policy)).rejects.toThrow(/divergence from the reference is [\d.]+; it must be 0/);
  policy.dispose();
});

test('a reward that is not a number ends the run with a sentence, and the parent is kept', async () => {
  const policy = newPolicy();
  const before = policy.toAdapter();
  const reward = { score: (completions: readonly Completion[]) => completions.map(() => Number.NaN) };
  const { verdict, kept, adapter } = await run(policy, { reward });
  expect(verdict).toMatch(/meanScore became NaN/);
  expect(kept.iteration).toBe(0);
  expect(adapter).toEqual(before);
  policy.dispose();
});

test('over the divergence budget the run ends, and a policy within the budget is kept', async () => {
  const policy = newPolicy();
  const { verdict, kept } = await run(policy, {
    config: config({ iterations: 10, klBudget: 0.3, learningRate: 0.02 }),
  });
  expect(verdict).toMatch(/over the budget of 0.3/);
  expect(kept.kl).toBeLessThanOrEqual(0.3);
  policy.dispose();
});

const SHORT: Finding = { name: 'end_rate', value: 0.5, threshold: 0.9, bound: 'min' };

test('a policy that fails its trial is not kept, however well it scores, and the verdict says so', async () => {
  const policy = newPolicy();
  const tried: string[] = [];
  const { verdict, kept, log } = await run(policy, {
    config: config({ iterations: 6, klBudget: 30 }),
    tryOut: async (adapterId) => {
      tried.push(adapterId);
      const isSound = tried.length === 1;
      return { figures: { 'trial/end_rate': 0.5 }, problems: isSound ? [] : [SHORT] };
    },
  });
  const scores = log.map((metrics) => metrics['objective/rlhf_reward']!);
  expect(kept.iteration).toBe(1); // the first policy that was trained, the only one to pass
  expect(kept.objective).toBe(scores[1]);
  // Only policies with a better objective than the kept one are tried.
  const better = scores.flatMap((score, i) => (i > 1 && score > kept.objective ? [i] : []));
  expect(better.length).toBeGreaterThan(0);
  expect(log.flatMap((metrics, i) => ('trial/end_rate' in metrics ? [i] : []))).toEqual([1, ...better]);
  expect(tried).toHaveLength(1 + better.length);
  expect(verdict).toMatch(
    new RegExp(
      `${better.length} better-scored polic.* passed over, .*because end_rate is 0.500, allowed at least 0.900\\.$`,
    ),
  );
  policy.dispose();
});

test('a minibatch at which the policy has moved too far is measured but not applied', async () => {
  const policy = newPolicy();
  const { log } = await run(policy, { config: config({ iterations: 1, epochs: 4, approxKlStop: 1e-5 }) });
  // At the first step the divergence is 0, so it is applied; the second sees its effect and ends the epochs.
  expect(log[0]).toMatchObject({ steps: 1, stopped_early: 1 });
  policy.dispose();
});

test('a broken constraint costs score, its price grows while it is broken, and both are logged', async () => {
  const policy = newPolicy();
  const constraint: Constraint = {
    name: 'no-end',
    costs: async (completions) => completions.map(({ completionIds }) => (completionIds.includes(END) ? 0 : 1)),
    price: 1,
    adaptive: { target: 0, learningRate: 0.1, max: 5, window: 128, delayIterations: 0 },
  };
  const { log } = await run(policy, { constraints: [constraint], config: config({ iterations: 2 }) });
  expect(log[0]!['costs/no-end']).toBeGreaterThan(0);
  // (reward - 1 * cost) / (1 + 1)
  const mixed = (log[0]!['objective/reward_model']! - log[0]!['costs/no-end']!) / 2;
  expect(log[0]!['objective/scores']).toBeCloseTo(mixed, 5);
  expect(log[0]).toMatchObject({ 'constraint/no-end/lambda': 1, 'constraint/no-end/target': 0 });
  // log lambda = 0 + 0.1 * 1 * (cost - 0)
  expect(log[1]!['constraint/no-end/lambda']).toBeCloseTo(Math.exp(0.1 * log[0]!['costs/no-end']!), 5);
  policy.dispose();
});
