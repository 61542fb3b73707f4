// The mathematics of experiments: against scipy and expectation, against closed forms, and by simulation.
import { expect, test } from 'vitest';
import { Rng } from '@/core/rng';
import { logBelowBeta } from '@/core/statistics/beta';
import { asymptoticHalfWidth } from '@/core/statistics/confidence-sequence';
import { estimateDoublyRobust, estimateSnips, type Logged } from '@/core/statistics/experiments/off-policy';
import { oneSidedHalfWidth, shareAboveLogEvidence } from '@/core/statistics/experiments/one-sided';
import { adjustForBefore, type Observed } from '@/core/statistics/experiments/pre-period';
import {
  anytimeSampleSize,
  expectedMore,
  fixedSampleSize,
  pairedSampleSize,
} from '@/core/statistics/experiments/sample-size';
import { chanceOfBetter, thompsonShare } from '@/core/statistics/experiments/thompson';
import { belowNormal, normalQuantile } from '@/core/statistics/normal';
import golden from '../../../../fixtures/experiments.json';

test.each(golden.normal)('the normal distribution below $z agrees with scipy', ({ z, below }) => {
  expect(belowNormal(z) / below).toBeCloseTo(1, z < -7 ? 7 : 12);
});

test.each(golden.quantile)('the normal quantile of $p agrees with scipy', ({ p, z }) => {
  expect(normalQuantile(p)).toBeCloseTo(z, 11);
});

test.each(golden.belowBeta)('Beta($a, $b) below $x agrees with scipy', ({ x, a, b, log }) => {
  expect(logBelowBeta(x, a, b)).toBeCloseTo(log, 9);
});

test.each(golden.shareAbove)(
  'the one-sided evidence agrees with expectation: $successes of $trials above $share',
  ({ share, successes, trials, log }) => {
    expect(shareAboveLogEvidence(successes, trials, share)).toBeCloseTo(log, 8);
  },
);

test('one side is a narrower bound than two, and the one-sided bound is the published formula', () => {
  const options = { alpha: 0.05, tuning: 400 };
  expect(oneSidedHalfWidth(0.25, 300, options)).toBeLessThan(asymptoticHalfWidth(0.25, 300, options));
  // rho^2 = (l + ln(l + 1)) / 400 with l = -2 ln 0.1; then sqrt(v 2 (n rho^2 + 1) / (n rho)^2 ln(1 + sqrt(n rho^2 + 1) / 0.1))
  const l = -2 * Math.log(0.1);
  const rho2 = (l + Math.log(l + 1)) / 400;
  const scale = 300 * rho2 + 1;
  const expected = Math.sqrt(((0.25 * 2 * scale) / (300 ** 2 * rho2)) * Math.log(1 + Math.sqrt(scale) / 0.1));
  expect(oneSidedHalfWidth(0.25, 300, options)).toBeCloseTo(expected, 12);
});

test('the one-sided evidence never rises for long below the share: at most 5 % of coins are accused', () => {
  let accused = 0;
  for (let run = 0; run < 400; run++) {
    const rng = new Rng(run);
    let heads = 0;
    for (let n = 1; n <= 200; n++) {
      if (rng.uniform() < 0.5) heads++;
      if (shareAboveLogEvidence(heads, n, 0.5) > Math.log(20)) {
        accused++;
        break;
      }
    }
  }
  expect(accused).toBeLessThanOrEqual(20);
});

test('fixed sample size: (1.96 + 0.8416)^2 * 2 * 2 * 0.25 / 0.1^2 = 785 people in two equal arms', () => {
  expect(fixedSampleSize({ effect: 0.1, variance: 0.25, share: 0.5 })).toBe(785);
  // A tenth of the people in one arm: 1 / 0.1 + 1 / 0.9 = 11.11 in place of 4.
  expect(fixedSampleSize({ effect: 0.1, variance: 0.25, share: 0.1 }) / 785).toBeCloseTo(11.111 / 4, 2);
});

