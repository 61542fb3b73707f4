// Prices of constraints: Safe-RLHF's multipliers and mixture, the window, the delay, the cap, and the log.
import { describe, expect, test } from 'vitest';
import {
  type Constraint,
  constrainScore,
  constraintMetrics,
  Multiplier,
  nextPrice,
  startConstraints,
  updateConstraints,
} from '@/trainer/math/constraint';
import { golden } from './golden';

const constraint = (name: string, price: number, adaptive: object | null = null): Constraint => ({
  name,
  price,
  cost: () => 0,
  adaptive: adaptive && Multiplier.parse(adaptive),
});

test("a multiplier follows Safe-RLHF's, up to its cap", () => {
  const { init, lr, threshold, lambda_max, episode_costs, lambdas } = golden.lagrange;
  let price = init;
  episode_costs.forEach((cost, i) => {
    price = nextPrice(price, cost, { threshold, learningRate: lr, max: lambda_max });
    expect(price).toBeCloseTo(lambdas[i]!, 5);
  });
  expect(nextPrice(4.9, 100, { threshold, learningRate: lr, max: lambda_max })).toBeCloseTo(5, 10);
});

test("reward and cost mix as Safe-RLHF's advantages do: (A_r - lambda A_c) / (1 + lambda)", () => {
  const { Ar, Ac, lam, value } = golden.lagrange.adv_example;
  const adaptive = [constraint('harm', lam, {})];
  const mixed = constrainScore(Ar, new Map([['harm', Ac]]), adaptive, startConstraints(adaptive));
  expect(mixed).toBeCloseTo(value, 5);
  // A fixed price is a plain penalty, taken off before the mixture: (1 - 0.5 * 2 - 2 * 0.4) / 3.
  const both = [...adaptive, constraint('words', 0.5)];
  const costs = new Map([
    ['harm', Ac],
    ['words', 2],
  ]);
  expect(constrainScore(Ar, costs, both, startConstraints(both))).toBeCloseTo(-0.8 / 3, 10);
});

describe('over iterations', () => {
  const harm = constraint('harm', 1, { window: 4, delayIterations: 1 });
  const fixed = constraint('words', 0.5);
  const all = [harm, fixed];
  const costs = (...values: number[]) =>
    new Map([
      ['harm', values],
      ['words', values],
    ]);

  test('a multiplier waits for its delay, then moves by the mean of its window; a fixed price does not', () => {
    const first = updateConstraints(all, startConstraints(all), costs(1, 1, 1), 0);
    expect(first.harm).toEqual({ price: 1, recent: [1, 1, 1] });
    const second = updateConstraints(all, first, costs(0, 0), 1);
    // The last four costs are 1, 1, 0, 0, so log lambda = 0 + 0.1 * 1 * 0.5.
    expect(second.harm!.recent).toEqual([1, 1, 0, 0]);
    expect(second.harm!.price).toBeCloseTo(Math.exp(0.05), 10);
    expect(second.words).toEqual({ price: 0.5, recent: [] });
  });

  test('cost, multiplier, threshold and share of violations are logged by name', () => {
    const metrics = constraintMetrics(all, startConstraints(all), costs(2, 0, 0, 0));
    expect(metrics).toEqual({
      'constraint/harm/cost': 0.5,
      'constraint/harm/lambda': 1,
      'constraint/harm/violation_rate': 0.25,
      'constraint/harm/threshold': 0,
      'constraint/harm/window_cost': 0.5,
      'constraint/words/cost': 0.5,
      'constraint/words/lambda': 0.5,
      'constraint/words/violation_rate': 0.25,
    });
  });
});

test('prices that could never change, and repeated names, are refused', () => {
  expect(() => startConstraints([constraint('harm', 0, {})])).toThrow(/"harm" is 0; it must be above 0/);
  expect(() => startConstraints([constraint('harm', 9, {})])).toThrow(/at most 5/);
  expect(() => startConstraints([constraint('harm', -1)])).toThrow(/it must be 0 or more/);
  expect(() => startConstraints([constraint('harm', 1), constraint('harm', 1)])).toThrow(/the name "harm"/);
});
