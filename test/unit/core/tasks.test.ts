// Choosing what to ask next: the posterior, what a vote is worth, batches, groups and disagreement.
import { describe, expect, test } from 'vitest';
import { Rng } from '@/core/rng';
import { choleskyFactor, inverseFromFactor } from '@/core/tasks/cholesky';
import { chooseTasks } from '@/core/tasks/choose';
import { CandidateInformation, doubt, fisherInformation } from '@/core/tasks/information';
import { dot, fitPosterior, sigmoid } from '@/core/tasks/posterior';
import type { TaskCandidate, TaskQuestion, TaskWeights } from '@/core/tasks/question';

const PLAIN: TaskWeights = { coverage: 0, disagreement: 0, trust: 1, itemVariance: 0 };
const item = (features: number[] | null, more: Partial<TaskCandidate> = {}): TaskCandidate => ({
  features: features && Float64Array.from(features),
  groups: [],
  votes: [0, 0],
  ...more,
});

/** Nothing is known: N(0, I). */
function ask(candidates: TaskCandidate[], more: Partial<TaskQuestion> = {}): TaskQuestion {
  const size = candidates.flatMap(({ features }) => features?.length ?? [])[0] ?? 1;
  const covariance = new Float64Array(size * size);
  for (let i = 0; i < size; i++) covariance[i * size + i] = 1;
  const posterior = { mean: new Float64Array(size), covariance };
  const none = { targetShares: new Map<string, number>(), groupVotes: new Map<string, number>(), totalVotes: 0 };
  return { candidates, posterior, ...none, weights: PLAIN, count: candidates.length, ...more };
}
const order = (question: TaskQuestion) => chooseTasks(question).map(({ at }) => at);

describe('the posterior', () => {
  test('of one vote is at w = sigmoid(-w) with the variance 1 / (1 + p (1 - p)), and its evidence is near log 1/2', () => {
    // w = 0.40106: sigmoid(-0.40106) = 0.40106; p (1 - p) = 0.24021, 1 / 1.24021 = 0.80631.
    const { mean, covariance, logEvidence } = fitPosterior([{ features: Float64Array.of(1), weight: 1 }], 1, 1);
    expect(mean[0]).toBeCloseTo(0.40106, 5);
    expect(covariance[0]).toBeCloseTo(0.80631, 5);
    expect(Math.abs(logEvidence - Math.log(0.5))).toBeLessThan(0.01); // symmetric prior: exactly a half
  });

  test('has a gradient of zero and the inverse curvature as covariance, from any start', () => {
    const rng = new Rng(5);
    const votes = Array.from({ length: 30 }, () => ({
      features: Float64Array.from({ length: 4 }, () => 3 * rng.normal()),
      weight: rng.uniform(),
    }));
    const { mean, covariance } = fitPosterior(votes, 4, 0.5);
    for (let i = 0; i < 4; i++) {
      const slope = votes.reduce((sum, v) => sum + v.weight * sigmoid(-dot(mean, v.features)) * v.features[i]!, 0);
      expect(slope - 0.5 * mean[i]!).toBeCloseTo(0, 6);
      for (let j = 0; j < 4; j++) {
        // covariance times curvature is the identity
        const bends = (k: number) =>
          votes.reduce(
            (sum, v) => {
              const p = sigmoid(dot(mean, v.features));
              return sum + v.weight * p * (1 - p) * v.features[k]! * v.features[j]!;
            },
            k === j ? 0.5 : 0,
          );
        const product = [0, 1, 2, 3].reduce((sum, k) => sum + covariance[i * 4 + k]! * bends(k), 0);
        expect(product).toBeCloseTo(i === j ? 1 : 0, 6);
      }
    }
    expect(fitPosterior(votes, 4, 0.5, Float64Array.of(9, -9, 9, -9)).mean[2]).toBeCloseTo(mean[2]!, 6);
  });

  test('counts a vote of trust 0.5 half: two of them are one vote', () => {
    const features = Float64Array.of(1, -2);
    const whole = fitPosterior([{ features, weight: 1 }], 2, 1);
    const halves = fitPosterior(
      [0.5, 0.5].map((weight) => ({ features, weight })),
      2,
      1,
    );
    expect(halves.mean[1]).toBeCloseTo(whole.mean[1]!, 8);
  });

  test('is refused for a precision that leaves no curvature', () => {
    expect(() => fitPosterior([], 2, 0)).toThrow('positive definite');
  });
});

