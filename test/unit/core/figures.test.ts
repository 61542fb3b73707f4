// The five figures from plain numbers.
import { describe, expect, it } from 'vitest';
import {
  type Promotion,
  rewardAccuracy,
  rollbackSeconds,
  spreadOf,
  swapErrors,
  votesPerPoint,
} from '@/core/figures/figures';

const at = new Date(0);
const promotion = (votes: number, winRate: number | null): Promotion => ({
  ...{ versionId: 'v', formerId: 'base', at, votes, winRate },
});

describe('votes per point', () => {
  it('is votes of all measured promotions over their points above 50 %', () => {
    // 60 % and 55 % are 10 and 5 points; 90 + 60 votes over 15 points.
    const figure = votesPerPoint([promotion(90, 0.6), promotion(60, 0.55)]);
    expect(figure).toMatchObject({ n: 2, votes: 150 });
    expect(figure.points).toBeCloseTo(15);
    expect(figure.value).toBeCloseTo(10);
  });

  it('counts a promotion that lost against its gain, and leaves out those without votes or comparisons', () => {
    // 10 points won and 5 lost.
    const figure = votesPerPoint([promotion(50, 0.6), promotion(50, 0.45), promotion(0, 0.9), promotion(70, null)]);
    expect(figure.n).toBe(2);
    expect(figure.value).toBeCloseTo(20);
  });

  it('has no value while nothing was gained', () => {
    expect(votesPerPoint([]).value).toBeNull();
    expect(votesPerPoint([promotion(50, 0.5)])).toMatchObject({ value: null, n: 1 });
    expect(votesPerPoint([promotion(50, 0.4)]).value).toBeNull();
  });
});

it('the accuracy of a reward model has Wilson’s interval', () => {
  // Wilson for 8 of 10: 0.490 to 0.943.
  const figure = rewardAccuracy({ runId: 'r', at, accuracy: 0.8, n: 10 });
  expect(figure.low).toBeCloseTo(0.49, 3);
  expect(figure.high).toBeCloseTo(0.943, 3);
});

it('a spread has the median, the 90th percentile and the largest value, whatever their order', () => {
  const values = Array.from({ length: 11 }, (_, i) => 10 * ((i * 7) % 11));
  expect(spreadOf(values)).toEqual({ median: 50, p90: 90, most: 100, n: 11 });
  expect(spreadOf([])).toBeNull();
});

it('the rate of swap errors is a share of answers, and none without answers', () => {
  expect(swapErrors({ swaps: 3, answers: 0, failed: 0 }).rate).toBeNull();
  const { rate } = swapErrors({ swaps: 3, answers: 200, failed: 1 });
  expect(rate!.value).toBe(0.005);
  expect(rate!.low).toBeGreaterThan(0);
  expect(rate!.high).toBeCloseTo(0.0278, 3);
});

it('a rollback lasts until its last answer ends, and no time if none was under way', () => {
  expect(rollbackSeconds(at, new Date(2500))).toBe(2.5);
  expect(rollbackSeconds(at, null)).toBe(0);
  expect(rollbackSeconds(new Date(5000), new Date(4000))).toBe(0);
});
