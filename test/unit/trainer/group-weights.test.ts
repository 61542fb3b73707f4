// Weights of groups: they rise with relative losses as group DRO says, within their bound, without noise from batches.
import { describe, expect, test } from 'vitest';
import { GroupRobustConfig } from '@/core/config/reward';
import { nextGroupWeights } from '@/trainer/math/group-weights';
import { feedbackLoss, lossOfEach } from '@/trainer/math/loss/feedback';
import { fitRatingScales } from '@/trainer/math/rating-scale';
import type { RewardExample } from '@/trainer/math/reward-examples';
import type { Feedback } from '@/trainer/reward/feedback';
import { readGroups, refuseUnknownKey, sumByGroup } from '@/trainer/reward/groups';

const GROUPS = [
  { share: 0.8, examples: 100, chanceLoss: Math.LN2 },
  { share: 0.2, examples: 25, chanceLoss: 2 },
];
const PLAIN = { rate: 2, adjustment: 0, mostFactor: 4 };
const close = (values: number[]) => values.map((value) => expect.closeTo(value, 12));

describe('the next weights', () => {
  test('are the former ones times e to the rate times the loss above the mean', () => {
    // Relative losses 0.5 and 1: the mean of all votes is 0.6, so the groups are 0.1 below and 0.4 above it.
    const sums = [
      { weight: 80, loss: 40 * Math.LN2 },
      { weight: 20, loss: 40 },
    ];
    const [a, b] = [0.8 * Math.exp(-0.2), 0.2 * Math.exp(0.8)];
    expect(nextGroupWeights([0.8, 0.2], GROUPS, sums, PLAIN)).toEqual(close([a / (a + b), b / (a + b)]));
    // From other weights, the excess is the same.
    const [c, d] = [0.5 * Math.exp(-0.2), 0.5 * Math.exp(0.8)];
    expect(nextGroupWeights([0.5, 0.5], GROUPS, sums, PLAIN)).toEqual(close([c / (c + d), d / (c + d)]));
  });

  test('count a batch by the shares of its groups, and do not move for a group that is missing from it', () => {
    // 6 and 4 votes of 10 with relative losses 0.5 and 1: mean 0.7, (3 - 4.2) / 8 = -0.15 and (4 - 2.8) / 2 = 0.6.
    const sums = [
      { weight: 6, loss: 3 * Math.LN2 },
      { weight: 4, loss: 8 },
    ];
    const [a, b] = [0.8 * Math.exp(-0.3), 0.2 * Math.exp(1.2)];
    expect(nextGroupWeights([0.8, 0.2], GROUPS, sums, PLAIN)).toEqual(close([a / (a + b), b / (a + b)]));
    const alone = [
      { weight: 10, loss: 9 },
      { weight: 0, loss: 0 },
    ];
    expect(nextGroupWeights([0.7, 0.3], GROUPS, alone, PLAIN)).toEqual(close([0.7, 0.3]));
    const nothing = [alone[1]!, alone[1]!];
    expect(nextGroupWeights([0.7, 0.3], GROUPS, nothing, PLAIN)).toEqual([0.7, 0.3]);
  });

  test('favour small groups by the adjustment', () => {
    const equal = [
      { weight: 80, loss: 80 * Math.LN2 },
      { weight: 20, loss: 40 },
    ];
    // C / sqrt(100) = 0.3 and C / sqrt(25) = 0.6.
    const [a, b] = [0.8 * Math.exp(0.6), 0.2 * Math.exp(1.2)];
    const settings = { ...PLAIN, adjustment: 3 };
    expect(nextGroupWeights([0.8, 0.2], GROUPS, equal, settings)).toEqual(close([a / (a + b), b / (a + b)]));
  });

  test('stay below their bound, and the others keep their ratio', () => {
    const groups = [0.5, 0.3, 0.2].map((share) => ({ share, examples: 10, chanceLoss: 1 }));
    const sums = [
      { weight: 50, loss: 50 },
      { weight: 30, loss: 30 },
      { weight: 20, loss: 200 },
    ];
    const weights = nextGroupWeights([0.5, 0.3, 0.2], groups, sums, { ...PLAIN, mostFactor: 2 });
    expect(weights).toEqual(close([0.6 * (5 / 8), 0.6 * (3 / 8), 0.4]));
  });
});

const vote = (value: string | null, more: Partial<RewardExample> = {}): RewardExample =>
  ({
    kind: 'comparison',
    promptIds: Int32Array.of(1),
    chosenIds: Int32Array.of(2),
    rejectedIds: Int32Array.of(3),
    outcome: 'chosen',
    margin: 0,
    weight: 1,
    ...(value !== null && { groups: { language: value } }),
    ...more,
  }) as RewardExample;
