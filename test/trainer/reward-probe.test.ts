// Linear probes as a reward model: they read the right states, reach the optimum, report honestly, resume bit for bit.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keepCompletionStates } from '@/bench/experiments/support/kept-answer-states';
import { PRESETS } from '@/core/config/presets';
import { ProbeConfig, type RewardModelConfig } from '@/core/config/reward';
import { Rng } from '@/core/rng';
import { tf } from '@/trainer/backend';
import type { Comparison, RewardExample } from '@/trainer/math/reward-examples';
import { computeCompletionStates } from '@/trainer/model/answer-states';
import type { Backbone } from '@/trainer/model/types';
import { scoreExamples } from '@/trainer/reward/evaluate';
import { measurePairs, scoredPairs } from '@/trainer/reward/metrics';
import { probedBlocks } from '@/trainer/reward/probe/fit';
import { packRewardModel, type RewardModelState, unpackRewardModel } from '@/trainer/reward/scorer';
import type { RewardModelInput, RewardTrainingState } from '@/trainer/reward/train';
import { runInterrupted } from './interrupted';
import { tinyTrunk, trainReward } from './reward-support';

let backbone: Backbone;
beforeAll(async () => {
  backbone = await tinyTrunk();
});
afterAll(() => backbone.dispose());

const BLOCKS = [1, 3];
const config = (changes: Partial<RewardModelConfig> = {}): RewardModelConfig => ({
  ...PRESETS.tiny.rewardModel,
  batchExamples: 16,
  probe: ProbeConfig.parse({ depths: [0.25, 0.75], precisions: [0.1, 1, 10, 100, 1e5] }),
  ...changes,
});

const train = (
  examples: RewardExample[],
  changes: Partial<RewardModelConfig> = {},
  extra: Partial<RewardModelInput> = {},
) => trainReward(backbone, examples, config(changes), extra);

const draw = (rng: Rng, length: number) => Int32Array.from({ length }, () => 2 + rng.integer(20));
/** Draws tokens mostly from one half of the vocabulary. */
function say(rng: Rng, length: number): Int32Array {
  const lower = rng.uniform();
  return Int32Array.from({ length }, () => 2 + rng.integer(10) + (rng.uniform() < lower ? 0 : 10));
}
/** What the raters want: the share of tokens from the lower half. */
const share = (ids: Int32Array) => ids.filter((id) => id < 12).length / ids.length;

/** `noise` is the share of votes for the wrong side; 0.5 leaves nothing to learn. */
function comparisons(count: number, seed: number, noise = 0): Comparison[] {
  const rng = new Rng(seed);
  return Array.from({ length: count }, () => {
    const [a, b] = [say(rng, 4 + rng.integer(8)), say(rng, 4 + rng.integer(8))];
    const isBetter = share(a) > share(b) !== rng.uniform() < noise;
    const [chosenIds, rejectedIds] = isBetter ? [a, b] : [b, a];
    const promptIds = draw(rng, 3 + rng.integer(4));
    return { kind: 'comparison', promptIds, chosenIds, rejectedIds, outcome: 'chosen', margin: 0, weight: 1 };
  });
}

test('a probe reads the mean, over the answer, of what enters its block, whatever else shares the pass', () => {
  const rng = new Rng(1);
  const groups = [2, 7, 4].map((length, i) => ({
    promptIds: draw(rng, length),
    completions: Array.from({ length: i + 1 }, (_, j) => draw(rng, 3 + 2 * j)),
  }));
  groups.push({ promptIds: draw(rng, 5), completions: [new Int32Array(0)] }); // empty: the prompt's last state
  const read = computeCompletionStates(backbone, BLOCKS).of(groups);
  const size = backbone.config.hiddenSize;
  let completionAt = 0;
  for (const { promptIds, completions } of groups) {
    for (const completion of completions) {
      const ids = Int32Array.of(...promptIds, ...completion);
      const count = Math.max(1, completion.length);
      for (const [b, block] of BLOCKS.entries()) {
        const expected = tf.tidy(() =>
          tf
            .mean(tf.slice(backbone.entering({ ids: [ids] }, block), [ids.length - count, 0], [count, size]), 0)
            .dataSync(),
        );
        const from = (completionAt * BLOCKS.length + b) * size;
        expected.forEach((value, i) => {
          expect(Math.abs(value - read[from + i]!)).toBeLessThan(2e-6);
        });
      }
      completionAt++;
    }
  }
  const kept = keepCompletionStates(backbone, BLOCKS);
  const first = kept.of(groups);
  expect(kept.of(groups)).toEqual(first);
  first.forEach((value, i) => {
    expect(Math.abs(value - read[i]!)).toBeLessThan(2e-6);
  });
});

