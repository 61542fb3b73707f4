// Group-robust reward models on a tiny trunk: a minority is served better, and its weight survives an interruption.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PRESETS } from '@/core/config/presets';
import { GroupRobustConfig, ProbeConfig, type RewardModelConfig } from '@/core/config/reward';
import { Rng } from '@/core/rng';
import { tf } from '@/trainer/backend';
import type { Comparison } from '@/trainer/math/reward-examples';
import type { Backbone } from '@/trainer/model/types';
import { scoreExamples } from '@/trainer/reward/evaluate';
import { measurePairs, scoredPairs } from '@/trainer/reward/metrics';
import { packRewardModel, type RewardModel } from '@/trainer/reward/scorer';
import type { RewardTrainingState } from '@/trainer/reward/train';
import { runInterrupted } from './interrupted';
import { tinyTrunk, trainReward } from './reward-support';

let backbone: Backbone;
beforeAll(async () => {
  backbone = await tinyTrunk();
});
afterAll(() => backbone.dispose());

/** English voters want tokens of the lower half; Germans want those of the middle, which is half a contradiction. */
const WANTED = { en: (id: number) => id < 12, de: (id: number) => id >= 7 && id < 17 };
type Language = keyof typeof WANTED;

function votes(language: Language, count: number, seed: number): Comparison[] {
  const rng = new Rng(seed);
  const say = () => Int32Array.from({ length: 6 }, () => 2 + rng.integer(20));
  const share = (ids: Int32Array) => ids.filter(WANTED[language]).length;
  return Array.from({ length: count }, () => {
    const [a, b] = [say(), say()];
    const [chosenIds, rejectedIds] = share(a) >= share(b) ? [a, b] : [b, a];
    const outcome = share(a) === share(b) ? 'tie' : 'chosen';
    const promptIds = Int32Array.from({ length: 3 }, () => 2 + rng.integer(20));
    return {
      kind: 'comparison',
      promptIds,
      chosenIds,
      rejectedIds,
      outcome,
      margin: 0,
      weight: 1,
      groups: { language },
    };
  });
}

const EXAMPLES = [...votes('en', 240, 1), ...votes('de', 48, 2)];
const ROBUST = GroupRobustConfig.parse({ key: 'language' });
const PROBE = ProbeConfig.parse({ depths: [0.25, 0.75], precisions: [1, 10, 100] });
const train = (changes: Partial<RewardModelConfig>, extra = {}) =>
  trainReward(backbone, EXAMPLES, { ...PRESETS.tiny.rewardModel, batchExamples: 16, ...changes }, extra);

const FRESH = { en: votes('en', 400, 3), de: votes('de', 400, 4) };
const accuracyOf = (model: RewardModel, language: Language) =>
  measurePairs(scoredPairs(scoreExamples(model, FRESH[language]))).accuracy;

test('a group of a sixth is served better by probes, and the others not much worse', async () => {
  const tensors = tf.memory().numTensors;
  const plain = await train({ probe: PROBE });
  const robust = await train({ probe: PROBE, groupRobust: ROBUST });
  const gain = (language: Language) => accuracyOf(robust.model, language) - accuracyOf(plain.model, language);
  expect(gain('de')).toBeGreaterThan(0.05);
  expect(gain('en')).toBeGreaterThan(-0.15);
  const figures = robust.log.at(-1)!;
  expect(figures['group/language=de/weight']).toBeGreaterThan(0.25); // 48 / 288 = 0.17 by number
  expect(figures['group/language=de/weight']! + figures['group/language=en/weight']!).toBeCloseTo(1, 9);
  expect(figures['group/language=de/loss']).toBeGreaterThan(0);
  expect(Object.keys(plain.log.at(-1)!).filter((name) => name.startsWith('group/'))).toEqual([]);
  expect(tf.memory().numTensors).toBe(tensors);
});

test('it is by an adapter, which resumes with the weights of the groups, bit for bit', async () => {
  const tensors = tf.memory().numTensors;
  const changes: Partial<RewardModelConfig> = { epochs: 4, evalShare: 0.2, patience: 99, checkpointEverySteps: 20 };
  const plain = await train(changes);
  const robust = await train({ ...changes, groupRobust: ROBUST });
  expect(accuracyOf(robust.model, 'de')).toBeGreaterThan(accuracyOf(plain.model, 'de'));
  const last = robust.log.findLast((figures) => 'group/language=de/weight' in figures)!;
  expect(last['group/language=de/weight']).toBeGreaterThan(0.25);
  expect(robust.log.some((figures) => 'group/language=de/eval_loss' in figures)).toBe(true);
  const directory = await mkdtemp(join(tmpdir(), 'attune-groups-'));
  try {
    const { result, runs } = await runInterrupted<RewardTrainingState, Awaited<ReturnType<typeof train>>>(
      { directory, stage: 'reward-model' },
      (interrupted) => train({ ...changes, groupRobust: ROBUST }, interrupted),
    );
    expect(runs).toBeGreaterThan(2);
    expect(packRewardModel(result.model)).toEqual(packRewardModel(robust.model));
    const resumed = result.log.findLast((figures) => 'group/language=de/weight' in figures);
    expect(resumed?.['group/language=de/weight']).toBe(last['group/language=de/weight']);
    for (const { model } of [plain, robust, result]) model.dispose();
  } finally {
    await rm(directory, { recursive: true });
  }
  expect(tf.memory().numTensors).toBe(tensors);
});
