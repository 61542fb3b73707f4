// The reward model on a tiny trunk: learns a small set, generalises, resumes to the bit, shrugs off one-sided raters.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Rng } from '@/core/rng';
import { startBackend, tf } from '@/trainer/backend';
import { directoryCheckpoints } from '@/trainer/checkpoint';
import type { RewardModelConfig } from '@/trainer/config';
import { loadTrunk } from '@/trainer/model/trunk';
import type { Trunk } from '@/trainer/model/types';
import type { Metrics } from '@/trainer/ppo-metrics';
import { PRESETS } from '@/trainer/presets';
import type { Comparison, RewardExample } from '@/trainer/reward-examples';
import { type RewardTrainingState, trainRewardModel } from '@/trainer/reward-model';
import { normaliseReward, packRewardModel, type RewardModelState, unpackRewardModel } from '@/trainer/reward-scorer';
import { limitUndecided, splitByPrompt } from '@/trainer/reward-split';
import { END, tinyWeights } from './algorithms-support';

let trunk: Trunk;
beforeAll(async () => {
  await startBackend();
  trunk = loadTrunk({ weights: tinyWeights(7) });
});
afterAll(() => trunk.dispose());

const config = (changes: Partial<RewardModelConfig> = {}) => ({ ...PRESETS.tiny.rewardModel, ...changes });

/** An answer of random tokens; what ended by itself carries the end token. */
function answer(rng: Rng, length: number, ended: boolean): Int32Array {
  const ids = Array.from({ length }, () => 2 + rng.integer(20));
  return Int32Array.from(ended ? [...ids, END] : ids);
}

/** The hidden preference: ended within 4 to 8 tokens is best, cut off is worst. Equal ones tie. */
const quality = (ids: Int32Array) => (ids.at(-1) !== END ? 0 : ids.length >= 5 && ids.length <= 9 ? 2 : 1);

function comparisons(count: number, seed: number, noise = 0): Comparison[] {
  const rng = new Rng(seed);
  return Array.from({ length: count }, () => {
    const promptIds = Int32Array.from({ length: 3 }, () => 2 + rng.integer(20));
    const draw = () => answer(rng, 1 + rng.integer(16), rng.uniform() < 0.7);
    const [a, b] = [draw(), draw()];
    const flip = rng.uniform() < noise;
    const gap = (quality(a) - quality(b)) * (flip ? -1 : 1);
    const [chosenIds, rejectedIds] = gap >= 0 ? [a, b] : [b, a];
    const outcome = gap === 0 ? (quality(a) === 0 ? 'both_bad' : 'tie') : 'chosen';
    return { kind: 'comparison', promptIds, chosenIds, rejectedIds, outcome, margin: 0, weight: 1 };
  });
}

async function train(examples: RewardExample[], changes: Partial<RewardModelConfig> = {}, extra: object = {}) {
  const log: Metrics[] = [];
  const result = await trainRewardModel({
    trunk,
    examples,
    config: config(changes),
    signal: new AbortController().signal,
    onMetrics: (_stage, _step, metrics) => log.push(metrics),
    checkpoints: null,
    ...extra,
  });
  return { ...result, log };
}

const accuracyOn = (model: Awaited<ReturnType<typeof train>>['model'], pairs: Comparison[]) => {
  const decided = pairs.filter(({ outcome }) => outcome === 'chosen');
  const of = (key: 'chosenIds' | 'rejectedIds') =>
    model.rawScores(decided.map((pair) => ({ promptIds: pair.promptIds, answerIds: pair[key] })));
  const [chosen, rejected] = [of('chosenIds'), of('rejectedIds')];
  return chosen.filter((score, i) => score > rejected[i]!).length / decided.length;
};

test('a small set is learnt: more than 95 % of its comparisons', async () => {
  const pairs = comparisons(48, 1);
  const { model } = await train(pairs, { evalShare: 0, epochs: 30 });
  expect(accuracyOn(model, pairs)).toBeGreaterThan(0.95);
  model.dispose();
});

test('with 10 % of labels flipped it still finds the preference, beyond the length baseline', async () => {
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

test('interrupted and resumed equals uninterrupted, bit for bit', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'attune-reward-'));
  try {
    const thumb: RewardExample = {
      kind: 'thumb',
      promptIds: Int32Array.of(2, 3),
      answerIds: Int32Array.of(4, 5, END),
      up: true,
      rater: 'r1',
      weight: 0.5,
    };
    const examples = [...comparisons(40, 4), thumb];
    const changes = { epochs: 3, checkpointEverySteps: 2, evalShare: 0.2 };
    const expected = await train(examples, changes);
    const store = directoryCheckpoints<RewardTrainingState>(directory, 'reward-model');
    let finished: Awaited<ReturnType<typeof train>> | null = null;
    let runs = 0;
    while (!finished) {
      const controller = new AbortController();
      const checkpoints = {
        read: store.read,
        write: async (checkpoint: Parameters<typeof store.write>[0]) => {
          await store.write(checkpoint);
          controller.abort();
        },
      };
      finished = await train(examples, changes, { checkpoints, signal: controller.signal }).catch((error) => {
        expect(error.name).toBe('AbortError');
        return null;
      });
      expect(++runs).toBeLessThan(20);
    }
    expect(runs).toBeGreaterThan(2);
    expect(packRewardModel(finished.model)).toEqual(packRewardModel(expected.model));
    expect(finished.metrics).toEqual(expected.metrics);
    finished.model.dispose();
    expected.model.dispose();
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('thumbs of one who always votes up move that bias and not the scores as one who tells answers apart does', async () => {
  const rng = new Rng(5);
  const thumbs = (rater: string, up: (ids: Int32Array) => boolean): RewardExample[] =>
    Array.from({ length: 60 }, () => {
      const answerIds = answer(rng, 3 + rng.integer(8), rng.uniform() < 0.5);
      return { kind: 'thumb', promptIds: Int32Array.of(2, 3), answerIds, up: up(answerIds), rater, weight: 1 };
    });
  const gapOf = async (examples: RewardExample[]) => {
    const { model } = await train(examples, { evalShare: 0, epochs: 10, raterBiasRidge: 0.1 });
    const promptIds = Int32Array.of(2, 3);
    const [ended, cut] = model.rawScores([
      { promptIds, answerIds: answer(new Rng(9), 6, true) },
      { promptIds, answerIds: answer(new Rng(9), 6, false) },
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
      answerIds: answer(rng, 1 + rng.integer(10), rng.uniform() < 0.5),
    }));
    normaliseReward(model, samples);
    const scores = model.score(samples);
    const mean = scores.reduce((a, b) => a + b, 0) / 20;
    expect(mean).toBeCloseTo(0, 4);
    expect(scores.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 20).toBeCloseTo(1, 4);

    const store = directoryCheckpoints<RewardModelState>(directory, 'model');
    await store.write(packRewardModel(model));
    const copy = unpackRewardModel(trunk, (await store.read())!, 512);
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
  const { train: left, heldOut } = splitByPrompt(twice, { evalShare: 0.3, seed: 1 });
  expect([left.length, heldOut.length]).toEqual([28, 12]);
  const held = new Set(heldOut.map(({ promptIds }) => promptIds.join()));
  expect(left.some(({ promptIds }) => held.has(promptIds.join()))).toBe(false);
});

test('keeps as many undecided comparisons as the share says, the same ones for a seed, and all where nothing is decided', () => {
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