test('probed blocks are shares of the depth, without repetition, and never block 0', () => {
  expect(probedBlocks(30, ProbeConfig.parse({}))).toEqual([12, 16, 20, 24, 27]);
  expect(probedBlocks(2, ProbeConfig.parse({}))).toEqual([1]);
  expect(probedBlocks(4, { depths: [0.9, 0.01] })).toEqual([1, 3]);
});

test('it finds a preference despite 10 % of wrong votes, from 300 votes and without epochs', async () => {
  const tensors = tf.memory().numTensors;
  const { model, metrics, report, log } = await train(comparisons(300, 2, 0.1));
  const fresh = measurePairs(scoredPairs(scoreExamples(model, comparisons(200, 3))));
  expect(fresh.accuracy).toBeGreaterThan(0.85);
  expect(metrics.eval_accuracy).toBeGreaterThan(metrics.eval_length_baseline_accuracy! + 0.2);
  // Its reported accuracy is held out, so it is close to that on fresh votes with the same noise.
  const noisy = measurePairs(scoredPairs(scoreExamples(model, comparisons(400, 4, 0.1))));
  expect(Math.abs(metrics.eval_accuracy! - noisy.accuracy)).toBeLessThan(0.06);
  expect(report!.temperature).toBe(model.temperature);
  expect(log.at(-1)).toHaveProperty(['probe/prior_precision']);
  expect(tf.memory().numTensors).toBe(tensors);
});

test('on votes by the toss of a coin strong priors win, and the figures show chance', async () => {
  const runs: Awaited<ReturnType<typeof train>>[] = [];
  for (const seed of [5, 6, 7, 8]) runs.push(await train(comparisons(150, seed, 0.5)));
  const mean = (of: (run: Awaited<ReturnType<typeof train>>) => number) =>
    runs.reduce((sum, run) => sum + of(run), 0) / 4;
  expect(mean(({ log }) => Math.log10(log.at(-1)!['probe/prior_precision']!))).toBeGreaterThan(2);
  expect(Math.abs(mean(({ metrics }) => metrics.eval_accuracy!) - 0.5)).toBeLessThan(0.07);
  expect(mean(({ metrics }) => metrics.eval_loss!)).toBeGreaterThan(Math.LN2 - 0.01);
});

test('its weights are at the point where likelihood and prior balance: every slope is zero', async () => {
  const examples = comparisons(80, 7, 0.1);
  const precision = 10;
  const probe = ProbeConfig.parse({ depths: [0.75], precisions: [precision] });
  const { model } = await train(examples, { probe, centering: 0 });
  const [head] = model.reader.parts().heads;
  const groups = examples.map((e) => ({ promptIds: e.promptIds, completions: [e.chosenIds, e.rejectedIds] }));
  const states = computeCompletionStates(backbone, [3]).of(groups);
  const size = backbone.config.hiddenSize;
  const completions = states.length / size;
  for (let i = 0; i < size; i++) {
    const column = Float64Array.from({ length: completions }, (_, a) => states[a * size + i]!);
    const mean = column.reduce((a, b) => a + b, 0) / completions;
    const deviation = Math.sqrt(column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / completions);
    let slope = precision * head!.weight[i]! * deviation;
    for (let pair = 0; pair < examples.length; pair++) {
      const of = (completion: number) =>
        head!.weight.reduce((sum, w, k) => sum + w * states[completion * size + k]!, 0);
      const lead = of(2 * pair) - of(2 * pair + 1);
      const gap = (column[2 * pair]! - column[2 * pair + 1]!) / deviation;
      slope -= gap / (1 + Math.exp(lead));
    }
    expect(Math.abs(slope) / examples.length).toBeLessThan(3e-5);
  }
});

