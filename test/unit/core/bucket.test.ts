// The assignment of users to places is stable, even, and independent between salts.
import { expect, test } from 'vitest';
import { bucketOf } from '@/core/statistics/bucket';

const users = Array.from({ length: 4000 }, (_, i) => `user-${i}`);

test('a user keeps their place', () => {
  expect(bucketOf('rollout-1', 'ada')).toBe(bucketOf('rollout-1', 'ada'));
  expect(bucketOf('ab', 'c')).not.toBe(bucketOf('a', 'bc'));
});

test('places are even: each tenth holds 10 % of users within 4 standard deviations', () => {
  const counts = new Array<number>(10).fill(0);
  for (const user of users) counts[Math.floor(bucketOf('s', user) * 10)]!++;
  // sd = sqrt(4000 * 0.1 * 0.9) = 19
  for (const count of counts) expect(Math.abs(count - 400)).toBeLessThan(76);
});

test('two salts agree only by chance', () => {
  const both = users.filter((user) => bucketOf('a', user) < 0.5 && bucketOf('b', user) < 0.5).length;
  expect(Math.abs(both - 1000)).toBeLessThan(4 * Math.sqrt(4000 * 0.25 * 0.75));
});