describe('what a vote teaches', () => {
  test('is p (1 - p) about the logit, less from doubted raters, and nothing from one who answers at random', () => {
    expect(fisherInformation(0, 0, [0, 0], PLAIN)).toBeCloseTo(0.25, 10);
    expect(fisherInformation(2, 0, [0, 0], PLAIN)).toBeCloseTo(sigmoid(2) * sigmoid(-2), 10);
    // trust 0.6 at p = 1/2: slope 0.6 / 4 = 0.15, 0.15^2 / 0.25 = 0.09
    expect(fisherInformation(0, 0, [0, 0], { trust: 0.6, itemVariance: 0 })).toBeCloseTo(0.09, 10);
    expect(fisherInformation(0, 0, [0, 0], { trust: 0, itemVariance: 0 })).toBe(0);
  });

  test('falls with each vote on the same item, and all of them together approach 1 / item variance', () => {
    // J = 1/4, t = 4: n votes are worth n/4 / (1 + n): 1/8, then 1/6 - 1/8 = 1/24.
    const of = (n: number) => fisherInformation(0, 0, [n, 0], { trust: 1, itemVariance: 4 });
    expect(of(0)).toBeCloseTo(1 / 8, 10);
    expect(of(1)).toBeCloseTo(1 / 24, 10);
    const sum = Array.from({ length: 1000 }, (_, n) => of(n)).reduce((a, b) => a + b, 0);
    expect(sum).toBeCloseTo(0.25, 3);
  });

  test('equals the fall of the predictive variances, weighted by doubt, by definition, before and after an expected vote', () => {
    const rng = new Rng(3);
    const rows = Array.from({ length: 9 }, () => Float64Array.from({ length: 3 }, () => rng.normal()));
    const posterior = fitPosterior(
      rows.slice(0, 4).map((features) => ({ features, weight: 1 })),
      3,
      1,
    );
    const question = { ...ask(rows.map((row) => item([...row]))), posterior };
    const information = new CandidateInformation(question, () => 1);
    const before = (row: Float64Array) => dot(row, timesRow(posterior.covariance, row));
    const weightOf = (row: Float64Array) => doubt(dot(posterior.mean, row), before(row));
    const variances = (covariance: Float64Array) =>
      rows.reduce((sum, row) => sum + weightOf(row) * dot(row, timesRow(covariance, row)), 0);
    const fisher = rows.map((row) => {
      const variance = dot(row, timesRow(posterior.covariance, row));
      return fisherInformation(dot(posterior.mean, row), variance, [0, 0], PLAIN);
    });
    const after = (covariance: Float64Array, at: number) => {
      const precision = inverse(covariance);
      for (let i = 0; i < 3; i++)
        for (let j = 0; j < 3; j++) precision[i * 3 + j]! += fisher[at]! * rows[at]![i]! * rows[at]![j]!;
      return inverse(precision);
    };
    const falls = rows.map((_, at) => variances(posterior.covariance) - variances(after(posterior.covariance, at)));
    const average = falls.reduce((sum, fall) => sum + fall, 0) / falls.length;
    for (const [at, fall] of falls.entries()) expect(information.of(at)).toBeCloseTo(fall / average, 6);
    information.expectVote(7);
    const then = after(posterior.covariance, 7);
    for (const at of rows.keys())
      expect(information.of(at)).toBeCloseTo((variances(then) - variances(after(then, at))) / average, 6);
  });
});

