// The single likelihood of all feedback: each term against its definition, every gradient by central differences.
import { describe, expect, it } from 'vitest';
import { Rng } from '@/core/rng';
import { bestOfLoss, feedbackLoss, intervalLoss } from '@/trainer/math/loss/feedback';
import { decidedPairs, rankingLoss } from '@/trainer/math/loss/ranking';
import { fitRatingScales, latentInterval } from '@/trainer/math/rating-scale';
import { completionsOf, type Questionnaire, type Rating, type RewardExample } from '@/trainer/math/reward-examples';

const ids = (...values: number[]) => Int32Array.from(values);
const PROMPT = ids(1, 2);
const judged = { promptIds: PROMPT, weight: 1 };
const rating = (value: number, rater: string, weight = 1): Rating => ({
  kind: 'rating',
  promptIds: PROMPT,
  completionIds: ids(3),
  value,
  rater,
  weight,
});
const questionnaire = (quality: number, extra: Partial<Questionnaire> = {}): Questionnaire => ({
  kind: 'questionnaire',
  ...judged,
  completionIds: ids(4),
  quality,
  isVolunteered: false,
  rater: 'q',
  ...extra,
});

/** One example of each kind, with different trust. */
const EVERY_KIND: RewardExample[] = [
  {
    kind: 'comparison',
    ...judged,
    weight: 0.9,
    chosenIds: ids(1),
    rejectedIds: ids(2),
    outcome: 'chosen',
    margin: 0.3,
  },
  { kind: 'comparison', ...judged, weight: 0.8, chosenIds: ids(1), rejectedIds: ids(2), outcome: 'tie', margin: 0.3 },
  {
    kind: 'comparison',
    ...judged,
    weight: 0.7,
    chosenIds: ids(1),
    rejectedIds: ids(2),
    outcome: 'both_bad',
    margin: 0,
  },
  { kind: 'best_of', ...judged, weight: 0.6, completions: [ids(1), ids(2), ids(3), ids(4)], best: 2 },
  { kind: 'thumb', ...judged, weight: 0.5, completionIds: ids(1), up: true, rater: 'a' },
  { kind: 'thumb', ...judged, weight: 0.4, completionIds: ids(1), up: false, rater: 'b' },
  rating(8, 'a', 0.3),
  rating(10, 'b', 0.35),
  rating(1, 'b', 0.25),
  questionnaire(0.9),
  questionnaire(0.4, { isVolunteered: true, weight: 0.45 }),
  {
    kind: 'ranking',
    ...judged,
    weight: 0.65,
    completions: [1, 2, 3, 4, 5].map((id) => ids(id)),
    ranks: [1, 0, 1, 2, 2],
  },
  {
    kind: 'implicit',
    ...judged,
    weight: 0.15,
    completionIds: ids(1),
    signals: new Map([
      ['copied', true],
      ['regenerated', false],
    ]),
  },
  { kind: 'correction', ...judged, weight: 0.2, originalIds: ids(1), correctedIds: ids(2), margin: 0.1 },
];
const OPTIONS = {
  raters: new Map([
    ['a', 0],
    ['b', 1],
  ]),
  signals: new Map([
    ['copied', 2],
    ['regenerated', 4],
  ] as const),
  // Two raters, then slope and level of two signals.
  biases: [0.4, -0.7, 0.5, -0.2, -0.8, 0.1],
  scales: fitRatingScales(
    EVERY_KIND.filter((example) => example.kind === 'rating' || example.kind === 'questionnaire'),
    5,
  ),
  centering: 0.05,
  normaliser: 2.5,
};
const scoreCount = (examples: readonly RewardExample[]) => examples.reduce((n, e) => n + completionsOf(e).length, 0);
const randomScores = (n: number, seed: number) => {
  const rng = new Rng(seed);
  return Array.from({ length: n }, () => 1.5 * rng.normal());
};

