// Intervals that may be read at any time, against the values of confseq and GrowthBook.
import { gammaln } from 'simple-statistics';
import { expect, test } from 'vitest';
import { Rng } from '@/core/rng';
import {
  asymptoticHalfWidth,
  asymptoticRho,
  bernoulliSequenceInterval,
  boundedMeanInterval,
  differenceInterval,
  normalMixtureBound,
  normalMixtureRho,
  shareLogEvidence,
} from '@/core/statistics/confidence-sequence';
import { wilsonInterval } from '@/core/statistics/statistics';
import golden from '../../../fixtures/statistics.json';

test('the two-sided normal mixture agrees with confseq', () => {
  const { v_opt, alpha, rho, bound_v100 } = golden.normalMixture;
  const found = normalMixtureRho(v_opt, alpha);
  expect(found).toBeCloseTo(rho, 5);
  expect(normalMixtureBound(100, found, alpha)).toBeCloseTo(bound_v100, 4);
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
  for (let run = 0; run < 1000; run++) {
    const rng = new Rng(run);
    let heads = 0;
    for (let n = 1; n <= 200; n++) {
      if (rng.uniform() < 0.5) heads++;
      // The interval leaves out 1/2 exactly when the evidence against it is above 1/alpha.
      if (shareLogEvidence(heads, n, 0.5) <= Math.log(20)) continue;
      const { low, high } = bernoulliSequenceInterval(heads, n);
      expect(low > 0.5 || high < 0.5).toBe(true);
      missed++;
      break;
    }
  }
  expect(missed).toBeLessThanOrEqual(50);
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

test('the evidence equals the ratio of mixture and likelihood, computed with another gamma function', () => {
  // B(a + f, b + s) / B(a, b) / (p^s (1-p)^f) with a = r / p, b = r / (1-p), r = rho(25) - 1/4 at p = 1/2
  const r = normalMixtureRho(25, 0.05) - 0.25;
  const logBeta = (a: number, b: number) => gammaln(a) + gammaln(b) - gammaln(a + b);
  const expected = logBeta(2 * r + 3, 2 * r + 17) - logBeta(2 * r, 2 * r) + 20 * Math.log(2);
  expect(shareLogEvidence(17, 20, 0.5)).toBeCloseTo(expected, 9);
});

test('the evidence is a martingale: its expectation after the next toss of the coin is what it was', () => {
  for (const [successes, trials] of [
    [0, 0],
    [3, 4],
    [20, 31],
  ] as const) {
    const after = (wins: number) => Math.exp(shareLogEvidence(wins, trials + 1, 0.3));
    const now = Math.exp(shareLogEvidence(successes, trials, 0.3));
    expect((0.3 * after(successes + 1) + 0.7 * after(successes)) / now).toBeCloseTo(1, 9);
  }
});

test('the mean of bounded values: 0.5 +- sqrt((v + rho)(ln(1 + v / rho) + 2 ln 20)) / n, within [0, 1]', () => {
  const rho = normalMixtureRho(25, 0.05);
  const half = Math.sqrt((100 + rho) * (Math.log(1 + 100 / rho) + 2 * Math.log(20))) / 400;
  const { low, high } = boundedMeanInterval(0.5, 400);
  expect([low, high].map((edge) => edge - 0.5)).toEqual([expect.closeTo(-half, 12), expect.closeTo(half, 12)]);
  expect(boundedMeanInterval(0.5, 1)).toEqual({ low: 0, high: 1 });
  expect(boundedMeanInterval(0, 0)).toEqual({ low: 0, high: 1 });
});

test('scores with ties: the mean of bounded values misses the truth in at most 5 % of runs', () => {
  let missed = 0;
  for (let run = 0; run < 200; run++) {
    const rng = new Rng(run);
    let sum = 0;
    for (let n = 1; n <= 300; n++) {
      sum += [0, 0.5, 1][rng.integer(3)]!;
      const { low, high } = boundedMeanInterval(sum / n, n);
      if (low > 0.5 || high < 0.5) {
        missed++;
        break;
      }
    }
  }
  expect(missed).toBeLessThanOrEqual(10);
});
