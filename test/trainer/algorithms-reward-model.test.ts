// The reward model on a tiny trunk: learns a small set, generalises, resumes bit for bit, ignores one-sided raters.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PRESETS } from '@/core/config/presets';
import type { RewardModelConfig } from '@/core/config/reward';
import { Rng } from '@/core/rng';
import { startBackend, tf } from '@/trainer/backend';
import { holdOut } from '@/trainer/data/hold-out';
import { type Comparison, promptKey, type RewardExample } from '@/trainer/math/reward-examples';
import { loadBackbone } from '@/trainer/model/backbone';
import type { Backbone } from '@/trainer/model/types';
import { scoreExamples } from '@/trainer/reward/evaluate';
import { fitGroup } from '@/trainer/reward/rows';
import {
  createRewardModel,
  normaliseReward,
  packRewardModel,
  type RewardModelState,
  unpackRewardModel,
} from '@/trainer/reward/scorer';
import type { RewardModelInput, RewardTrainingState } from '@/trainer/reward/train';
import { limitUndecided } from '@/trainer/reward/undecided';
import { directoryCheckpoints } from '@/trainer/runs/checkpoint';
import { END, tinyWeights } from './algorithms-support';
import { runInterrupted } from './interrupted';
import { trainReward } from './reward-support';

let backbone: Backbone;
beforeAll(async () => {
  await startBackend();
  backbone = loadBackbone({ weights: tinyWeights(7) });
});
afterAll(() => backbone.dispose());

const config = (changes: Partial<RewardModelConfig> = {}) => ({ ...PRESETS.tiny.rewardModel, ...changes });

/** An answer of random tokens; one that was not cut off has the end token. */
function completion(rng: Rng, length: number, ended: boolean): Int32Array {
  const ids = Array.from({ length }, () => 2 + rng.integer(20));
  return Int32Array.from(ended ? [...ids, END] : ids);
}

/** The hidden preference: an end after 4 to 8 tokens is best, cut off is worst. Equal answers tie. */
const quality = (ids: Int32Array) => (ids.at(-1) !== END ? 0 : ids.length >= 5 && ids.length <= 9 ? 2 : 1);

function comparisons(count: number, seed: number, noise = 0): Comparison[] {
  const rng = new Rng(seed);
  return Array.from({ length: count }, () => {
    const promptIds = Int32Array.from({ length: 3 }, () => 2 + rng.integer(20));
    const draw = () => completion(rng, 1 + rng.integer(16), rng.uniform() < 0.7);
    const [a, b] = [draw(), draw()];
    const flip = rng.uniform() < noise;
    const gap = (quality(a) - quality(b)) * (flip ? -1 : 1);
    const [chosenIds, rejectedIds] = gap >= 0 ? [a, b] : [b, a];
    const outcome = gap === 0 ? (quality(a) === 0 ? 'both_bad' : 'tie') : 'chosen';
    return { kind: 'comparison', promptIds, chosenIds, rejectedIds, outcome, margin: 0, weight: 1 };
  });
}

const train = (
  examples: RewardExample[],
  changes: Partial<RewardModelConfig> = {},
  extra: Partial<RewardModelInput> = {},
) => trainReward(backbone, examples, config(changes), extra);

const accuracyOn = (model: Awaited<ReturnType<typeof train>>['model'], pairs: Comparison[]) => {
  const decided = pairs.filter(({ outcome }) => outcome === 'chosen');
  const of = (key: 'chosenIds' | 'rejectedIds') =>
    model.rawScores(decided.map((pair) => ({ promptIds: pair.promptIds, completionIds: pair[key] })));
  const [chosen, rejected] = [of('chosenIds'), of('rejectedIds')];
  return chosen.filter((score, i) => score > rejected[i]!).length / decided.length;
};

test('more than 95 % of a small set of comparisons is learnt', async () => {
  const pairs = comparisons(48, 1);
  const { model } = await train(pairs, { evalShare: 0, epochs: 30 });
  expect(accuracyOn(model, pairs)).toBeGreaterThan(0.95);
  model.dispose();
});

test('with 10 % of labels flipped it still finds the preference, better than the length baseline', async () => {
  const { model, metrics, log } = await train(comparisons(300, 2, 0.1), { epochs: 12 });
  const fresh = accuracyOn(model, comparisons(200, 3));
  expect(fresh).toBeGreaterThan(0.75);
  expect(fresh).toBeGreaterThan(metrics.eval_length_baseline_accuracy! + 0.1);
  expect(metrics.eval_ece).toBeLessThan(0.25);
  expect(Object.keys(log[0]!)).toEqual(
    expect.arrayContaining(['loss', 'accuracy', 'margin', 'mean_reward', 'num_tokens', 'learning_rate', 'grad_norm']),
  );
  model.dispose();
});

