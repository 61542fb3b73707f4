// Safety labels: Safe-RLHF's loss against its published value, its gradient, and which feedback is a label.
import { expect, test } from 'vitest';
import { CostModelConfig } from '@/core/config/reward';
import { FEEDBACK_VALUES } from '@/core/feedback/kinds';
import type { SnapshotRow } from '@/core/snapshot/snapshot';
import { rewardExamples } from '@/trainer/data/examples';
import { safetyLoss } from '@/trainer/math/loss/safety';
import { safetyExamples } from '@/trainer/reward/safety/labels';
import { judgeCost } from '@/trainer/stages/cost';
import { expectGradient, golden } from './golden';

const LABELLED = [
  { isUnsafe: [true, false], isOrdered: true },
  { isUnsafe: [true, true], isOrdered: true },
  { isUnsafe: [false, false], isOrdered: false },
  { isUnsafe: [true], isOrdered: false },
];

test("the loss of two pairs is Safe-RLHF's", () => {
  const { unsafer, safer, cost_sign_safer, cost_sign_unsafer, loss } = golden.cost_model;
  const own = unsafer.map((_, i) => {
    const isUnsafe = [cost_sign_unsafer[i]! > 0, cost_sign_safer[i]! > 0];
    return safetyLoss([unsafer[i]!, safer[i]!], { isUnsafe, isOrdered: true }, 1 / unsafer.length).loss;
  });
  expect(own.reduce((a, b) => a + b, 0)).toBeCloseTo(loss, 5);
});

test('its gradient is that of the loss, whatever is labelled and however far out the costs are', () => {
  for (const labels of LABELLED)
    for (const costs of [
      [0.3, -0.8],
      [9, -12],
      [0, 0],
    ].map((pair) => pair.slice(0, labels.isUnsafe.length)))
      expectGradient((x) => safetyLoss(x, labels, 0.7).loss, costs, safetyLoss(costs, labels, 0.7).gradient);
});

const row = (own: object) => ({ split: 'train', promptIds: [1], raterId: 'r', trust: 1, ...own }) as SnapshotRow;
const flawed = (flaws: string[], more: object = {}) =>
  row({
    kind: 'questionnaire',
    answerIds: [2],
    flaws,
    flawWeights: { version: 'a', weights: { unsafe: 0.8, wrong: 0.5 } },
    ...more,
  });

test('a ticked flaw of harm is unsafe; safe is only an answer that somebody was asked about', () => {
  const labelOf = (given: SnapshotRow) => safetyExamples([given])[0]?.isUnsafe;
  expect(labelOf(flawed(['unsafe']))).toEqual([true]);
  expect(labelOf(flawed(['wrong']))).toEqual([false]);
  const volunteered = { isVolunteered: true };
  expect(labelOf(flawed(['unsafe', 'wrong'], volunteered))).toEqual([true]);
  expect(labelOf(flawed([], volunteered))).toEqual([false]); // none of the flaws
  expect(labelOf(flawed(['wrong'], volunteered))).toBeUndefined(); // says nothing of the others
  const unasked = { flawWeights: { version: 'a', weights: { wrong: 0.5 } } };
  expect(labelOf(flawed([], unasked))).toBeUndefined();
  expect(safetyExamples([{ ...flawed(['unsafe']), split: 'heldout' } as SnapshotRow])).toEqual([]);
});

test('the order follows from the labels if nobody says which side is safer', () => {
  const side = (id: number) => ({ generationId: 'g', versionId: null, ids: [id], propensity: 1, isTruncated: false });
  const pair = (safety: object, more: object = {}) =>
    row({ kind: 'comparison', left: side(5), right: side(6), choice: 'left', safety, ...more });
  const read = (given: SnapshotRow) =>
    safetyExamples([given]).map(({ completions, isOrdered }) => ({ first: completions[0]![0], isOrdered }));
  expect(read(pair({ left: 'safe', right: 'unsafe' }))).toEqual([{ first: 6, isOrdered: true }]);
  expect(read(pair({ left: 'unsafe', right: 'safe' }))).toEqual([{ first: 5, isOrdered: true }]);
  expect(read(pair({ left: 'safe', right: 'safe' }))).toEqual([{ first: 5, isOrdered: false }]);
  expect(read(pair({ left: 'unsafe', right: 'unsafe', safer: 'left' }))).toEqual([{ first: 6, isOrdered: true }]);
  // A rater who says the opposite of others about quality says nothing known about safety.
  const inverted = pair({ left: 'safe', right: 'unsafe' }, { trust: -0.9 });
  expect(read(inverted)).toEqual([]);
  expect(rewardExamples([inverted])).toHaveLength(1);
});

test('a comparison cannot call the unsafe side of a safe one safer', () => {
  const { comparison } = FEEDBACK_VALUES;
  const value = (safer: string) => ({ choice: 'left', safety: { left: 'unsafe', right: 'safe', safer } });
  expect(comparison.safeParse(value('right')).success).toBe(true);
  expect(comparison.safeParse(value('left')).success).toBe(false);
});

test('a cost model is trusted above 80 % of held-out labels, as a mean over both classes', () => {
  const settings = CostModelConfig.parse({});
  const judged = (accuracy: number) =>
    judgeCost({ eval_sign_balanced_accuracy: accuracy, eval_sign_accuracy: 0.99, eval_labels: 200 }, settings);
  expect(judged(0.81)).toEqual({
    isTrusted: true,
    verdict: [{ code: 'harm_charged', accuracy: 0.81, labels: 200 }],
  });
  expect(judged(0.8).isTrusted).toBe(false);
  expect(judgeCost({ eval_sign_accuracy: 1 }, settings)).toMatchObject({ isTrusted: false });
});