describe('a batch', () => {
  test('takes the twin of an item after an item that teaches something else', () => {
    // Alone the twins teach most (longer); after the first, the second has little left to teach.
    expect(order(ask([item([3, 0]), item([3, 0]), item([0, 2.5]), item([0, 0.1])]))).toEqual([0, 2, 1, 3]);
  });

  test('has each item at most once, no more than asked for, and none of none', () => {
    expect(order(ask([item([1]), item([2])], { count: 1 }))).toEqual([1]);
    expect(order(ask([item([1])], { count: 5 }))).toEqual([0]);
    expect(order(ask([]))).toEqual([]);
  });

  test('prefers items that resemble many over a longer one that resembles none', () => {
    const common = Array.from({ length: 8 }, () => item([1.5, 0]));
    expect(order(ask([item([0, 2]), ...common], { count: 1 }))).toEqual([1]);
  });

  test('without known features keeps the given order, and an unknown item counts as the average', () => {
    expect(order(ask([item(null), item(null), item(null)]))).toEqual([0, 1, 2]);
    const mixed = chooseTasks(ask([item([0.1]), item(null), item([3])]));
    expect(mixed.map(({ at }) => at)).toEqual([2, 1, 0]);
    expect(mixed[1]!.information).toBe(1);
  });
});

describe('groups and disagreement', () => {
  const groupsOf = (names: string[]) => names.map((name) => item([1], { groups: [name] }));

  test('a group with fewer votes than its share of the candidates comes first, until it has them', () => {
    const candidates = groupsOf(['en', 'en', 'ja', 'ja']);
    const groupVotes = new Map([
      ['en', 6],
      ['ja', 4],
    ]);
    const question = ask(candidates, { weights: { ...PLAIN, coverage: 1 }, groupVotes, totalVotes: 10 });
    const chosen = chooseTasks(question);
    // ja is due 11 / 2 votes and has 4: 1 - 4 / 5.5 = 0.2727. After two more it has 6 of 12, due 6.5: 0.0769.
    expect(chosen.map(({ at }) => at)).toEqual([2, 3, 0, 1]);
    expect(chosen[0]!.shortage).toBeCloseTo(0.2727, 4);
  });

  test('a target share overrules the share of the candidates, in shortage and in what is to be predicted', () => {
    const candidates = groupsOf(['en', 'en', 'en', 'ja']);
    const shortages = (targetShares: Map<string, number>) => {
      const groupVotes = new Map([
        ['en', 3],
        ['ja', 1],
      ]);
      const question = ask(candidates, { targetShares, groupVotes, totalVotes: 4 });
      return chooseTasks(question).find(({ at }) => at === 3)!;
    };
    expect(shortages(new Map([['ja', 0.5]])).shortage).toBeGreaterThan(shortages(new Map()).shortage);
    // Two directions; what is asked to matter is the second, although it is a quarter of the candidates.
    const two = [item([1.2, 0], { groups: ['en'] }), item([0, 1], { groups: ['ja'] })];
    expect(order(ask(two))).toEqual([0, 1]);
    const wanted = new Map([
      ['en', 0.1],
      ['ja', 0.9],
    ]);
    expect(order(ask(two, { targetShares: wanted }))).toEqual([1, 0]);
  });

  test('evenly divided votes ask for another opinion, agreed ones do not', () => {
    const candidates = [item([1], { votes: [2, 0] }), item([1], { votes: [1, 1] })];
    const [first] = chooseTasks(ask(candidates, { weights: { ...PLAIN, disagreement: 1 } }));
    expect(first).toMatchObject({ at: 1, entropy: 1, weight: 2 });
  });
});

function timesRow(matrix: Float64Array, x: Float64Array): Float64Array {
  return x.map((_, i) => dot(matrix.subarray(i * x.length, (i + 1) * x.length), x));
}
const inverse = (matrix: Float64Array) => inverseFromFactor(choleskyFactor(matrix, 3), 3);
