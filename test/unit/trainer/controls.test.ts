// The small controllers around training: alarms, start checks, micro-batches, calibration, presets.
import { expect, test } from 'vitest';
import { PipelineConfig, PRESETS } from '@/core/config/presets';
import { packByLength } from '@/trainer/math/micro-batch';
import { checkStart, NO_ALARMS, watchIteration } from '@/trainer/policy/guards';
import { lengthBaseline, lengthRule, measurePairs } from '@/trainer/reward/metrics';

test('training is refused, naming the figure that is wrong', () => {
  const sound = { largestKl: 0, largestRatioError: 1e-6, entropy: 2 };
  expect(() => checkStart(sound)).not.toThrow();
  expect(() => checkStart({ ...sound, largestKl: 0.4 })).toThrow(/0\.4/);
  expect(() => checkStart({ ...sound, largestKl: Number.NaN })).toThrow(/NaN/);
  expect(() => checkStart({ ...sound, largestRatioError: 0.2 })).toThrow(/0\.2/);
  expect(() => checkStart({ ...sound, entropy: Number.POSITIVE_INFINITY })).toThrow(/entropy is Infinity/);
});

test('alarms: equal advantages, NaN, three negative divergences or flat rewards in a row, growth to the cap', () => {
  const sound = { kl: 1, meanScore: 0, scoreVariance: 1, meanLength: 20, cap: 64, advantageVariance: 1 };
  expect(watchIteration(NO_ALARMS, sound).verdict).toBeNull();
  expect(watchIteration(NO_ALARMS, { ...sound, advantageVariance: 0 }).verdict).toMatchObject({
    code: 'equal_advantages',
  });
  let state = NO_ALARMS;
  const verdicts = [-0.1, -0.1, 0.2, -0.1, -0.1, -0.1].map((kl) => {
    const watched = watchIteration(state, { ...sound, kl });
    state = watched.state;
    return watched.verdict;
  });
  expect(verdicts.map((verdict) => verdict !== null)).toEqual([false, false, false, false, false, true]);
  let flat = NO_ALARMS;
  const flatVerdicts = [1e-13, 1, 0, 0, 0].map((scoreVariance) => {
    const watched = watchIteration(flat, { ...sound, scoreVariance });
    flat = watched.state;
    return watched.verdict;
  });
  expect(flatVerdicts.slice(0, 4)).toEqual([null, null, null, null]);
  expect(flatVerdicts[4]).toMatchObject({ code: 'flat_reward', batches: 3 });
  for (const name of ['kl', 'meanScore', 'scoreVariance', 'meanLength', 'advantageVariance'] as const) {
    const watched = watchIteration(NO_ALARMS, { ...sound, [name]: Number.NaN });
    expect(watched.verdict).toEqual({ code: 'figure_broken', figure: name, value: 'NaN' });
  }
  const { state: later } = watchIteration(NO_ALARMS, sound);
  expect(watchIteration(later, { ...sound, meanLength: 63 }).verdict).toMatchObject({
    code: 'answers_grew',
    from: 20,
    to: 63,
  });
  expect(watchIteration(NO_ALARMS, { ...sound, meanLength: 63 }).verdict).toBeNull();
});

test('micro-batches keep the number of rows times the longest within the limit, and lose no row', () => {
  expect(packByLength([3, 9, 4, 10, 2], 20)).toEqual([
    [3, 1],
    [2, 0, 4],
  ]);
  // Pairs count twice: 2 x 10, then 2 x 9, then (2 + 2) x 4 = 16, and 2 x 2 alone, because 6 x 4 = 24 is too much.
  expect(packByLength([3, 9, 4, 10, 2], 20, () => 2)).toEqual([[3], [1], [2, 0], [4]]);
  expect(packByLength([50], 20)).toEqual([[0]]);
});

test('accuracy, calibration and the length baseline follow their definitions', () => {
  const pair = (gap: number, lengthGap: number) => ({
    weight: 1,
    chosen: gap,
    rejected: 0,
    chosenLength: 10 + lengthGap,
    rejectedLength: 10,
  });
  // sigmoid(0.405465) = 0.6: with this confidence, 3 of 5 right is perfectly calibrated, and 5 of 5 is off by 0.4.
  const gap = Math.log(1.5);
  const even = [gap, gap, gap, -gap, -gap].map((x) => pair(x, -1));
  expect(measurePairs(even).accuracy).toBeCloseTo(0.6, 10);
  expect(measurePairs(even).ece).toBeCloseTo(0, 10);
  expect(measurePairs([gap, gap, gap, gap, gap].map((x) => pair(x, 1))).ece).toBeCloseTo(0.4, 10);
  expect(lengthRule(even)).toBe(-1);
  expect(lengthBaseline([pair(1, -3), pair(1, 4), pair(1, 0)], -1)).toBeCloseTo(0.5, 10);
});

test('the presets are valid and the defaults need no input', () => {
  for (const preset of Object.values(PRESETS)) expect(PipelineConfig.parse(preset)).toEqual(preset);
  expect(PipelineConfig.parse({}).ppo.klBudget).toBe(8);
});
