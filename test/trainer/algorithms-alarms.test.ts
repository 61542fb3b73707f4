// Planted faults: some a run must refuse at its start; others must end it with a sentence and keep the best policy.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALGORITHMS, type PolicyConfig } from '@/core/config/policy';
import { startBackend, type Tensor, tf } from '@/trainer/backend';
import { loadBackbone } from '@/trainer/model/backbone';
import type { Backbone } from '@/trainer/model/types';
import type { PolicyInput } from '@/trainer/policy/run';
import { tinyWeights } from './algorithms-support';
import { newPolicy, preferences, runTask, taskConfig } from './policy-task';

let backbone: Backbone;
beforeAll(async () => {
  await startBackend();
  backbone = loadBackbone({ weights: tinyWeights(7) });
});
afterAll(() => backbone.dispose());

async function attempt(
  config: PolicyConfig,
  changes: Partial<PolicyInput> = {},
  bend: (policy: ReturnType<typeof newPolicy>) => void = () => {},
) {
  const policy = newPolicy();
  bend(policy);
  const before = policy.toAdapter();
  const tensors = tf.memory().numTensors;
  try {
    const result = await runTask(changes.backbone ?? backbone, policy, config, {
      ...preferences(backbone, 20, 5),
      ...changes,
    });
    return { ...result, before };
  } finally {
    expect(tf.memory().numTensors).toBe(tensors);
    policy.dispose();
  }
}

describe('at the start', () => {
  test.each(ALGORITHMS)('%s refuses a policy that is not a copy of its reference', async (name) => {
    const bend = (policy: ReturnType<typeof newPolicy>) => {
      const bumped = policy.variables.get('layers.0.mlp.up_proj.lora_B')!;
      tf.tidy(() => bumped.assign(tf.fill(bumped.shape, 0.3)));
    };
    const few = name === 'dpo' || name === 'kto' ? {} : { sequences: 16 };
    const run = attempt(taskConfig(name, few), {}, bend);
    await expect(run).rejects.toThrow(/refused before its first step: a token's divergence .* must be 0/);
  });

  /** A backbone whose updates see other prompts than the experience did: the same answers get other log-probs. */
  const misread = (): Backbone => ({
    ...backbone,
    backward: (batch, lora, loss) =>
      backbone.backward(
        { ...batch, ids: batch.ids.map((ids) => Int32Array.from(ids, (id, t) => (t < 2 ? (id + 5) % 24 : id))) },
        lora,
        loss,
      ),
  });

  test.each(['ppo', 'a2c', 'trpo', 'rloo', 'grpo', 'online-dpo'] as const)(
    '%s refuses an update whose log-probs differ from the experience, before it is applied',
    async (name) => {
      const policy = newPolicy();
      const before = policy.toAdapter();
      const run = runTask(misread(), policy, taskConfig(name, { sequences: 16 }));
      await expect(run).rejects.toThrow(/refused before its first step: a token's ratio differs from 1 by/);
      expect(policy.toAdapter()).toEqual(before);
      policy.dispose();
    },
  );
});

describe('on the way', () => {
  test('a gradient that is not a number ends the run, names its tensor, and keeps the last sound policy', async () => {
    let calls = 0;
    const broken: Backbone = {
      ...backbone,
      backward(batch, lora, loss) {
        const result = backbone.backward(batch, lora, loss);
        const name = 'layers.1.mlp.down_proj.lora_B';
        if (++calls > 6) {
          const sound = result.gradients.get(name) as Tensor;
          result.gradients.set(
            name,
            tf.tidy(() => tf.mul(sound, Number.NaN)),
          );
          sound.dispose();
        }
        return result;
      },
    };
    const config = taskConfig('ppo', { sequences: 16, minibatch: 8, microBatchTokens: 4096 });
    const { verdict, kept } = await attempt(config, { backbone: broken });
    expect(verdict).toMatch(/The gradient of layers.1.mlp.down_proj.lora_B is not finite/);
    expect(kept.iteration).toBe(1); // two epochs of two minibatches make an update; the second breaks in its third step
  });

  test('a reward that becomes NaN ends the run, and an earlier policy is kept', async () => {
    let batch = 0;
    const reward = {
      score(completions: readonly unknown[]) {
        batch++;
        return completions.map((_, i) => (batch > 2 ? Number.NaN : i % 4));
      },
    };
    const { verdict, kept } = await attempt(taskConfig('grpo', { sequences: 16 }), { reward });
    expect(verdict).toBe('meanScore became NaN; the last sound policy is kept.');
    expect(kept.iteration).toBe(1);
  });

  test('answers that suddenly grow to the cap end the run', async () => {
    let batch = 0;
    const engine = {
      async sample(prompts: readonly Int32Array[]) {
        const length = ++batch < 3 ? 4 : 12;
        return prompts.map((_, i) => ({
          ids: Array.from({ length }, (_, t) => 2 + ((i + t) % 20)),
          logprobs: new Array<number>(length).fill(-3),
        }));
      },
    };
    const { verdict } = await attempt(taskConfig('a2c', { sequences: 16, learningRate: 1e-5 }), { engine });
    expect(verdict).toBe('Answers grew from 4 to 12 tokens, up to the cap of 12.');
  });

  test('DPO also ends with a sentence when a gradient is not finite', async () => {
    const broken: Backbone = {
      ...backbone,
      backward(batch, lora, loss) {
        const result = backbone.backward(batch, lora, loss);
        const [name, sound] = [...result.gradients][0]!;
        result.gradients.set(
          name,
          tf.tidy(() => tf.mul(sound, Number.NaN)),
        );
        sound.dispose();
        return result;
      },
    };
    const { verdict, adapter, before } = await attempt(taskConfig('dpo'), { backbone: broken });
    expect(verdict).toMatch(/is not finite/);
    expect(adapter).toEqual(before);
  });
});
