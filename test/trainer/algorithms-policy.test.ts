// Every algorithm on one tiny task: it learns, resumes bit for bit, leaks nothing, and refuses unusable data.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALGORITHMS, type AlgorithmName, type PolicyConfig } from '@/core/config/policy';
import { startBackend, tf } from '@/trainer/backend';
import { loadBackbone } from '@/trainer/model/backbone';
import type { Backbone } from '@/trainer/model/types';
import type { PolicyInput, PolicyState } from '@/trainer/policy/run';
import { directoryCheckpoints } from '@/trainer/runs/checkpoint';
import { tinyWeights } from './algorithms-support';
import { runInterrupted } from './interrupted';
import { type Figures, judgePolicy, newPolicy, PROMPTS, preferences, runTask, taskConfig } from './policy-task';

let backbone: Backbone;
let before: Figures;
let data: ReturnType<typeof preferences>;
beforeAll(async () => {
  await startBackend();
  backbone = loadBackbone({ weights: tinyWeights(7) });
  before = judgePolicy(backbone, null);
  data = preferences(backbone, 240, 5);
});
afterAll(() => backbone.dispose());

describe('on fresh answers to the task', () => {
  // The highest score is 4: a random answer scores about 0.8, with a standard error of 0.03 over 384 answers.
  test.each(ALGORITHMS)(
    '%s raises the true score by 0.4 and by 8 standard errors, and frees every tensor',
    async (name) => {
      const policy = newPolicy();
      const tensors = tf.memory().numTensors;
      const { verdict, kept } = await runTask(backbone, policy, taskConfig(name), data);
      expect(tf.memory().numTensors).toBe(tensors);
      const after = judgePolicy(backbone, policy);
      const gain = after.mean - before.mean;
      expect(gain, verdict).toBeGreaterThan(0.4);
      expect(gain / Math.hypot(after.error, before.error), verdict).toBeGreaterThan(8);
      expect(kept.iteration).toBeGreaterThan(0);
      policy.dispose();
    },
  );
});

