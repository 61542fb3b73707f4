// Running moments against trlX's, batch by batch and all at once.
import { expect, test } from 'vitest';
import { deviationOf, NO_MOMENTS, updateMoments } from '@/trainer/math/moments';
import { golden } from './golden';

// Batches with the vectors' means and deviations: 3 values of mean 2 and deviation 1, 2 of mean 4 and deviation sqrt(72),
// 4 of mean 1.5 and deviation 1.683251 = sqrt(8.5 / 3).
const batches = [
  [1, 2, 3],
  [10, -2],
  [3.5, 2, -0.5, 1],
];

test('mean and deviation equal trlX after every batch', () => {
  let state = NO_MOMENTS;
  batches.forEach((batch, i) => {
    const own = updateMoments(NO_MOMENTS, batch);
    expect(own.mean).toBeCloseTo(golden.running_moments[i]!.batch_mean, 6);
    expect(deviationOf(own)).toBeCloseTo(golden.running_moments[i]!.batch_std, 6);
    state = updateMoments(state, batch);
    expect(state.mean).toBeCloseTo(golden.running_moments[i]!.mean, 6);
    expect(deviationOf(state)).toBeCloseTo(golden.running_moments[i]!.std, 6);
  });
  const whole = updateMoments(NO_MOMENTS, batches.flat());
  expect(deviationOf(state)).toBeCloseTo(deviationOf(whole), 10);
});

test('the deviation of no values or a single value is 0', () => {
  expect(deviationOf(NO_MOMENTS)).toBe(0);
  expect(deviationOf(updateMoments(NO_MOMENTS, [3]))).toBe(0);
  expect(updateMoments(NO_MOMENTS, [])).toEqual(NO_MOMENTS);
});
