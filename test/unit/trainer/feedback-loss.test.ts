// The single likelihood of all feedback: its sum over the kinds, and every gradient by central differences.
import { describe, expect, it } from 'vitest';
import { Rng } from '@/core/rng';
import { feedbackLoss } from '@/trainer/math/loss/feedback';
import { completionsOf, type RewardExample } from '@/trainer/math/reward-examples';
import { EVERY_KIND, ids, judged, OPTIONS } from './feedback-examples';

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