test('every kind of feedback moves it, and a rater who always votes up does not', async () => {
  const rng = new Rng(8);
  const [good, bad] = [Int32Array.of(3, 4, 5, 6, 7, 8), Int32Array.of(15, 16, 17, 18, 19, 20)];
  const promptIds = Int32Array.of(2, 3);
  const gapOf = async (exampleOf: (completionIds: Int32Array, i: number) => RewardExample) => {
    const examples = Array.from({ length: 120 }, (_, i) => exampleOf(say(rng, 5), i));
    const { model } = await train(examples, { raterBiasRidge: 0.1 });
    const [a, b] = model.rawScores([good, bad].map((completionIds) => ({ promptIds, completionIds })));
    return a! - b!;
  };
  const judged = (i: number) => ({ promptIds: Int32Array.of(2 + (i % 20), 3 + (i % 17)), weight: 1 });
  const isGood = (ids: Int32Array) => share(ids) > 0.5;
  const kinds: Record<string, (completionIds: Int32Array, i: number) => RewardExample> = {
    thumb: (completionIds, i) => ({
      kind: 'thumb',
      ...judged(i),
      completionIds,
      up: isGood(completionIds),
      rater: 'a',
    }),
    rating: (completionIds, i) => ({
      kind: 'rating',
      ...judged(i),
      completionIds,
      value: isGood(completionIds) ? 9 : 3,
      rater: 'a',
    }),
    questionnaire: (completionIds, i) => {
      const quality = isGood(completionIds) ? 1 : 0.1;
      return { kind: 'questionnaire', ...judged(i), completionIds, quality, isVolunteered: false, rater: 'a' };
    },
    flaws: (completionIds, i) => {
      const quality = isGood(completionIds) ? 1 : 0.1;
      return { kind: 'questionnaire', ...judged(i), completionIds, quality, isVolunteered: true, rater: 'a' };
    },
    ranking: (completionIds, i) => {
      const completions = [completionIds, say(rng, 5), say(rng, 5)];
      const order = [...new Set(completions.map(share))].sort((a, b) => b - a);
      return { kind: 'ranking', ...judged(i), completions, ranks: completions.map((ids) => order.indexOf(share(ids))) };
    },
    best_of: (completionIds, i) => {
      const completions = [completionIds, say(rng, 5), say(rng, 5)];
      const best = completions.reduce((most, ids, j) => (share(ids) > share(completions[most]!) ? j : most), 0);
      return { kind: 'best_of', ...judged(i), completions, best };
    },
    correction: (completionIds, i) => {
      const [correctedIds, originalIds] = [completionIds, say(rng, 5)].sort((a, b) => share(b) - share(a));
      return { kind: 'correction', ...judged(i), originalIds: originalIds!, correctedIds: correctedIds!, margin: 0 };
    },
  };
  for (const [kind, exampleOf] of Object.entries(kinds)) expect(await gapOf(exampleOf), kind).toBeGreaterThan(0.5);
  const cheerful = await gapOf((completionIds, i) => ({
    kind: 'thumb',
    ...judged(i),
    completionIds,
    up: true,
    rater: 'c',
  }));
  expect(Math.abs(cheerful)).toBeLessThan(0.2);
});

