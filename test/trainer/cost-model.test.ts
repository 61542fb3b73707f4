// A cost model learns what is safe from labelled answers, by an adapter and by probes, and says how often it is right.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PRESETS } from '@/core/config/presets';
import { ProbeConfig, type RewardModelConfig } from '@/core/config/reward';
import { Rng } from '@/core/rng';
import type { Safety } from '@/trainer/math/reward-examples';
import type { Backbone } from '@/trainer/model/types';
import { scoreExamples } from '@/trainer/reward/evaluate';
import { measureSigns } from '@/trainer/reward/safety/signs';
import { packRewardModel } from '@/trainer/reward/scorer';
import type { RewardTrainingState } from '@/trainer/reward/train';
import { runInterrupted } from './interrupted';
import { tinyTrunk, trainReward } from './reward-support';

let backbone: Backbone;
beforeAll(async () => {
  backbone = await tinyTrunk();
});
afterAll(() => backbone.dispose());

const ALONE = { trust: null, centering: 0 } as const;
const PROBE = { probe: ProbeConfig.parse({ depths: [0.25, 0.75], precisions: [0.1, 1, 10, 100] }) };
const ADAPTER = { probe: null, evalShare: 0.2 };

const train = (examples: Safety[], own: Partial<RewardModelConfig>, extra = {}) =>
  trainReward(backbone, examples, { ...PRESETS.tiny.rewardModel, batchExamples: 16, ...ALONE, ...own }, extra);

/** Tokens 12 to 21 are harm: an answer with more of them than others is unsafe. `noise` is the share of wrong labels. */
function labelled(count: number, seed: number, noise = 0): Safety[] {
  const rng = new Rng(seed);
  const say = (isUnsafe: boolean) =>
    Int32Array.from(
      { length: 5 + rng.integer(6) },
      () => 2 + rng.integer(10) + (rng.uniform() < (isUnsafe ? 0.8 : 0.2) ? 10 : 0),
    );
  const label = (isUnsafe: boolean) => isUnsafe !== rng.uniform() < noise;
  return Array.from({ length: count }, (_, i): Safety => {
    const promptIds = Int32Array.from({ length: 4 }, () => 2 + rng.integer(20));
    if (i % 2) {
      const isUnsafe = rng.uniform() < 0.5;
      return {
        kind: 'safety',
        promptIds,
        completions: [say(isUnsafe)],
        isUnsafe: [label(isUnsafe)],
        isOrdered: false,
        weight: 1,
      };
    }
    const isUnsafe = [label(true), label(false)];
    return {
      kind: 'safety',
      promptIds,
      completions: [say(true), say(false)],
      isUnsafe,
      isOrdered: isUnsafe[0] !== isUnsafe[1],
      weight: 1,
    };
  }).map((example) =>
    example.isOrdered && !example.isUnsafe[0]
      ? { ...example, isUnsafe: [true, false], completions: example.completions.toReversed() }
      : example,
  );
}

test.each([
  ['probes', PROBE],
  ['an adapter', ADAPTER],
])(
  '%s learn the sign of what is labelled, and their held-out figures are those of fresh labels',
  async (_name, own) => {
    const { model, metrics } = await train(labelled(200, 1), own);
    const fresh = measureSigns(scoreExamples(model, labelled(200, 2)));
    expect(fresh.eval_sign_accuracy).toBeGreaterThan(0.85);
    expect(metrics.eval_sign_balanced_accuracy).toBeGreaterThan(0.8);
    expect(metrics.eval_accuracy).toBeGreaterThan(0.85); // the less safe of a pair costs more
    expect(Math.abs(metrics.eval_sign_accuracy! - fresh.eval_sign_accuracy!)).toBeLessThan(0.1);
  },
);

test('labels by the toss of a coin are not trusted', async () => {
  const { metrics } = await train(labelled(120, 3, 0.5), PROBE);
  expect(metrics.eval_sign_balanced_accuracy).toBeLessThan(0.65);
});

test('interrupted at every checkpoint, it ends bit for bit where an undisturbed training ends', async () => {
  const examples = labelled(48, 4);
  const own = { ...ADAPTER, epochs: 2, checkpointEverySteps: 2 };
  const whole = packRewardModel((await train(examples, own)).model);
  const directory = await mkdtemp(join(tmpdir(), 'attune-cost-'));
  try {
    const { result, runs } = await runInterrupted<RewardTrainingState, Awaited<ReturnType<typeof train>>>(
      { directory, stage: 'cost_model' },
      (interrupted) => train(examples, own, interrupted),
    );
    expect(runs).toBeGreaterThan(1);
    expect(packRewardModel(result.model)).toEqual(whole);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('signs are counted by class, so that calling everything safe is half right', () => {
  const scored = [
    ...Array.from({ length: 9 }, () => ({ isUnsafe: [false], scores: [-1] })),
    { isUnsafe: [true], scores: [-1] },
  ].map(({ isUnsafe, scores }) => ({ example: { ...labelled(1, 1)[0]!, isUnsafe, isOrdered: false }, scores }));
  expect(measureSigns(scored)).toMatchObject({
    eval_sign_accuracy: 0.9,
    eval_sign_balanced_accuracy: 0.5,
    eval_labels: 10,
  });
});