describe('the likelihood of all feedback', () => {
  it('is that of the opposite judgement below a trust of 0, with its gradient', () => {
    const [pair, , , , up] = EVERY_KIND as [RewardExample & { kind: 'comparison' }, ...RewardExample[]];
    const lossOf = (example: RewardExample, scores: number[]) => feedbackLoss([example], scores, OPTIONS).loss;
    // The pair's margin of 0.3 turns over with it: the second completion should lead by 0.3.
    expect(lossOf({ ...pair, weight: -0.9 }, [0.2, 1.1])).toBeCloseTo(lossOf(pair, [1.1, 0.2]), 12);
    const down = { ...up, up: false } as RewardExample;
    expect(lossOf({ ...up!, weight: -0.5 }, [0.7])).toBeCloseTo(lossOf({ ...down, weight: 0.5 }, [0.7]), 12);
    // Of a pick, a correction and a both-bad the opposite is no judgement.
    for (const example of [EVERY_KIND[2]!, EVERY_KIND[3]!, EVERY_KIND.at(-1)!]) {
      expect(lossOf({ ...example, weight: -1 }, [1, 2, 3, 4])).toBe(0);
    }
    const turned = EVERY_KIND.map((example) => ({ ...example, weight: -example.weight }));
    const scores = randomScores(scoreCount(turned), 4);
    const { gradient } = feedbackLoss(turned, scores, OPTIONS);
    const h = 1e-4;
    scores.forEach((_, i) => {
      const at = (by: number) =>
        feedbackLoss(
          turned,
          scores.map((x, j) => (i === j ? x + by : x)),
          OPTIONS,
        ).loss;
      expect(gradient[i]).toBeCloseTo((at(h) - at(-h)) / (2 * h), 5);
    });
  });

  it('has the gradient of its loss for every score and bias, by central differences', () => {
    const scores = randomScores(scoreCount(EVERY_KIND), 3);
    const { gradient, biasGradient } = feedbackLoss(EVERY_KIND, scores, OPTIONS);
    const h = 1e-4;
    const bumped = (values: readonly number[], i: number, by: number) => values.map((x, j) => (i === j ? x + by : x));
    scores.forEach((_, i) => {
      const at = (by: number) => feedbackLoss(EVERY_KIND, bumped(scores, i, by), OPTIONS).loss;
      expect(gradient[i]).toBeCloseTo((at(h) - at(-h)) / (2 * h), 5);
      expect(Math.abs(gradient[i]!)).toBeGreaterThan(1e-4); // every score has an influence
    });
    OPTIONS.biases.forEach((_, i) => {
      const at = (by: number) =>
        feedbackLoss(EVERY_KIND, scores, { ...OPTIONS, biases: bumped(OPTIONS.biases, i, by) }).loss;
      expect(biasGradient[i]).toBeCloseTo((at(h) - at(-h)) / (2 * h), 5);
    });
  });

  it('adds up over micro-batches and ignores raters who are not trusted', () => {
    const scores = randomScores(scoreCount(EVERY_KIND), 4);
    const whole = feedbackLoss(EVERY_KIND, scores, OPTIONS);
    const cut = 3; // three comparisons: six scores
    const parts = [
      feedbackLoss(EVERY_KIND.slice(0, cut), scores.slice(0, 6), OPTIONS),
      feedbackLoss(EVERY_KIND.slice(cut), scores.slice(6), OPTIONS),
    ];
    expect(parts[0]!.loss + parts[1]!.loss).toBeCloseTo(whole.loss, 10);
    expect([...parts[0]!.gradient, ...parts[1]!.gradient]).toEqual([...whole.gradient]);
    const distrusted = EVERY_KIND.map((example) => ({ ...example, weight: 0 }));
    expect(feedbackLoss(distrusted, scores, OPTIONS).loss).toBe(0);
    expect(feedbackLoss(EVERY_KIND, scores, { ...OPTIONS, weightOf: () => 2 }).loss).toBeCloseTo(2 * whole.loss, 6);
  });

  it('counts a correction as the comparison that the corrected answer wins', () => {
    const { promptIds } = judged;
    const scores = [0.7, -0.2];
    const pair = { promptIds, weight: 0.6, margin: 0.2 };
    const correction = { kind: 'correction', ...pair, originalIds: ids(1), correctedIds: ids(2) } as const;
    const comparison = {
      kind: 'comparison',
      ...pair,
      chosenIds: ids(2),
      rejectedIds: ids(1),
      outcome: 'chosen',
    } as const;
    expect(completionsOf(correction)).toEqual(completionsOf(comparison));
    expect(feedbackLoss([correction], scores, OPTIONS)).toEqual(feedbackLoss([comparison], scores, OPTIONS));
  });
});

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

describe('implicit signals', () => {
  it('move no score while their slope is 0, and their slope follows the scores', () => {
    const example = EVERY_KIND.find(({ kind }) => kind === 'implicit')!;
    const still = feedbackLoss([example], [1.2], { ...OPTIONS, biases: [0, 0, 0, 0, 0, 0] });
    expect(still.gradient[0]).toBeCloseTo(0, 10);
    // p = 1/2 for both; copied: (1/2 - 1) * 1.2 = -0.6, regenerated: (1/2 - 0) * 1.2 = 0.6; times 0.15 / 2.5.
    expect(still.biasGradient[2]).toBeCloseTo(-0.036, 6);
    expect(still.biasGradient[4]).toBeCloseTo(0.036, 6);
  });
});