test('by the anytime sample size, 80 % of experiments with the planned effect have decided', () => {
  const n = pairedSampleSize(0.1);
  const tuning = Math.ceil(((normalQuantile(0.975) + normalQuantile(0.8)) ** 2 * 0.25) / 0.01);
  let decided = 0;
  for (let run = 0; run < 500; run++) {
    const rng = new Rng(run);
    let wins = 0;
    for (let i = 0; i < n; i++) if (rng.uniform() < 0.6) wins++;
    if (Math.abs(wins / n - 0.5) > asymptoticHalfWidth(0.25, n, { tuning })) decided++;
  }
  // Binomial(500, 0.8): a deviation is 0.018.
  expect(decided / 500).toBeGreaterThan(0.74);
  expect(decided / 500).toBeLessThan(0.87);
});

test('an anytime test needs more than one that is read once, and less than three times as many', () => {
  for (const effect of [0.02, 0.05, 0.1]) {
    const planned = { effect, variance: 0.2, share: 0.3 };
    const ratio = anytimeSampleSize(planned) / fixedSampleSize(planned);
    expect(ratio).toBeGreaterThan(1);
    expect(ratio).toBeLessThan(3);
  }
});

test('the expected rest ends exactly where the interval reaches the estimate', () => {
  const more = expectedMore({ estimate: 0.1, variance: 1, n: 50 }, { tuning: 800 });
  const half = (n: number) => asymptoticHalfWidth(1, n, { tuning: 800 });
  expect(half(50 + more)).toBeLessThanOrEqual(0.1);
  expect(half(49 + more)).toBeGreaterThan(0.1);
  expect(expectedMore({ estimate: 0, variance: 1, n: 50 }, { tuning: 800 })).toBe(Number.POSITIVE_INFINITY);
});

const observed = (rng: Rng, lift: number): Observed => {
  const habit = rng.normal();
  return { value: habit + 0.5 * rng.normal() + lift, before: habit, weight: 1 };
};

test('what people did before removes the share of the variance that it foretells, and keeps the effect', () => {
  const rng = new Rng(3);
  const arms = {
    champion: Array.from({ length: 2000 }, () => observed(rng, 0)),
    candidate: Array.from({ length: 2000 }, () => observed(rng, 0.3)),
  };
  const { arms: adjusted, slope, removed } = adjustForBefore(arms);
  // value = before + noise of variance 1/4: the slope is 1, and 1 of 1.25 of the variance is foretold.
  expect(slope).toBeCloseTo(1, 1);
  expect(removed).toBeCloseTo(0.8, 1);
  expect(adjusted.candidate.mean - adjusted.champion.mean).toBeCloseTo(0.3, 1);
  expect(adjusted.champion.variance).toBeCloseTo(0.25, 1);
});

test('the adjustment of four people, by hand; new people stay as they are', () => {
  // Within arms: products 0.5 * 0.5 * 2 = 0.5 in `a`, 0 in `b`; squares 0.5 + 0.5 = 1; slope 0.5, mean before 0.5.
  const person = (value: number, before: number | null): Observed => ({ value, before, weight: 1 });
  const { arms, slope } = adjustForBefore({
    a: [person(0, 0), person(1, 1)],
    b: [person(1, 0), person(1, 1), person(1, null)],
  });
  expect(slope).toBeCloseTo(0.5, 12);
  expect(arms.a.mean).toBeCloseTo(0.5, 12);
  expect(arms.a.variance).toBeCloseTo(0.125, 12); // 0.25 and 0.75
  expect(arms.b.mean).toBeCloseTo(1, 12); // 1.25, 0.75 and 1
  expect(adjustForBefore({ a: [person(1, null)], b: [] }).arms.a).toMatchObject({ mean: 1, n: 1 });
});

const row = (person: string, value: number, propensity: number, target: number): Logged => ({
  ...{ person, value, propensity, target },
});

