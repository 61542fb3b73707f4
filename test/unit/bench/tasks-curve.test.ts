// Reading from noisy accuracy curves how many votes a choice saves.
import { expect, test } from 'vitest';
import { measureSaving, risingFit, savingSpread, votesToReach } from '@/bench/tasks/curve';

test('the rising fit pools what falls, and leaves what rises', () => {
  expect(risingFit([0.5, 0.6, 0.7])).toEqual([0.5, 0.6, 0.7]);
  // 0.7 and 0.6 pool to 0.65, then 0.62 falls below: (0.7 + 0.6 + 0.62) / 3 = 0.64
  const [first, ...rest] = risingFit([0.5, 0.7, 0.6, 0.62]);
  expect(first).toBe(0.5);
  for (const value of rest) expect(value).toBeCloseTo(0.64, 10);
});

test('votes between two budgets lie on the straight line', () => {
  expect(votesToReach([20, 40, 80], [0.5, 0.6, 0.7], 0.675)).toBeCloseTo(70, 10);
  expect(votesToReach([20, 40], [0.5, 0.6], 0.4)).toBe(20);
  expect(votesToReach([20, 40], [0.5, 0.6], 0.61)).toBeNull();
});

test('a choice that is always one budget of four ahead saves what it looks like, and its spread is none', () => {
  const budgets = [25, 50, 75, 100];
  const seed = { random: [0.5, 0.6, 0.65, 0.7], chosen: [0.5, 0.65, 0.7, 0.7] };
  const aim = { full: 100, below: 0 };
  const saving = measureSaving(budgets, [seed, seed], aim);
  expect(saving.random).toBeCloseTo(100, 6);
  expect(saving.chosen).toBeCloseTo(75, 6);
  expect(saving.votesSaved).toBeCloseTo(0.25, 6);
  const { low, high, deviation } = savingSpread(budgets, [seed, seed], aim);
  expect([low, high]).toEqual([saving.votesSaved, saving.votesSaved]);
  expect(deviation).toBeCloseTo(0, 10);
});

test('a choice that never reaches the target has no saving, and counts as none in the spread', () => {
  const seeds = [{ random: [0.5, 0.7], chosen: [0.5, 0.6] }];
  const aim = { full: 100, below: 0 };
  expect(measureSaving([50, 100], seeds, aim).votesSaved).toBeNull();
  expect(savingSpread([50, 100], seeds, aim).high).toBe(0);
});
