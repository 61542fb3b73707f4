// Kappas and Krippendorff's alpha against scikit-learn, statsmodels and the krippendorff package.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Rng } from '@/core/rng';
import { cohenKappa, estimateCohenKappa, estimateFleissKappa, fleissKappa } from '@/core/statistics/agreement/kappa';
import { estimateKrippendorffAlpha, krippendorffAlpha, type Level } from '@/core/statistics/agreement/krippendorff';
import { bootstrapInterval, percentileInterval } from '@/core/statistics/bootstrap';
import peers from '../../../fixtures/ratings.json';

const LEVELS: Level[] = ['nominal', 'ordinal', 'interval'];

test.each(LEVELS)("Krippendorff's alpha of his own table with missing values: %s", (level) => {
  const { items, alpha } = peers.krippendorff;
  expect(krippendorffAlpha(items, level)).toBeCloseTo(alpha[level], 12);
});

test("Fleiss' kappa equals statsmodels, and Cohen's scikit-learn", () => {
  const { items, kappa } = peers.fleiss;
  expect(fleissKappa(items)).toBeCloseTo(kappa, 12);
  expect(cohenKappa(items.map(([a, b]) => [a!, b!] as const))).toBeCloseTo(peers.cohen, 12);
});

test('two raters who agree on 3 of 4 with balanced labels: Cohen 0.5, Fleiss 0.4667', () => {
  // Cohen: a has y y n n, b has y y n y. Chance: 1/2 * 3/4 + 1/2 * 1/4 = 1/2, so (3/4 - 1/2) / (1/2).
  const pairs = [
    ['y', 'y'],
    ['y', 'y'],
    ['n', 'n'],
    ['n', 'y'],
  ] as const;
  expect(cohenKappa(pairs)).toBeCloseTo(0.5, 12);
  // Fleiss: 5/8 y, 3/8 n; chance 34/64; (48/64 - 34/64) / (30/64)
  expect(fleissKappa(pairs)).toBeCloseTo(14 / 30, 12);
});

test('without variation agreement beyond chance is undefined', () => {
  expect(
    cohenKappa([
      ['y', 'y'],
      ['y', 'y'],
    ]),
  ).toBeNull();
  expect(
    fleissKappa([
      ['y', 'y'],
      ['y', 'y'],
    ]),
  ).toBeNull();
  expect(
    krippendorffAlpha(
      [
        [1, 1],
        [1, 1],
      ],
      'interval',
    ),
  ).toBeNull();
  expect(krippendorffAlpha([[1], [2]], 'nominal')).toBeNull(); // nothing to compare
  expect(estimateCohenKappa([], new Rng(1))).toEqual({ value: null, interval: null });
});

test("Fleiss' kappa refuses items with different numbers of raters", () => {
  expect(() =>
    fleissKappa([
      ['y', 'y'],
      ['y', 'y', 'n'],
    ]),
  ).toThrow("Use Krippendorff's alpha");
});

const anyItems = fc.array(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 }), {
  minLength: 1,
  maxLength: 12,
});

test('alpha is 1 only in full agreement, does not depend on order, nor on the scale of an interval', () => {
  fc.assert(
    fc.property(anyItems, fc.integer({ min: 0, max: 1e6 }), (items, seed) => {
      for (const level of LEVELS) {
        const alpha = krippendorffAlpha(items, level);
        const rng = new Rng(seed);
        const shuffled = rng.shuffle(items.map((values) => rng.shuffle(values)));
        const scaled = shuffled.map((values) => values.map((value) => 10 * value - 7));
        const again = krippendorffAlpha(scaled, level);
        if (alpha === null) expect(again).toBeNull();
        else expect(again).toBeCloseTo(alpha, 9);
        const agree = items.every((values) => new Set(values).size === 1);
        if (alpha !== null) expect(alpha > 1 - 1e-12).toBe(agree);
      }
    }),
    { numRuns: 200, seed: 1 },
  );
});

test('with two raters and no missing values, nominal alpha is close to Cohen for many items', () => {
  const rng = new Rng(5);
  const items = Array.from({ length: 2000 }, () => {
    const truth = rng.integer(3);
    return [0, 1].map(() => (rng.uniform() < 0.7 ? truth : rng.integer(3)));
  });
  const alpha = krippendorffAlpha(items, 'nominal')!;
  expect(alpha).toBeCloseTo(cohenKappa(items.map(([a, b]) => [`${a}`, `${b}`]))!, 2);
  expect(Math.abs(alpha - 0.49)).toBeLessThan(0.05); // both saw the truth in 0.7 * 0.7
});

test('percentiles interpolate as in NumPy', () => {
  // of 1..5: 2.5 % lies at place 0.1, 97.5 % at 3.9
  expect(percentileInterval([5, 3, 1, 2, 4], 0.95)).toEqual({
    low: expect.closeTo(1.1, 12),
    high: expect.closeTo(4.9, 12),
  });
  expect(percentileInterval([], 0.95)).toBeNull();
});

test('the bootstrap of a mean is as wide as the normal interval, and holds the truth in 90 to 98 % of samples', () => {
  let held = 0;
  for (let seed = 0; seed < 200; seed++) {
    const rng = new Rng(seed);
    const sample = Array.from({ length: 60 }, () => rng.normal());
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const { low, high } = bootstrapInterval(sample, mean, rng, { rounds: 300 })!;
    if (low <= 0 && high >= 0) held++;
  }
  expect(held / 200).toBeGreaterThanOrEqual(0.9);
  expect(held / 200).toBeLessThanOrEqual(0.98);
});

test('intervals of kappa and alpha hold the value, and more items make them narrower', () => {
  const items = (count: number) =>
    Array.from({ length: count }, (_, i) => peers.fleiss.items[i % peers.fleiss.items.length]!.slice(0, 3));
  const width = (count: number) => {
    const { value, interval } = estimateFleissKappa(items(count), new Rng(1), { rounds: 200 });
    expect(interval!.low).toBeLessThan(value!);
    expect(interval!.high).toBeGreaterThan(value!);
    return interval!.high - interval!.low;
  };
  expect(width(120)).toBeLessThan(0.7 * width(30)); // half, up to chance
  const alpha = estimateKrippendorffAlpha(peers.krippendorff.items, 'ordinal', new Rng(1), { rounds: 200 });
  expect(alpha.interval!.low).toBeLessThan(alpha.value!);
  expect(alpha.interval!.high).toBeGreaterThan(alpha.value!);
});