describe('a run that was interrupted at every second checkpoint and resumed', () => {
  const short: Record<AlgorithmName, object> = {
    // Every feature that keeps its own state is on.
    ppo: {
      iterations: 3,
      checkpointEverySteps: 1,
      scoreScaling: 'running',
      demonstrationCoefficient: 0.05,
      adaptiveKl: { target_kl_per_sequence: 1, horizon: 200 },
      schedule: 'cosine',
      warmupSteps: 3,
      maxStaleness: 2,
      storedShare: 0.25,
      entropyCoefficient: 0.01,
      criticWarmup: 1,
      sequences: 24,
    },
    a2c: { sequences: 24, iterations: 4 },
    trpo: { sequences: 24, iterations: 4, conjugateGradientSteps: 3 },
    rloo: { sequences: 24, iterations: 3, checkpointEverySteps: 1 },
    grpo: { sequences: 24, iterations: 3, checkpointEverySteps: 1 },
    'online-dpo': { sequences: 24, iterations: 3, checkpointEverySteps: 1 },
    dpo: { epochs: 3, checkpointEverySteps: 1 },
    kto: { epochs: 2, checkpointEverySteps: 3 },
  };

  test.each(ALGORITHMS)('%s equals one that was not, bit for bit', async (name) => {
    const directory = await mkdtemp(join(tmpdir(), 'attune-policy-'));
    try {
      const config = taskConfig(name, short[name]);
      const extra: Partial<PolicyInput> = {
        comparisons: data.comparisons.slice(0, 60),
        thumbs: data.thumbs.slice(0, 60),
        demonstrations: data.comparisons.map(({ promptIds, chosenIds }) => ({ promptIds, completionIds: chosenIds })),
        stored: storedCompletions(12),
      };
      const whole = newPolicy();
      const expected = await runTask(backbone, whole, config, extra);
      const { result, runs } = await interrupted(config, extra, directory);
      expect(runs).toBeGreaterThan(2);
      expect(result.kept).toEqual(expected.kept);
      expect(result.verdict).toBe(expected.verdict);
      for (const [key, pair] of expected.adapter.pairs) expect(result.adapter.pairs.get(key)).toEqual(pair);
      whole.dispose();
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

/** Answers of the parent with the log-probs that it gave them: uniform over 24 tokens is close enough for a weight. */
function storedCompletions(count: number) {
  return data.thumbs.slice(0, count).map(({ promptIds, completionIds }) => ({
    promptIds,
    completionIds: completionIds,
    updatesBehind: 0,
    logprobs: new Float32Array(completionIds.length).fill(Math.log(1 / 24)),
    sampling: { temperature: 1, topK: 0, topP: 1, repetitionPenalty: 1 },
  }));
}

const interrupted = (config: PolicyConfig, extra: Partial<PolicyInput>, directory: string) =>
  runInterrupted<PolicyState, Awaited<ReturnType<typeof runTask>>>(
    { directory, stage: 'policy', every: 2 },
    async (attempt) => {
      const policy = newPolicy(); // a new process has none of the old one's variables
      return runTask(backbone, policy, config, { ...extra, ...attempt }).finally(() => policy.dispose());
    },
  );

describe('what cannot be learnt from is refused in a sentence', () => {
  const attempt = async (config: PolicyConfig, changes: Partial<PolicyInput> = {}) => {
    const policy = newPolicy();
    try {
      return await runTask(backbone, policy, config, changes);
    } finally {
      policy.dispose();
    }
  };

  test('DPO without comparisons, and KTO without any feedback', async () => {
    await expect(attempt(taskConfig('dpo'), { thumbs: data.thumbs })).rejects.toThrow(/no preferences for dpo/);
    await expect(attempt(taskConfig('kto'))).rejects.toThrow(/no preferences for kto/);
  });

  test('a number of answers that is not a multiple of the answers per prompt', async () => {
    await expect(attempt(taskConfig('grpo', { sequences: 20 }))).rejects.toThrow(/sequences is 20; with 8 answers/);
  });

  test('a weight for demonstrations without any demonstrations', async () => {
    const config = taskConfig('ppo', { demonstrationCoefficient: 0.1 });
    await expect(attempt(config)).rejects.toThrow(/demonstrationCoefficient is 0.1, but there are no demonstrations/);
  });

  test("another algorithm's checkpoint", async () => {
    const directory = await mkdtemp(join(tmpdir(), 'attune-policy-'));
    try {
      const checkpoints = directoryCheckpoints<PolicyState>(directory, 'policy');
      await attempt(taskConfig('ppo', { iterations: 1, sequences: 8 }), { checkpoints });
      await expect(attempt(taskConfig('a2c', { iterations: 1 }), { checkpoints })).rejects.toThrow(
        /from the algorithm ppo, but the run asks for a2c/,
      );
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('a flat reward ends the run after three batches, whatever the value function predicts', async () => {
    let batch = 0;
    const reward = {
      score(completions: readonly unknown[]) {
        batch++;
        return completions.map((_, i) => (batch === 1 ? i % 2 : 0.7));
      },
    };
    const { verdict } = await attempt(taskConfig('ppo', { iterations: 8, sequences: 16 }), { reward });
    expect(verdict).toMatch(/flat in 3 batches in a row: every answer got 0.700/);
    expect(batch).toBe(4);
  });

  test('a group whose answers all score the same has no advantage, so RLOO ends at once', async () => {
    const reward = { score: (completions: readonly unknown[]) => completions.map(() => 0.7) };
    const config = taskConfig('rloo', { klIn: 'loss', klEstimator: 'k2' });
    expect((await attempt(config, { reward })).verdict).toMatch(/All advantages are equal/);
  });

  test('samples that are not from the policy give negative divergence, and the third batch ends the run', async () => {
    // The engine always answers with the same token; training moves the policy away from it, so it becomes less likely.
    const completions = PROMPTS.map((promptIds) => ({ promptIds, ids: [2, 2, 2, 2, 2, 2] }));
    const engine = {
      sample: async (prompts: readonly Int32Array[]) =>
        prompts.map((_, i) => ({ ids: completions[i % completions.length]!.ids, logprobs: new Array(6).fill(-3) })),
    };
    const reward = { score: (rows: readonly unknown[]) => rows.map((_, i) => -(i % 3)) };
    const config = taskConfig('ppo', { iterations: 30, klCoefficient: 0, learningRate: 2e-3, approxKlStop: 100 });
    const { verdict } = await attempt(config, { engine, reward });
    expect(verdict).toMatch(/negative in 3 batches in a row/);
  });
});