const FEEDBACK: Feedback = {
  raters: new Map(),
  signals: new Map(),
  biasCount: 0,
  scales: fitRatingScales([], 5),
  lengthRule: 1,
};
const many = (count: number, example: RewardExample) => Array.from({ length: count }, () => example);

test('groups that are small, and votes without one, are one group; votes without weight are in none', () => {
  const settings = GroupRobustConfig.parse({ key: 'language', leastExamples: 3 });
  const examples = [
    ...many(12, vote('en')),
    ...many(6, vote('de', { weight: -0.5, share: 2 })),
    ...many(4, vote('ja')),
    ...many(2, vote(null)),
    ...many(9, vote('fr', { weight: 0 })),
  ];
  const { groups, placeOf } = readGroups(examples, settings, FEEDBACK)!;
  // 6 de, 12 en and 6 others count, each with a weight of 1 in the end.
  expect(groups.map(({ name, share, examples: n }) => [name, share, n])).toEqual([
    ['language=de', 0.25, 6],
    ['language=en', 0.5, 12],
    ['rest', 0.25, 6],
  ]);
  expect(groups.map(({ chanceLoss }) => chanceLoss)).toEqual(close([Math.LN2, Math.LN2, Math.LN2]));
  expect([vote('en'), vote('de'), vote('ja'), vote(null)].map(placeOf)).toEqual([1, 0, 2, 2]);
  const sums = sumByGroup(
    { groups, placeOf },
    examples,
    Float64Array.from(examples, () => 2),
  );
  expect(sums).toEqual([
    { weight: 6, loss: 12 },
    { weight: 12, loss: 24 },
    { weight: 6, loss: 12 },
  ]);
  expect(readGroups(many(9, vote('en')), settings, FEEDBACK)).toBeNull();
});

test('groups of few people are put together, however much they voted', () => {
  const settings = GroupRobustConfig.parse({ key: 'age', leastExamples: 3 });
  const of = (age: string, people: number, votes: number) =>
    Array.from(
      { length: people * votes },
      (_, i): RewardExample => ({
        ...vote('en'),
        groups: { age },
        rater: `${age} ${i % people}`,
      }),
    );
  const namesOf = (examples: RewardExample[]) =>
    readGroups(examples, settings, FEEDBACK)?.groups.map(({ name, examples: n }) => [name, n]) ?? null;
  // Four people may be told from the rest, so the next larger group is with them.
  expect(namesOf([...of('60+', 4, 30), ...of('45-59', 5, 4), ...of('30-44', 6, 4)])).toEqual([
    ['age=30-44', 24],
    ['rest', 140],
  ]);
  expect(namesOf([...of('60+', 4, 30), ...of('30-44', 6, 4)])).toBeNull();
});

test('a key that no vote has is refused by name, and so is a setting that is not known', () => {
  const refuse = (key: string, examples: RewardExample[]) => () =>
    refuseUnknownKey(examples, GroupRobustConfig.parse({ key }));
  expect(refuse('langauge', [vote('en')])).toThrow(/"langauge", which no feedback has: its groups are language\./);
  expect(refuse('language', [vote(null)])).toThrow(/no groups at all.*set groupRobust to null/);
  expect(refuse('language', [vote(null), vote('en')])).not.toThrow();
  expect(() => GroupRobustConfig.parse({ key: 'language', mostFactor: 1 })).toThrow();
  expect(() => GroupRobustConfig.parse({ key: 'language', eta: 1 })).toThrow(/eta/);
});

test('the losses of all examples add up to the loss of the whole', () => {
  const examples: RewardExample[] = [
    vote('en', { weight: 0.5 }),
    vote('de', { weight: -1, share: 3 }),
    vote('de', { weight: 0 }),
    {
      kind: 'rating',
      promptIds: Int32Array.of(1),
      completionIds: Int32Array.of(4),
      value: 7,
      rater: 'r',
      weight: 0.8,
    },
  ];
  const scores = [0.3, -0.2, 1, 0.4, 2, 1, -0.7];
  const options = { ...FEEDBACK, biases: [], centering: 0.01 };
  const weights = [0.5, 3, 0, 0.8];
  const sum = lossOfEach(examples, scores, options).reduce((total, loss, i) => total + weights[i]! * loss, 0);
  expect(sum).toBeCloseTo(feedbackLoss(examples, scores, { ...options, normaliser: 1 }).loss, 12);
});
