// The likelihood of a pick, a rating, a questionnaire and a ranking, each against its definition.
import { describe, expect, it } from 'vitest';
import { bestOfLoss, feedbackLoss, intervalLoss } from '@/trainer/math/loss/feedback';
import { decidedPairs, rankingLoss } from '@/trainer/math/loss/ranking';
import { fitRatingScales, latentInterval } from '@/trainer/math/rating-scale';
import type { RewardExample } from '@/trainer/math/reward-examples';
import { ids, judged, OPTIONS, questionnaire, rating } from './feedback-examples';

describe('best of N', () => {
  it('is the cross-entropy of the softmax with the choice, and equals Bradley-Terry for two answers', () => {
    // softmax(1, 2, 0.5) = e^(x - 2) / (0.367879 + 1 + 0.223130): choosing 2 costs log(1.591010) = 0.464369.
    const { loss, gradient } = bestOfLoss([1, 2, 0.5], [{ count: 3, best: 1, weight: 1 }], 1);
    expect(loss).toBeCloseTo(0.464369, 5);
    expect([...gradient].reduce((a, b) => a + b, 0)).toBeCloseTo(0, 6); // a common shift changes nothing
    // -log sigmoid(0.7) = 0.403186
    expect(bestOfLoss([0.7, 0], [{ count: 2, best: 0, weight: 1 }], 1).loss).toBeCloseTo(0.403186, 5);
  });

  it('keeps groups separate', () => {
    const groups = [
      { count: 2, best: 0, weight: 1 },
      { count: 3, best: 2, weight: 0.5 },
    ];
    const alone = [bestOfLoss([1, 0], [groups[0]!], 4), bestOfLoss([3, 1, 2], [groups[1]!], 4)];
    const both = bestOfLoss([1, 0, 3, 1, 2], groups, 4);
    expect(both.loss).toBeCloseTo(alone[0]!.loss + alone[1]!.loss, 10);
    expect([...both.gradient]).toEqual([...alone[0]!.gradient, ...alone[1]!.gradient]);
  });
});

describe('ratings', () => {
  it('have the probability of their interval as likelihood, and stay finite far from it', () => {
    // sigmoid(1) - sigmoid(-1) = 0.731059 - 0.268941 = 0.462117; -log = 0.771937. Symmetric, so no slope.
    const middle = intervalLoss([0.5], [{ low: -0.5, high: 1.5, weight: 1 }], 1);
    expect(middle.loss).toBeCloseTo(0.771937, 5);
    expect(middle.gradient[0]).toBeCloseTo(0, 6);
    // An interval that is open above: -log sigmoid(score - low).
    const open = intervalLoss([0], [{ low: 1, high: Number.POSITIVE_INFINITY, weight: 1 }], 1);
    expect(open.loss).toBeCloseTo(Math.log1p(Math.E), 5);
    const far = intervalLoss([1000], [{ low: -1, high: 1, weight: 1 }], 1);
    expect(far.loss).toBeGreaterThan(900);
    expect(far.loss).toBeLessThan(1100);
    expect(far.gradient[0]).toBeCloseTo(1, 6);
  });

  it('of a mild and a strict rater who mean the same lead to the same scores', () => {
    const mild = [10, 9, 8, 7, 9, 8, 10, 7].map((value) => rating(value, 'mild'));
    const strict = mild.map(({ value }) => rating(value - 5, 'strict'));
    const scales = fitRatingScales([...mild, ...strict], 0.001);
    const [high, low] = [latentInterval(rating(9, 'mild'), scales), latentInterval(rating(4, 'strict'), scales)];
    expect(high.low).toBeCloseTo(low.low, 2);
    expect(high.high).toBeCloseTo(low.high, 2);
    // With this little shrinkage the mild rater's mean is 8.5, which leads to a score around 0.
    const middle = latentInterval(rating(8.5, 'mild'), scales);
    expect(middle.low + middle.high).toBeCloseTo(0, 2);
  });

  it('of a newcomer are read mostly on the common scale', () => {
    const many = Array.from({ length: 50 }, (_, i) => rating(3 + (i % 5), 'regular')); // mean 5
    const scales = fitRatingScales([...many, rating(9, 'new')], 5);
    // Pooled mean (50 * 5 + 9) / 51 = 5.078; newcomer (1 * 9 + 5 * 5.078) / 6 = 5.732.
    expect(scales.byRater.get('rating/new')!.location).toBeCloseTo(5.732, 3);
    const unknown = latentInterval(rating(5.078, 'nobody'), scales);
    expect(unknown.low + unknown.high).toBeCloseTo(0, 2);
  });

  it('that are all equal give a finite scale, and one outside 1 to 10 is refused', () => {
    const scales = fitRatingScales(
      [7, 7, 7].map((value) => rating(value, 'same')),
      5,
    );
    expect(scales.byRater.get('rating/same')!.spread).toBeCloseTo(Math.sqrt(1 / 12), 6);
    expect(() => latentInterval(rating(11, 'x'), scales)).toThrow(/rating of 11/);
  });
});

