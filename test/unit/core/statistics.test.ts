// Intervals and ratings against the values of confseq, GrowthBook and an MM fixed point.
import { expect, test } from 'vitest';
import { Rng } from '@/core/rng';
import { wilsonInterval } from '@/core/statistics/statistics';
import golden from '../../fixtures/statistics.json';
import {
  asymptoticHalfWidth,
  asymptoticRho,
  bernoulliSequenceInterval,
  bradleyTerry,
  differenceInterval,
  normalMixtureBound,
  normalMixtureLog,
  normalMixtureRho,
  winShare,
} from './sequential-statistics';

test('the two-sided normal mixture agrees with confseq', () => {
  const { v_opt, alpha, rho, log_mixture_s10_v100, bound_v100 } = golden.normalMixture;
  const found = normalMixtureRho(v_opt, alpha);
  expect(found).toBeCloseTo(rho, 5);
  expect(normalMixtureLog(10, 100, found)).toBeCloseTo(log_mixture_s10_v100, 6);
  expect(normalMixtureBound(100, found, alpha)).toBeCloseTo(bound_v100, 4);
});

test('the bound is where the mixture reaches 1/alpha', () => {
  const rho = normalMixtureRho(50, 0.01);
  expect(normalMixtureLog(normalMixtureBound(80, rho, 0.01), 80, rho)).toBeCloseTo(Math.log(100), 10);
});

test.each(golden.bernoulli)('the Bernoulli sequence agrees with confseq at $successes of $trials', (row) => {
  const { low, high } = bernoulliSequenceInterval(row.successes, row.trials, { alpha: row.alpha, tuning: row.t_opt });
  expect(low).toBeCloseTo(row.ci[0]!, 5);
  expect(high).toBeCloseTo(row.ci[1]!, 5);
});

test('the Bernoulli sequence says nothing before the first trial', () => {
  expect(bernoulliSequenceInterval(0, 0)).toEqual({ low: 0, high: 1 });
});

test('the Bernoulli sequence misses a fair coin in at most 5 % of runs, even if checked after every toss', () => {
  let missed = 0;
  for (let run = 0; run < 100; run++) {
    const rng = new Rng(run);
    let heads = 0;
    for (let n = 1; n <= 200; n++) {
      if (rng.uniform() < 0.5) heads++;
      const { low, high } = bernoulliSequenceInterval(heads, n);
      if (low > 0.5 || high < 0.5) {
        missed++;
        break;
      }
    }
  }
  expect(missed).toBeLessThanOrEqual(5);
});

test('the asymptotic confidence sequence agrees with GrowthBook', () => {
  const { alpha, rho_tuning5000, halfwidth } = golden.asymptotic;
  expect(asymptoticRho(alpha, 5000)).toBeCloseTo(rho_tuning5000, 8);
  for (const { s2, n, tuning, hw } of halfwidth)
    expect(asymptoticHalfWidth(s2, n, { alpha, tuning })).toBeCloseTo(hw, 5);
});

test('the difference of two equal arms is as wide as a mean with four times the variance', () => {
  // var/n + var/n = 2 var / n per arm of n; over 2n pooled observations: 2n * 2 var / n = 4 var.
  const arm = { mean: 0.5, variance: 0.25, n: 100 };
  const { low, high } = differenceInterval(arm, { ...arm, mean: 0.6 }, { tuning: 400 });
  expect((low + high) / 2).toBeCloseTo(0.1, 12);
  expect((high - low) / 2).toBeCloseTo(asymptoticHalfWidth(1, 200, { tuning: 400 }), 12);
});

test('Wilson: 8 of 10 at 95 % is [0.4902, 0.9433], and no trial says nothing', () => {
  const { low, high } = wilsonInterval(8, 10);
  expect(low).toBeCloseTo(0.4902, 4);
  expect(high).toBeCloseTo(0.9433, 4);
  expect(wilsonInterval(0, 0)).toEqual({ low: 0, high: 1 });
});

test('Bradley-Terry reaches the fixed point: each item wins as often as its strength predicts', () => {
  const { wins, strengths } = golden.bradleyTerry;
  const found = bradleyTerry(wins);
  for (const [i, strength] of found.entries()) {
    expect(strength).toBeCloseTo(strengths[i]!, 4); // the reference stopped at 1e-5
    const predicted = found.reduce(
      (sum, other, j) => (j === i ? sum : sum + ((wins[i]![j]! + wins[j]![i]!) * strength) / (strength + other)),
      0,
    );
    expect(predicted).toBeCloseTo(
      wins[i]!.reduce((x, y) => x + y, 0),
      7,
    );
  }
});

test('a tie is half a win, and with two items Bradley-Terry is the win share', () => {
  expect(winShare(3, 1, 2)).toBeCloseTo(4 / 6, 12);
  expect(winShare(0, 0, 0)).toBe(0.5);
  expect(
    bradleyTerry([
      [0, 4],
      [2, 0],
    ])[0],
  ).toBeCloseTo(4 / 6, 8);
});
