// The five figures by which a run is read first, and when they are normal.
import { expect, it } from 'vitest';
import { curvesByStage, type Point } from '@/app/admin/runs/metrics/curves';
import { headlinesOf, isNormal } from '@/app/admin/runs/metrics/headline';
import { bySteps } from '@/app/admin/runs/metrics/line-chart';

const at = (step: number, metrics: Record<string, number>, stage = 'ppo'): Point => ({ stage, step, metrics });
const headlines = (points: Point[], klBudget: number | null = 8) =>
  new Map(headlinesOf(curvesByStage(points), klBudget).map((one) => [one.name, one]));

it('are reward, KL, length, accuracy with its number of pairs, and entropy', () => {
  const found = headlines([
    at(0, { eval_accuracy: 0.7, eval_examples: 24 }, 'reward_model'),
    at(0, { 'objective/scores': 0, 'objective/kl': 0, 'response_length/mean': 60, 'policy/entropy_avg': 2 }),
    at(1, { 'objective/scores': 1, 'objective/kl': 9, 'response_length/mean': 25, 'policy/entropy_avg': 1.5 }),
  ]);
  expect([...found.keys()]).toEqual(['reward', 'kl', 'length', 'accuracy', 'entropy']);
  expect(found.get('accuracy')!.n).toBe(24);
  // KL 9 is over the budget of 8, and 25 tokens are fewer than half of 60.
  expect([...found.values()].map((one) => [one.name, isNormal(one)])).toEqual([
    ['reward', true],
    ['kl', false],
    ['length', false],
    ['accuracy', true],
    ['entropy', true],
  ]);
});

it('of an algorithm that samples nothing come from what it reports instead, and are left out where it reports none', () => {
  const found = headlines([at(0, { 'rewards/margins': 0.1, 'kl/reference_to_policy': 0.5 })], null);
  expect([...found.values()].map(({ name, curve, band }) => [name, curve.name, band])).toEqual([
    ['reward', 'rewards/margins', { low: 0.1, high: null }],
    ['kl', 'kl/reference_to_policy', { low: null, high: null }],
  ]);
});

it('two runs share one row a step', () => {
  expect(
    bySteps(
      [{ step: 2, value: 1 }],
      [
        { step: 1, value: 5 },
        { step: 2, value: 6 },
      ],
    ),
  ).toEqual([
    { step: 1, other: 5 },
    { step: 2, value: 1, other: 6 },
  ]);
});
