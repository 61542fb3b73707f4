// True labels estimated from a crowd: against crowd-kit 1.4.2, and what must hold for any labels.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Rng } from '@/core/rng';
import { fitDawidSkene } from '@/core/statistics/crowd/dawid-skene';
import { fitGlad } from '@/core/statistics/crowd/glad';
import { type CrowdLabel, indexLabels, likeliestLabels, voteShares } from '@/core/statistics/crowd/labels';
import crowdKit from '../../../fixtures/crowd-kit.json';
import golden from '../../../fixtures/rlhf-golden.json';

const asLabels = (rows: string[][]) => rows.map(([item, rater, label]) => ({ item, rater, label }) as CrowdLabel);
const toMap = <T>(record: Record<string, T> | undefined) => new Map(Object.entries(record ?? {}));

const crowd = indexLabels(asLabels(crowdKit.labels));
const { cases } = crowdKit;

/** The largest difference to a table of values by name and label. */
function difference(rows: readonly Float64Array[], names: string[], expected: Record<string, Record<string, number>>) {
  return Math.max(
    ...names.flatMap((name, i) => crowd.labels.map((label, k) => Math.abs(rows[i]![k]! - expected[name]![label]!))),
  );
}

const DAWID_SKENE = [
  { name: 'alone', found: cases.dawidSkene.found, options: {} },
  {
    name: 'with counts of former batches',
    found: cases.dawidSkeneHistory.found,
    options: { history: toMap(cases.dawidSkeneHistory.options.history) },
  },
  {
    name: 'with gold items',
    found: cases.dawidSkeneGold.found,
    options: { gold: toMap(cases.dawidSkeneGold.options.gold) },
  },
];

test.each(DAWID_SKENE)('Dawid-Skene equals crowd-kit: $name', ({ found, options }) => {
  const fit = fitDawidSkene(crowd, options);
  expect(difference(fit.probabilities, crowd.items, found.probabilities)).toBeLessThan(1e-8);
  expect(fit.bounds).toHaveLength(found.values.length);
  for (const [i, bound] of fit.bounds.entries()) expect(bound).toBeCloseTo(found.values[i]!, 7);
  const confusions: Record<string, Record<string, Record<string, number>>> = found.confusions;
  for (const [r, rater] of crowd.raters.entries()) {
    for (const [given, byTruth] of Object.entries(confusions[rater]!)) {
      for (const [truth, share] of Object.entries(byTruth)) {
        const index = crowd.labels.indexOf(given) * crowd.labels.length + crowd.labels.indexOf(truth);
        expect(fit.confusions[r]![index]).toBeCloseTo(share, 7);
      }
    }
  }
});

const GLAD = [
  { name: 'alone', found: cases.glad.found, options: {} },
  {
    name: 'with known abilities and difficulties as means of the priors',
    found: cases.gladPriorMeans.found,
    options: {
      priorMeans: {
        abilities: toMap(cases.gladPriorMeans.options.priorMeans.abilities),
        ease: toMap(cases.gladPriorMeans.options.priorMeans.ease),
      },
    },
  },
];

test.each(GLAD)('GLAD equals crowd-kit, step by step: $name', ({ found, options }) => {
  const fit = fitGlad(crowd, options);
  expect(difference(fit.probabilities, crowd.items, found.probabilities)).toBeLessThan(1e-4);
  expect(fit.values).toHaveLength(found.values.length);
  for (const [i, value] of fit.values.entries()) expect(value).toBeCloseTo(found.values[i]!, 5);
  const abilities: Record<string, number> = found.abilities;
  for (const [r, rater] of crowd.raters.entries()) expect(fit.abilities[r]).toBeCloseTo(abilities[rater]!, 3);
});

test('Dawid-Skene recovers the golden table: g1 decides item t7, and a rater who inverts counts inverted', () => {
  const { rows, p_yes, priors_no_yes } = golden.dawid_skene;
  const small = indexLabels(asLabels(rows));
  const fit = fitDawidSkene(small);
  for (const [i, probability] of p_yes.entries()) expect(fit.probabilities[i]![1]).toBeCloseTo(probability, 5);
  for (const [i, share] of priors_no_yes.entries()) expect(fit.priors[i]).toBeCloseTo(share, 5);
  const errors: Record<string, number[][]> = golden.dawid_skene.errors_worker_observed_true;
  for (const [r, rater] of small.raters.entries()) {
    for (const [given, row] of errors[rater]!.entries()) {
      for (const [truth, share] of row.entries()) expect(fit.confusions[r]![2 * given + truth]).toBeCloseTo(share, 4);
    }
  }
});