test('a fit that is interrupted and resumed equals one that is not, bit for bit, as does its saved form', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'attune-probe-'));
  try {
    const thumb = {
      kind: 'thumb',
      promptIds: Int32Array.of(2, 3),
      completionIds: Int32Array.of(4, 5),
      up: true,
    } as const;
    const examples = [...comparisons(60, 9), { ...thumb, rater: 'r1', weight: 0.5 }];
    const changes = { batchExamples: 8 };
    const expected = await train(examples, changes);
    const stage = { directory, stage: 'reward-model' };
    const { result: finished, runs } = await runInterrupted<RewardTrainingState, Awaited<ReturnType<typeof train>>>(
      stage,
      (interrupted) => train(examples, changes, interrupted),
    );
    expect(runs).toBeGreaterThan(2);
    expect(packRewardModel(finished.model)).toEqual(packRewardModel(expected.model));
    expect(finished.metrics).toEqual(expected.metrics);
    const saved = packRewardModel(expected.model);
    const state = JSON.parse(JSON.stringify(saved.state)) as RewardModelState;
    const again = unpackRewardModel(backbone, { state, tensors: saved.tensors }, 256);
    const completions = examples
      .slice(0, 9)
      .map((e) => ({ promptIds: e.promptIds, completionIds: (e as Comparison).chosenIds }));
    expect(again.score(completions)).toEqual(unpackRewardModel(backbone, saved, 256).score(completions));
    again.rawScores(completions).forEach((score, i) => {
      expect(score).toBeCloseTo(expected.model.rawScores(completions)[i]!, 5);
    });
    const lacking = new Map([...saved.tensors].filter(([name]) => name !== 'probe.1.weight'));
    expect(() => unpackRewardModel(backbone, { state, tensors: lacking }, 256)).toThrow(/lacks probe\.1\.weight/);
    const { reader: _, ...older } = state;
    const ofAnotherRelease = { state: older as RewardModelState, tensors: saved.tensors };
    expect(() => unpackRewardModel(backbone, ofAnotherRelease, 256)).toThrow(/another release.*reward\.json/);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('raters who flip their votes are found by what the others and the probe say, and then teach as much', async () => {
  // 9 raters, 3 of whom flip every vote; each pair is judged by two, so that no majority decides.
  const rng = new Rng(12);
  const examples = comparisons(120, 11).flatMap((pair): Comparison[] =>
    rng
      .shuffle([...Array(9).keys()])
      .slice(0, 2)
      .map((r) => {
        const { chosenIds, rejectedIds } = pair;
        const sides = r < 3 ? { chosenIds: rejectedIds, rejectedIds: chosenIds } : {};
        return { ...pair, ...sides, rater: `rater-${r}`, isChosenLeft: rng.uniform() < 0.5 };
      }),
  );
  const tensors = tf.memory().numTensors;
  const accuracyOf = async (changes: Partial<RewardModelConfig>) => {
    const { model, report, metrics } = await train(examples, changes);
    return { ...measurePairs(scoredPairs(scoreExamples(model, comparisons(300, 13)))), report, metrics };
  };
  const [on, off] = [await accuracyOf({}), await accuracyOf({ trust: null })];
  const inverted = on.report!.raters!.filter(({ isInverted }) => isInverted).map(({ rater }) => rater);
  expect(inverted.sort()).toEqual(['rater-0', 'rater-1', 'rater-2']);
  expect(on.accuracy).toBeGreaterThan(0.85);
  expect(on.accuracy).toBeGreaterThan(off.accuracy);
  // The held-out votes of those three judge nothing as they stand: they are turned over.
  expect(on.metrics.eval_accuracy).toBeGreaterThan(off.metrics.eval_accuracy! + 0.1);
  expect(off.report!.raters).toBeNull();
  expect(tf.memory().numTensors).toBe(tensors);
  // An adapter learns from the same trust. For one of the three an admin vouches, and no estimate overrides that.
  const vouched = examples.map((one) => (one.rater === 'rater-0' ? { ...one, isVouchedFor: true as const } : one));
  const adapter = await train(vouched, { probe: null, epochs: 1 });
  const trusted = adapter.report!.raters!.find(({ rater }) => rater === 'rater-0')!;
  expect(trusted).toMatchObject({ weight: 1, isInverted: false });
  expect(adapter.report!.raters!.filter(({ isInverted }) => isInverted)).toHaveLength(2);
  adapter.model.dispose();
});

test('feedback on a single prompt is fitted under the strongest prior, without figures', async () => {
  const examples = comparisons(10, 10).map((example) => ({ ...example, promptIds: Int32Array.of(5, 6) }));
  const { report, metrics, model } = await train(examples);
  expect(report).toBeNull();
  expect(metrics).toEqual({});
  expect(model.rawScores([{ promptIds: Int32Array.of(5), completionIds: Int32Array.of(6) }])).toHaveLength(1);
  await expect(train([])).rejects.toThrow(/no feedback to train a reward model on/);
});