describe('questionnaires', () => {
  it('have a separate scale from the same rater’s ratings', () => {
    const scales = fitRatingScales([rating(2, 'q'), rating(3, 'q'), questionnaire(1), questionnaire(0.9)], 1);
    expect(scales.byRater.get('rating/q')!.location).toBeCloseTo(2.5, 6);
    expect(scales.byRater.get('questionnaire/q')!.location).toBeCloseTo(9.55, 6); // the mean of 10 and 1 + 9 * 0.9
  });

  it('with flaws that were named unasked are read against a completion without flaws, not against each other', () => {
    const named = [0.4, 0.8].map((quality) => questionnaire(quality, { isVolunteered: true }));
    const scales = fitRatingScales(named, 1);
    expect(scales.byRater.size).toBe(0);
    // 1 + 9 * 0.8 = 8.2, so the interval ends at 8.7, below 9.5 where good begins; without flaws it is all of the good side.
    expect(latentInterval(named[1]!, scales).high).toBeLessThan(0);
    expect(latentInterval(named[0]!, scales).high).toBeLessThan(latentInterval(named[1]!, scales).low);
    const none = latentInterval(questionnaire(1, { isVolunteered: true }), scales);
    expect(none.low).toBeCloseTo(0, 10);
    expect(none.high).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('rankings', () => {
  it('multiply the choices of the best, of the best of the rest, and so on', () => {
    // Scores 1, 0, -1, all in order: log(1 + e^-1 + e^-2) + log(1 + e^-1) = 0.407606 + 0.313262.
    expect(rankingLoss([1, 0, -1], [0, 1, 2], 1).loss).toBeCloseTo(0.720868, 5);
    // The same completions in another order have the same loss.
    expect(rankingLoss([-1, 1, 0], [2, 0, 1], 1).loss).toBeCloseTo(0.720868, 5);
    expect(rankingLoss([1, 2, 0.5], [1, 0, 1], 1).loss).toBeGreaterThan(
      bestOfLoss([1, 2, 0.5], [{ count: 3, best: 1, weight: 1 }], 1).loss,
    );
  });

  it('of two are comparisons, and a tie is half a win for each', () => {
    for (const [ranks, outcome] of [
      [[0, 1], 'chosen'],
      [[0, 0], 'tie'],
    ] as const) {
      const pair = { ...judged, chosenIds: ids(1), rejectedIds: ids(2), margin: 0 };
      const comparison = feedbackLoss([{ kind: 'comparison', ...pair, outcome }], [0.7, -0.2], OPTIONS);
      const ranking: RewardExample = { kind: 'ranking', ...judged, completions: [ids(1), ids(2)], ranks: [...ranks] };
      const ranked = feedbackLoss([ranking], [0.7, -0.2], OPTIONS);
      expect(ranked.loss).toBeCloseTo(comparison.loss, 6);
      for (const i of [0, 1]) expect(ranked.gradient[i]).toBeCloseTo(comparison.gradient[i]!, 6);
    }
  });

  it('with a tie of three equal the mean over its six strict orders', () => {
    const scores = [0.3, -0.5, 1.1, 0.2];
    const orders = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ];
    const strict = orders.map((order) => rankingLoss(scores, [...order, 3], 1).loss);
    const mean = strict.reduce((sum, loss) => sum + loss, 0) / orders.length;
    expect(rankingLoss(scores, [0, 0, 0, 1], 1).loss).toBeCloseTo(mean, 6);
  });

  it('name the pairs that do not tie', () => {
    expect(decidedPairs([1, 0, 1])).toEqual([
      [1, 0],
      [1, 2],
    ]);
  });
});
