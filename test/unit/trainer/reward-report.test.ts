// The reward model's report: which pairs count, groups with the worst first, a temperature judged on held-out pairs.
import { expect, test } from 'vitest';
import { Rng } from '@/core/rng';
import type { RewardExample } from '@/trainer/math/reward-examples';
import { calibrate, fitTemperature, scalePair } from '@/trainer/reward/calibration';
import { expectedCalibrationError, type LabelledPair, measureGroups, scoredPairs } from '@/trainer/reward/metrics';

const ids = (length: number) => new Int32Array(length).fill(5);
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Pairs whose winner is drawn with probability sigmoid(gap / temperature). */
function drawnPairs(count: number, temperature: number, seed: number): LabelledPair[] {
  const rng = new Rng(seed);
  return Array.from({ length: count }, (_, i) => {
    const gap = 3 * rng.normal();
    const isRight = rng.uniform() < sigmoid(Math.abs(gap) / temperature);
    const chosen = isRight ? Math.abs(gap) : -Math.abs(gap);
    return {
      weight: 1,
      chosen,
      rejected: 0,
      chosenLength: 3,
      rejectedLength: 4,
      prompt: String(i),
      person: String(i),
      groups: {},
    };
  });
}

test('pairs are decided comparisons, corrections, and the best answer against each other one', () => {
  const judged = { promptIds: Int32Array.of(1, 2), weight: 1, groups: { language: 'de' } };
  const sides = { chosenIds: ids(3), rejectedIds: ids(4), margin: 0 };
  const examples: [RewardExample, number[]][] = [
    [{ kind: 'comparison', ...judged, ...sides, outcome: 'chosen' }, [2, 1]],
    [{ kind: 'comparison', ...judged, ...sides, outcome: 'tie' }, [2, 1]],
    [{ kind: 'correction', ...judged, originalIds: ids(7), correctedIds: ids(6), margin: 0 }, [0, 1]],
    [{ kind: 'best_of', ...judged, completions: [ids(1), ids(2), ids(3)], best: 1 }, [4, 6, 5]],
    [{ kind: 'thumb', ...judged, completionIds: ids(2), up: true, rater: 'a' }, [9]],
  ];
  const pairs = scoredPairs(examples.map(([example, scores]) => ({ example, scores })));
  const shape = pairs.map((pair) => [pair.chosen, pair.rejected, pair.chosenLength, pair.rejectedLength]);
  expect(shape).toEqual([
    [2, 1, 3, 4],
    [0, 1, 6, 7],
    [6, 4, 2, 1],
    [6, 5, 2, 3],
  ]);
  expect(pairs.every(({ prompt, groups }) => prompt === '1,2' && groups.language === 'de')).toBe(true);
});

const judged = (groups: Record<string, string>, person: string, gap: number, lengthGap = 1): LabelledPair => ({
  ...{ weight: 1, chosen: gap, rejected: 0, chosenLength: 10 + lengthGap, rejectedLength: 10, prompt: 'p' },
  ...{ person, groups },
});

test('groups come worst first, each with its own length baseline, and small ones are left out', () => {
  const people = (language: string, gaps: number[], lengthGap: number) =>
    gaps.map((gap, i) => judged({ language }, `${language} ${i}`, gap, lengthGap));
  const pairs = [
    ...people('en', [1, 1, 1, -1, 1, 1, 1, -1], 1), // 6 of 8 right, longer always wins
    ...people('de', [1, -1, -1, -1, 1, -1, -1, -1], -1), // 2 of 8
    ...people('fr', [-1, -1, -1, -1, -1], 1),
  ];
  const groups = measureGroups(pairs, 1, 6);
  expect(groups.map(({ value, accuracy, pairs, lengthBaseline }) => [value, accuracy, pairs, lengthBaseline])).toEqual([
    ['de', 0.25, 8, 0],
    ['en', 0.75, 8, 1],
  ]);
  // Wilson's interval of 2 of 8.
  expect([groups[0]!.low, groups[0]!.high].map((x) => x.toFixed(3))).toEqual(['0.071', '0.591']);
});

test('groups of fewer than five people are put together, however much each has judged', () => {
  const pairs = (age: string, people: number, each: number) =>
    Array.from({ length: people * each }, (_, i) => judged({ age }, `${age} ${i % people}`, 1));
  const of = (...all: LabelledPair[][]) =>
    measureGroups(all.flat(), 1, 10)
      .map(({ value, people, pairs: n }) => [value, people, n])
      .sort();
  expect(of(pairs('60+', 4, 30), pairs('30-44', 6, 10), pairs('45-59', 7, 10))).toEqual([
    [null, 10, 180],
    ['45-59', 7, 70],
  ]);
  expect(of(pairs('60+', 4, 30))).toEqual([]);
  // Someone who says another age than before is in the group of the first, with everything.
  const moved = judged({ age: '45-59' }, '30-44 0', 1);
  expect(of(pairs('30-44', 6, 10), pairs('45-59', 5, 10), [moved])).toEqual([
    ['30-44', 6, 61],
    ['45-59', 5, 50],
  ]);
});

test('the temperature of drawn winners is found again, and calibrates pairs that it has not seen', () => {
  expect(fitTemperature(drawnPairs(4000, 2.5, 1))).toBeCloseTo(2.5, 0);
  expect(fitTemperature(drawnPairs(4000, 0.5, 2))).toBeCloseTo(0.5, 1);
  expect(fitTemperature([])).toBe(1);
  const { temperature, eceBefore, eceAfter } = calibrate(drawnPairs(2000, 4, 3))!;
  expect(temperature).toBeGreaterThan(3);
  expect(eceBefore).toBeGreaterThan(0.15); // twice as confident as it should be
  expect(eceAfter).toBeLessThan(0.05);
});

test('the error after calibration is measured on other folds, so on noise it does not flatter', () => {
  // 30 pairs with random winners. A temperature judged on its own pairs looks better than it is.
  const honest: number[] = [];
  const flattered: number[] = [];
  for (let seed = 0; seed < 200; seed++) {
    const pairs = drawnPairs(30, 1e9, seed);
    honest.push(calibrate(pairs)!.eceAfter);
    const own = fitTemperature(pairs);
    flattered.push(expectedCalibrationError(pairs.map((pair) => ({ ...pair, ...scalePair(pair, own) }))));
  }
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  expect(mean(honest)).toBeGreaterThan(mean(flattered));
});

test('pairs of one prompt are in one fold, and with fewer prompts than folds nothing is calibrated', () => {
  const siblings = drawnPairs(40, 1, 4).map((pair, i) => ({ ...pair, prompt: String(i % 4) }));
  expect(calibrate(siblings)).toBeNull();
  const [first] = drawnPairs(1, 1, 5);
  // Five prompts with the same pairs: a fold's temperature is fitted on the other four, which are identical.
  const five = Array.from({ length: 50 }, (_, i) => ({ ...first!, prompt: String(i % 5) }));
  const { eceAfter } = calibrate(five)!;
  expect(eceAfter).toBeCloseTo(
    expectedCalibrationError([{ ...first!, ...scalePair(first!, fitTemperature(five.slice(0, 40))) }]),
    6,
  );
});