test('SNIPS: ratios 4, 4 and 0 give (4 * 1 + 4 * 0) / 8, with the deviation of the delta method', () => {
  const found = estimateSnips([row('a', 1, 0.25, 1), row('b', 0, 0.25, 1), row('c', 1, 0.75, 0)])!;
  expect(found).toMatchObject({ value: 0.5, people: 3, effective: 2 });
  // Influences 2 / 8, -2 / 8 and 0: squares 0.125; of three parts, 0.125 * 9 / 2.
  expect(found.high - found.value).toBeCloseTo(asymptoticHalfWidth(0.5625, 3), 12);
  expect(estimateSnips([row('c', 1, 0.75, 0)])).toBeNull();
});

test('a thousand votes of one person are one piece of evidence', () => {
  const rows = Array.from({ length: 1000 }, () => row('a', 1, 0.5, 1));
  expect(estimateSnips([...rows, row('b', 0, 0.5, 1)])).toMatchObject({ people: 2 });
  expect(estimateSnips(rows)!.high).toBe(Number.POSITIVE_INFINITY);
});

/** People of two kinds: one likes 80 % of the candidate's answers, the other 20 %; the share of the candidate grows. */
function logs(seed: number, isModelRight: boolean): Required<Logged>[] {
  const rng = new Rng(seed);
  return Array.from({ length: 4000 }, (_, i) => {
    // Early on, few get the candidate and people like little; a plain mean over the arm would be misled by that.
    const isLate = i >= 2000;
    const share = isLate ? 0.5 : 0.1;
    const isCandidate = rng.uniform() < share;
    const rate = isLate ? 0.8 : 0.2;
    const model = isModelRight ? rate : 0.9;
    return {
      ...{ person: `${i}`, value: rng.uniform() < rate ? 1 : 0, weight: 1 },
      ...{ propensity: isCandidate ? share : 1 - share, target: isCandidate ? 1 : 0 },
      expected: { given: model, target: model },
    };
  });
}

test('both off-policy estimates find the candidate’s rate for everybody, which the plain mean of its arm misses', () => {
  const rows = logs(1, false);
  const own = rows.filter(({ target }) => target === 1);
  expect(own.reduce((sum, { value }) => sum + value, 0) / own.length).toBeGreaterThan(0.65);
  for (const found of [estimateSnips(rows)!, estimateDoublyRobust(rows)!]) {
    expect(found.low).toBeLessThan(0.5);
    expect(found.high).toBeGreaterThan(0.5);
    expect(found.value).toBeCloseTo(0.5, 1);
  }
});

test('a model that is right makes the doubly robust estimate the more certain one; a wrong one does not bias it', () => {
  const width = ({ low, high }: { low: number; high: number }) => high - low;
  expect(width(estimateDoublyRobust(logs(1, true))!)).toBeLessThan(0.9 * width(estimateSnips(logs(1, true))!));
  const errors = Array.from({ length: 20 }, (_, seed) => estimateDoublyRobust(logs(seed, false))!.value - 0.5);
  expect(Math.abs(errors.reduce((sum, error) => sum + error, 0) / 20)).toBeLessThan(0.02);
});

test.each(golden.chanceOfBetter)('the chance that the candidate is better agrees with scipy: $chance', (row) => {
  expect(chanceOfBetter(row.champion, row.candidate)).toBeCloseTo(row.chance, 6);
});

test('Thompson’s share stays within its bounds', () => {
  const bounds = { least: 0.1, most: 0.5 };
  expect(thompsonShare({ up: 0, n: 50 }, { up: 50, n: 50 }, bounds)).toBe(0.5);
  expect(thompsonShare({ up: 50, n: 50 }, { up: 0, n: 50 }, bounds)).toBe(0.1);
  expect(thompsonShare({ up: 5, n: 10 }, { up: 5, n: 10 }, { least: 0, most: 1 })).toBeCloseTo(0.5, 9);
});
