// Arms and their probabilities, without a database.
import { expect, it } from 'vitest';
import { armOf, propensityOf } from '@/server/rollout/assign';
import { rateOf, sideBySideOf } from '@/server/rollout/metrics';

it('a share of 0 assigns no one to the candidate, and a share of 1 everyone', () => {
  expect(armOf(0, 0)).toBe('champion');
  expect(armOf(1 - 2 ** -52, 1)).toBe('candidate');
  expect(armOf(0.3, 0.3)).toBe('champion');
  expect(propensityOf('candidate', 0.3) + propensityOf('champion', 0.3)).toBe(1);
});

it('a rate without votes has the widest interval, and ties do not count as wins', () => {
  expect(rateOf(0, 0)).toEqual({ up: 0, n: 0, rate: 0, low: 0, high: 1 });
  // 5 of 10: centre 0.5, half-width 1.96 / (1 + 0.38415) * sqrt(0.025 + 0.0096) = 0.2634.
  const { rate, low, high } = rateOf(5, 10);
  expect([rate, low, high].map((x) => x.toFixed(4))).toEqual(['0.5000', '0.2366', '0.7634']);
  expect(sideBySideOf({ wins: 3, losses: 1, ties: 7, bothBad: 2 }).winRate).toBe(0.75);
});