test('a share of votes is a count over the number of votes; of equal shares the first label in sorted order is chosen', () => {
  const small = indexLabels(
    asLabels([
      ['i', 'a', 'yes'],
      ['i', 'b', 'no'],
      ['j', 'a', 'yes'],
    ]),
    ['maybe'],
  );
  expect(small.labels).toEqual(['maybe', 'no', 'yes']);
  expect(voteShares(small).map((row) => [...row])).toEqual([
    [0, 0.5, 0.5],
    [0, 0, 1],
  ]);
  expect(Object.fromEntries(likeliestLabels(small, voteShares(small)))).toEqual({ i: 'no', j: 'yes' });
});

/** 60 items; two thirds of the raters invert, the rest are right in 90 %. */
function majorityOfTrolls(): { labels: CrowdLabel[]; truth: string[] } {
  const rng = new Rng(3);
  const truth = Array.from({ length: 60 }, () => (rng.uniform() < 0.5 ? 'a' : 'b'));
  const other = (label: string) => (label === 'a' ? 'b' : 'a');
  const labels = truth.flatMap((right, i) =>
    ['t1', 't2', 't3', 't4', 'h1', 'h2'].map((rater) => {
      const isRight = rng.uniform() < 0.9;
      return { item: `${i}`, rater, label: isRight === rater.startsWith('h') ? right : other(right) };
    }),
  );
  return { labels, truth };
}

const shareRight = (labels: Map<string, string>, truth: string[]) =>
  truth.filter((right, i) => labels.get(`${i}`) === right).length / truth.length;

test('with counts or abilities of former batches, six raters of whom four invert still give the truth', () => {
  const { labels, truth } = majorityOfTrolls();
  const six = indexLabels(labels);
  const alone = fitDawidSkene(six).probabilities;
  expect(shareRight(likeliestLabels(six, alone), truth)).toBeLessThan(0.1); // the majority inverts
  const counts = new Map(
    six.raters.map((rater) => {
      const [right, wrong] = rater.startsWith('h') ? [18, 2] : [2, 18];
      return [rater, { a: { a: right, b: wrong }, b: { a: wrong, b: right } }];
    }),
  );
  for (const options of [{ history: counts }, { prior: counts }]) {
    const { probabilities } = fitDawidSkene(six, options);
    expect(shareRight(likeliestLabels(six, probabilities), truth)).toBeGreaterThan(0.95);
  }
  const abilities = new Map(six.raters.map((rater) => [rater, rater.startsWith('h') ? 1 : -1]));
  const { probabilities } = fitGlad(six, { start: { abilities }, priorMeans: { abilities } });
  expect(shareRight(likeliestLabels(six, probabilities), truth)).toBeGreaterThan(0.95);
});

test('counts as a prior hold a rater in every step: one label cannot undo 40', () => {
  // Beta-like: (36 + p) / (40 + p) with p the probability of "a" for the one item, between 36/40 and 37/41.
  const one = indexLabels(
    asLabels([
      ['i', 'r', 'a'],
      ['i', 's', 'b'],
    ]),
  );
  const prior = new Map([['r', { a: { a: 36, b: 4 }, b: { a: 4, b: 36 } }]]);
  const share = fitDawidSkene(one, { prior }).confusions[0]![0]!;
  expect(share).toBeGreaterThanOrEqual(36 / 40);
  expect(share).toBeLessThanOrEqual(37 / 41);
});

test('a label that no rater and no caller named is refused with the labels there are', () => {
  expect(() => fitDawidSkene(crowd, { gold: new Map([[crowd.items[0]!, 'superb']]) })).toThrow(
    'The label "superb" is not one of bad, good, poor',
  );
});

const anyLabels = fc.array(
  fc.record({
    item: fc.constantFrom('i', 'j', 'k'),
    rater: fc.constantFrom('r', 's', 't'),
    label: fc.constantFrom('x', 'y', 'z'),
  }),
  { minLength: 1, maxLength: 20 },
);

test('for any labels, probabilities sum to 1, and permuting the labels changes nothing', () => {
  fc.assert(
    fc.property(anyLabels, fc.integer({ min: 0, max: 1e6 }), (labels, seed) => {
      const first = indexLabels(labels);
      const second = indexLabels(new Rng(seed).shuffle(labels));
      for (const fit of [fitDawidSkene, fitGlad]) {
        const a = fit(first).probabilities;
        const b = fit(second).probabilities;
        for (const [i, item] of first.items.entries()) {
          const total = a[i]!.reduce((sum, value) => sum + value, 0);
          expect(total).toBeCloseTo(1, 8);
          const row = b[second.items.indexOf(item)]!;
          for (const [k, value] of a[i]!.entries()) expect(Math.abs(row[k]! - value)).toBeLessThan(1e-3);
        }
      }
    }),
    { numRuns: 60, seed: 1 },
  );
});
