// Arms and their probabilities, without a database.
import { expect, it } from 'vitest';
import { wilsonInterval } from '@/core/statistics/statistics';
import { armOf, propensityOf } from '@/server/rollout/assign';
import { rateOf, sideBySideOf } from '@/server/rollout/metrics';

it('a share of 0 assigns no one to the candidate, and a share of 1 everyone', () => {
  expect(armOf(0, 0)).toBe('champion');
  expect(armOf(1 - 2 ** -52, 1)).toBe('candidate');
  expect(armOf(0.3, 0.3)).toBe('champion');
  expect(propensityOf('candidate', 0.3) + propensityOf('champion', 0.3)).toBe(1);
});

it('a rate without votes has the widest interval, and ties do not count as wins', () => {
  expect(rateOf([])).toEqual({ up: 0, n: 0, effective: 0, rate: 0, low: 0, high: 1 });
  // 5 of 10: centre 0.5, half-width 1.96 / (1 + 0.38415) * sqrt(0.025 + 0.0096) = 0.2634.
  const { rate, low, high } = rateOf([{ trust: 1, up: 5, n: 10 }]);
  expect([rate, low, high].map((x) => x.toFixed(4))).toEqual(['0.5000', '0.2366', '0.7634']);
  expect(sideBySideOf([{ trust: 1, wins: 3, losses: 1, ties: 7, bothBad: 2 }]).winRate).toBe(0.75);
});

it('votes count by trust: those of banned people not at all, those of an inverter turned over', () => {
  const banned = { trust: 0, up: 90, n: 90 };
  expect(rateOf([banned])).toEqual({ up: 0, n: 0, effective: 0, rate: 0, low: 0, high: 1 });
  expect(rateOf([banned, { trust: 1, up: 5, n: 10 }])).toEqual(rateOf([{ trust: 1, up: 5, n: 10 }]));
  expect(rateOf([{ trust: -1, up: 2, n: 10 }])).toEqual(rateOf([{ trust: 1, up: 8, n: 10 }]));
  // Half trust for all changes no share and no interval: 10 votes stay 10 effective ones.
  expect(rateOf([{ trust: 0.5, up: 5, n: 10 }])).toEqual(rateOf([{ trust: 1, up: 5, n: 10 }]));
  // (10 * 1 + 10 * 0.5)^2 / (10 + 10 * 0.25) = 18 effective votes of 20; the rate is (8 + 0.5 * 2) / 15 = 0.6.
  const mixed = rateOf([
    { trust: 1, up: 8, n: 10 },
    { trust: 0.5, up: 2, n: 10 },
  ]);
  const { low, high } = wilsonInterval(0.6 * 18, 18);
  expect(mixed).toEqual({ up: 10, n: 20, effective: 18, rate: 0.6, low, high });
  const sides = [
    { trust: 1, wins: 3, losses: 1, ties: 7, bothBad: 2 },
    { trust: 0, wins: 0, losses: 50, ties: 1, bothBad: 1 },
  ];
  expect(sideBySideOf(sides)).toEqual(sideBySideOf(sides.slice(0, 1)));
});