test('a training that is interrupted and resumed equals one that is not, bit for bit', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'attune-reward-'));
  try {
    const thumb: RewardExample = {
      kind: 'thumb',
      promptIds: Int32Array.of(2, 3),
      completionIds: Int32Array.of(4, 5, END),
      up: true,
      rater: 'r1',
      weight: 0.5,
    };
    const examples = [...comparisons(40, 4), thumb];
    const changes = { epochs: 3, checkpointEverySteps: 2, evalShare: 0.2 };
    const expected = await train(examples, changes);
    const stage = { directory, stage: 'reward-model' };
    const { result: finished, runs } = await runInterrupted<RewardTrainingState, Awaited<ReturnType<typeof train>>>(
      stage,
      (interrupted) => train(examples, changes, interrupted),
    );
    expect(runs).toBeGreaterThan(2);
    expect(packRewardModel(finished.model)).toEqual(packRewardModel(expected.model));
    expect(finished.metrics).toEqual(expected.metrics);
    finished.model.dispose();
    expected.model.dispose();
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('a rater who always votes up moves their own bias, and one who tells answers apart the scores', async () => {
  const rng = new Rng(5);
  const thumbs = (rater: string, up: (ids: Int32Array) => boolean): RewardExample[] =>
    Array.from({ length: 60 }, () => {
      const completionIds = completion(rng, 3 + rng.integer(8), rng.uniform() < 0.5);
      return { kind: 'thumb', promptIds: Int32Array.of(2, 3), completionIds, up: up(completionIds), rater, weight: 1 };
    });
  const gapOf = async (examples: RewardExample[]) => {
    const { model } = await train(examples, { evalShare: 0, epochs: 10, raterBiasRidge: 0.1 });
    const promptIds = Int32Array.of(2, 3);
    const [ended, cut] = model.rawScores([
      { promptIds, completionIds: completion(new Rng(9), 6, true) },
      { promptIds, completionIds: completion(new Rng(9), 6, false) },
    ]);
    model.dispose();
    return ended! - cut!;
  };
  expect(await gapOf(thumbs('honest', (ids) => ids.at(-1) === END))).toBeGreaterThan(2);
  expect(Math.abs(await gapOf(thumbs('cheerful', () => true)))).toBeLessThan(1);
});

test('normalised scores of policy samples have mean 0 and deviation 1, and survive saving', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'attune-reward-'));
  const tensors = tf.memory().numTensors;
  try {
    const { model } = await train(comparisons(32, 6), { epochs: 1 });
    const rng = new Rng(8);
    const samples = Array.from({ length: 20 }, () => ({
      promptIds: Int32Array.of(3, 4),
      completionIds: completion(rng, 1 + rng.integer(10), rng.uniform() < 0.5),
    }));
    normaliseReward(model, samples);
    const scores = model.score(samples);
    const mean = scores.reduce((a, b) => a + b, 0) / 20;
    expect(mean).toBeCloseTo(0, 4);
    expect(scores.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 20).toBeCloseTo(1, 4);

    const store = directoryCheckpoints<RewardModelState>(directory, 'model');
    await store.write(packRewardModel(model));
    const copy = unpackRewardModel(backbone, (await store.read())!, 512);
    expect(copy.score(samples)).toEqual(model.score(samples));
    copy.dispose();
    model.dispose();
    expect(tf.memory().numTensors).toBe(tensors);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('the split keeps every example of a prompt on one side', () => {
  const pairs = comparisons(20, 11);
  const twice = [...pairs, ...pairs];
  const { train: left, heldOut } = holdOut(twice, promptKey, { evalShare: 0.3, seed: 1 });
  expect([left.length, heldOut.length]).toEqual([28, 12]);
  const held = new Set(heldOut.map(({ promptIds }) => promptIds.join()));
  expect(left.some(({ promptIds }) => held.has(promptIds.join()))).toBe(false);
});

test('undecided comparisons are limited to the share, by seed; all are kept if none is decided', () => {
  const comparison = (outcome: 'chosen' | 'tie'): RewardExample => ({
    kind: 'comparison',
    promptIds: Int32Array.of(1),
    chosenIds: Int32Array.of(2),
    rejectedIds: Int32Array.of(3),
    outcome,
    margin: 0,
    weight: 1,
  });
  const ties = Array.from({ length: 10 }, () => comparison('tie'));
  const train = [...ties, comparison('chosen'), comparison('chosen')];
  const kept = limitUndecided(train, { undecidedPerDecided: 1.5, seed: 1 });
  expect(kept).toHaveLength(5); // 2 decided and 1.5 * 2 undecided
  expect(limitUndecided(train, { undecidedPerDecided: 1.5, seed: 1 })).toEqual(kept);
  expect(limitUndecided(ties, { undecidedPerDecided: 1, seed: 1 })).toHaveLength(10);
  expect(limitUndecided(train, { undecidedPerDecided: null, seed: 1 })).toHaveLength(12);
});

test('chosen and rejected packed after one prompt score as they do in separate rows', () => {
  const model = createRewardModel(backbone, {
    rank: 4,
    alpha: 8,
    heads: 2,
    headInit: 'normal',
    maxTokens: 64,
    microBatchTokens: 64,
    seed: 3,
  });
  const rng = new Rng(4);
  const adapter = model.reader.lora.toAdapter();
  for (const pair of adapter.pairs.values()) pair.b = pair.b.map(() => 0.05 * rng.normal());
  model.reader.lora.assign(adapter);
  const pairs = comparisons(12, 12);
  const packed = scoreExamples(model, pairs);
  for (const [i, { promptIds, chosenIds, rejectedIds }] of pairs.entries()) {
    const alone = [chosenIds, rejectedIds].map((completionIds) => model.rawScores([{ promptIds, completionIds }])[0]!);
    expect(Math.abs(packed[i]!.scores[0]! - alone[0]!)).toBeLessThan(3e-6);
    expect(Math.abs(packed[i]!.scores[1]! - alone[1]!)).toBeLessThan(3e-6);
  }
  model.dispose();
});

test('the answers of a long example keep the same part of their prompt, and their ends', () => {
  const promptIds = Int32Array.from({ length: 10 }, (_, i) => i);
  const completions = [Int32Array.of(20, 21, 22), Int32Array.of(30)];
  expect(fitGroup({ promptIds, completions }, 8)).toEqual({ promptIds: Int32Array.of(5, 6, 7, 8, 9), completions });
  expect(fitGroup({ promptIds, completions }, 3)).toEqual({
    promptIds: Int32Array.of(9),
    completions: [Int32Array.of(21, 22), Int32Array.of(30)],
  });
});

test('every kind of feedback is learnt from, and groups are reported worst first', async () => {
  const promptIds = Int32Array.of(2, 3);
  const rng = new Rng(21);
  const draw = () => completion(rng, 2 + rng.integer(8), rng.uniform() < 0.5);
  const examples: RewardExample[] = Array.from({ length: 150 }, (_, i): RewardExample => {
    const prompt = Int32Array.of(2 + (i % 20), 3 + (i % 17), 4);
    const judged = { promptIds: prompt, weight: 1, groups: { language: i % 2 ? 'de' : 'en' } };
    const completionIds = draw();
    const ended = completionIds.at(-1) === END;
    if (i % 5 === 0) return { kind: 'rating', ...judged, completionIds, value: ended ? 9 : 3, rater: `r${i % 3}` };
    if (i % 5 === 1) {
      const said = { quality: ended ? 1 : 0.1, isVolunteered: false, rater: 'q' };
      return { kind: 'questionnaire', ...judged, completionIds, ...said };
    }
    const [good, bad, other] = [completion(rng, 4, true), completion(rng, 5, false), completion(rng, 3, false)];
    if (i % 5 === 2) return { kind: 'best_of', ...judged, completions: [bad, good, other], best: 1 };
    return { kind: 'correction', ...judged, originalIds: bad, correctedIds: good, margin: 0 };
  });
  for (const [kinds, least] of [
    [['rating'], 1],
    [['questionnaire'], 1],
    [['best_of', 'correction'], 1],
  ] as const) {
    const own = examples.filter(({ kind }) => (kinds as readonly string[]).includes(kind));
    const { model, report } = await train(own, { epochs: 30, evalShare: 0.2, batchExamples: 8, patience: 99 });
    const [ended, cut] = model.rawScores([
      { promptIds, completionIds: completion(new Rng(9), 4, true) },
      { promptIds, completionIds: completion(new Rng(9), 5, false) },
    ]);
    expect(ended! - cut!, kinds.join()).toBeGreaterThan(least);
    if (kinds.length > 1) {
      expect(report!.groups.map(({ value }) => value).sort()).toEqual(['de', 'en']);
      expect(report!.groups[0]!.accuracy).toBeLessThanOrEqual(report!.groups[1]!.accuracy);
    }
    model.dispose();
  }
});

test('the heads of an ensemble disagree, and the penalty takes their deviation off the score', async () => {
  const tensors = tf.memory().numTensors;
  const { model } = await train(comparisons(60, 31), {
    epochs: 4,
    heads: 4,
    headInit: 'normal',
    uncertaintyPenalty: 2,
  });
  const rng = new Rng(32);
  const samples = Array.from({ length: 12 }, () => ({
    promptIds: Int32Array.of(3, 4, 5),
    completionIds: completion(rng, 6, rng.uniform() < 0.5),
  }));
  const byHead = model.headScores(
    samples.map(({ promptIds, completionIds }) => ({ promptIds, completions: [completionIds] })),
  );
  expect(byHead).toHaveLength(4);
  const raw = model.rawScores(samples);
  model.score(samples).forEach((score, i) => {
    const mean = byHead.reduce((sum, own) => sum + own[i]!, 0) / 4;
    const deviation = Math.sqrt(byHead.reduce((sum, own) => sum + (own[i]! - mean) ** 2, 0) / 4);
    expect(deviation).toBeGreaterThan(1e-3);
    expect(raw[i]).toBeCloseTo(mean, 5);
    expect(score).toBeCloseTo(mean - 2 * deviation, 5);
  });
  const copy = unpackRewardModel(backbone, packRewardModel(model), 512);
  expect(copy.score(samples)).toEqual(model.score(samples));
  copy.dispose();
  model.dispose();
  expect(tf.memory().numTensors).toBe(tensors);
});
