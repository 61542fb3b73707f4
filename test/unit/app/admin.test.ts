// The pure parts of the administration: curves, durations, typed JSON.
import { expect, test } from 'vitest';
import { markPieces } from '@/app/admin/feedback/marked-pieces';
import { parseObject } from '@/app/admin/parse-object';
import { type Curve, curvesByStage, mergePoints, type Point } from '@/app/admin/runs/metrics/curves';
import { rewardAgainstCosts } from '@/app/admin/runs/metrics/reward-cost';
import { ageOf } from '@/app/sidebar/group-by-age';

test('a second measurement of a step replaces the first', () => {
  const point = (step: number, loss: number) => ({ stage: 'ppo', step, metrics: { loss } });
  const merged = mergePoints([point(1, 3), point(2, 2)], [point(2, 1), point(3, 0)]);
  expect(curvesByStage(merged)[0]?.main[0]?.points).toEqual([
    { step: 1, value: 3 },
    { step: 2, value: 1 },
    { step: 3, value: 0 },
  ]);
});

test('stages come in the order of a run, and in each what people look at first', () => {
  const points: Point[] = [
    { stage: 'ppo', step: 0, metrics: { another: 3, 'costs/x': 1, 'loss/policy_avg': 1, 'objective/scores': 2 } },
    { stage: 'reward_model', step: 0, metrics: { loss: 1 } },
    { stage: 'parity', step: 0, metrics: { 'gate/parity': 1 } },
  ];
  const names = (curves: readonly Curve[]) => curves.map(({ name }) => name);
  expect(curvesByStage(points).map(({ stage, main, others }) => [stage, names(main), names(others)])).toEqual([
    ['reward_model', ['loss'], []],
    ['ppo', ['objective/scores'], ['loss/policy_avg', 'costs/x', 'another']],
    ['parity', ['gate/parity'], []],
  ]);
});

test('a figure that the trainer reports under several names is shown once', () => {
  const metrics = { 'completions/mean_length': 5, 'response_length/mean': 5, 'costs/x': 1, 'constraint/x/rate': 1 };
  const [stage] = curvesByStage([{ stage: 'ppo', step: 0, metrics }]);
  expect([...stage!.main, ...stage!.others].map(({ name, alsoNamed }) => [name, alsoNamed])).toEqual([
    ['response_length/mean', ['completions/mean_length']],
    ['costs/x', ['constraint/x/rate']],
  ]);
});

test('reward stands against each cost that a run met, with its target, in the order of steps', () => {
  const point = (step: number, cost: number, reward: number): Point => ({
    stage: 'ppo',
    step,
    metrics: {
      ...{ 'objective/reward_model': reward, 'costs/harm': cost, 'costs/words': 0, 'constraint/harm/target': 0.1 },
      'constraint/harm/cost': cost,
    },
  });
  const other: Point = { stage: 'reward_model', step: 0, metrics: { 'costs/harm': 9 } };
  expect(rewardAgainstCosts([point(1, 0.2, 2), other, point(0, 0.5, 1)])).toEqual([
    {
      constraint: 'harm',
      target: 0.1,
      points: [
        { step: 0, cost: 0.5, reward: 1 },
        { step: 1, cost: 0.2, reward: 2 },
      ],
    },
  ]);
});

test('only a JSON object counts as settings', () => {
  expect(parseObject('{"a":1}')).toEqual({ a: 1 });
  for (const text of ['', '[1]', 'null', '3', '{']) expect(parseObject(text)).toBeNull();
});

test('ages change at midnight, not after 24 hours', () => {
  const now = new Date(2026, 4, 20, 0, 30);
  expect(ageOf(new Date(2026, 4, 20, 0, 1), now)).toBe('today');
  expect(ageOf(new Date(2026, 4, 19, 23, 59), now)).toBe('yesterday');
  expect(ageOf(new Date(2026, 4, 14, 12), now)).toBe('week');
  expect(ageOf(new Date(2026, 4, 12), now)).toBe('older');
});

test('marks that overlap cut the text at each border, and each flaw is named where its mark ends', () => {
  const marks = [
    { flaw: 'a', span: { start: 2, end: 6 } },
    { flaw: 'b', span: { start: 4, end: 99 } },
    { flaw: 'unmarked' },
  ];
  const text = '0123456789';
  const pieces = markPieces(text, marks);
  expect(pieces.map(({ start, end, flaws, ending }) => [text.slice(start, end), flaws, ending])).toEqual([
    ['01', [], []],
    ['23', ['a'], []],
    ['45', ['a', 'b'], ['a']],
    ['6789', ['b'], ['b']],
  ]);
  expect(markPieces('', marks)).toEqual([]);
});
