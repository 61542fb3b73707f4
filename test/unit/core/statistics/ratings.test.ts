// Elo, Bradley-Terry and style control against FastChat and arena-rank, and what must hold for any comparisons.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Rng } from '@/core/rng';
import { type ControlledComparison, fitBradleyTerry } from '@/core/statistics/ratings/bradley-terry';
import type { Comparison } from '@/core/statistics/ratings/comparison';
import { rateElo, rateEloInAnyOrder } from '@/core/statistics/ratings/elo';
import { CONTROLS, controlsOf, measureStyle, type ShownPair } from '@/core/statistics/ratings/style';
import peers from '../../../fixtures/ratings.json';
import golden from '../../../fixtures/rlhf-golden.json';

const asComparisons = (rows: (string | number)[][]) => rows.map(([a, b, score]) => ({ a, b, score }) as Comparison);
const comparisons = asComparisons(peers.comparisons);

function expectRatings(found: Iterable<[string, number]>, expected: Record<string, number>, digits: number) {
  const ratings = Object.fromEntries(found);
  expect(Object.keys(ratings).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, rating] of Object.entries(expected)) expect(ratings[name]).toBeCloseTo(rating, digits);
}

const ratingsOf = (fit: ReturnType<typeof fitBradleyTerry>) =>
  fit.ratings.map(({ name, rating }): [string, number] => [name, rating]);

test('Elo equals FastChat, comparison by comparison', () => {
  expectRatings(rateElo(asComparisons(golden.elo_fastchat.battles)), golden.elo_fastchat.ratings, 5);
  expectRatings(rateElo(comparisons), peers.elo, 8);
});

test('Elo moves 2 points for a win of equals, and half of that for a vote of weight 1/2', () => {
  // 4 * (1 - 0.5) = 2
  expect(rateElo([{ a: 'x', b: 'y', score: 1 }])).toEqual(
    new Map([
      ['x', 1002],
      ['y', 998],
    ]),
  );
  expect(rateElo([{ a: 'x', b: 'y', score: 1, weight: 0.5 }])).toEqual(
    new Map([
      ['x', 1001],
      ['y', 999],
    ]),
  );
});

test('Elo in any order does not depend on the order of the comparisons, and its intervals hold the rating', () => {
  const first = rateEloInAnyOrder(comparisons, new Rng(1), 200);
  const second = rateEloInAnyOrder(comparisons.toReversed(), new Rng(2), 200);
  for (const { name, rating, low, high } of first) {
    expect(low).toBeLessThan(rating);
    expect(high).toBeGreaterThan(rating);
    const other = second.find((estimate) => estimate.name === name)!;
    expect(Math.abs(other.rating - rating)).toBeLessThan(1); // one order alone is off by several points
  }
  expect(first.map(({ rating }) => rating)).toEqual(first.map(({ rating }) => rating).sort((x, y) => y - x));
});

test('Bradley-Terry equals FastChat: a mean of 1000, or an anchor', () => {
  expectRatings(ratingsOf(fitBradleyTerry(comparisons)), peers.bradleyTerry, 2);
  const anchored = fitBradleyTerry(comparisons, { anchor: { name: 'base', rating: 1114 } });
  expectRatings(ratingsOf(anchored), peers.anchoredAtBase1114, 2);
  const anchor = anchored.ratings.find(({ name }) => name === 'base')!;
  expect([anchor.low, anchor.high]).toEqual([1114, 1114]);
});

test.each([
  { name: 'votes of equal weight', expected: peers.arenaRank, weights: comparisons.map(() => 1) },
  { name: 'votes weighted by pair', expected: peers.arenaRankWeighted, weights: peers.weights },
])('sandwich intervals equal arena-rank: $name', ({ expected, weights }) => {
  const fit = fitBradleyTerry(comparisons.map((comparison, i) => ({ ...comparison, weight: weights[i]! })));
  const byName: Record<string, number[]> = expected;
  for (const { name, rating, low, high } of fit.ratings) {
    // arena-rank adds a little to the diagonal, because ratings have no origin.
    for (const [i, value] of [rating, low, high].entries())
      expect(Math.abs(value - byName[name]![i]!)).toBeLessThan(0.05);
  }
});

test('style control equals FastChat on its features: ratings and effects, with a ridge of 0.5', () => {
  const controlled = comparisons.map((comparison, i) => ({ ...comparison, controls: peers.features[i]! }));
  const fit = fitBradleyTerry(controlled, { ridge: 0.5 });
  expectRatings(ratingsOf(fit), peers.styleControl.ratings, 2);
  for (const [k, effect] of peers.styleControl.effects.entries())
    expect(fit.controls[k]!.effect).toBeCloseTo(effect, 4);
});

test('of two competitors, three wins to one are odds of 3, and a tie is half a win for each', () => {
  // 400 log10(3) = 190.85 points apart
  const wins = (score: number, times: number) => Array<Comparison>(times).fill({ a: 'x', b: 'y', score });
  const [first, second] = fitBradleyTerry([...wins(1, 3), ...wins(0, 1)]).ratings;
  expect(first!.rating - second!.rating).toBeCloseTo(400 * Math.log10(3), 6);
  const [tied, other] = fitBradleyTerry([...wins(1, 2), ...wins(0.5, 2)]).ratings;
  expect(tied!.rating - other!.rating).toBeCloseTo(400 * Math.log10(3), 6);
});

test('Bradley-Terry reaches the fixed point that crowd-kit stops short of', () => {
  const { win_matrix, true_mm_fixed_point } = golden.bt_crowdkit_bug;
  const rows = win_matrix.flatMap((row, i) =>
    row.flatMap((wins, j) => Array<Comparison>(wins).fill({ a: `${i}`, b: `${j}`, score: 1 })),
  );
  const strengths = new Map(ratingsOf(fitBradleyTerry(rows)).map(([name, rating]) => [name, 10 ** (rating / 400)]));
  const total = [...strengths.values()].reduce((sum, value) => sum + value, 0);
  for (const [i, share] of true_mm_fixed_point.entries()) expect(strengths.get(`${i}`)! / total).toBeCloseTo(share, 4);
});

test('who always wins has no rating without a ridge, and the error says so', () => {
  const rows: Comparison[] = Array(4).fill({ a: 'x', b: 'y', score: 1 });
  expect(() => fitBradleyTerry(rows)).toThrow('Add a ridge');
  expect(fitBradleyTerry(rows, { ridge: 0.5 }).ratings[0]!.name).toBe('x');
});

test('with a ridge, the interval of one who won the only vote reaches below the mean, and 30 wins of 30 stay uncertain', () => {
  // The posterior's variance along (1, -1) / sqrt 2 is 1 / (0.5 + 2 n ln(10)^2 p (1 - p)), of which each rating has half.
  const half = (wins: number) => {
    const { low, high } = fitBradleyTerry(Array(wins).fill({ a: 'x', b: 'y', score: 1 }), { ridge: 0.5 }).ratings[0]!;
    return { low, half: (high - low) / 2 };
  };
  // One vote: p = 0.898, 1 / (0.5 + 0.97) = 0.68, 1.96 * 400 * sqrt(0.34) = 457.
  expect(half(1).low).toBeLessThan(1000);
  expect(half(1).half).toBeCloseTo(457, -1);
  // Thirty: p = 0.9923, 1 / (0.5 + 2.44) = 0.34, 1.96 * 400 * sqrt(0.17) = 323; the sandwich says 26.
  expect(half(30).half).toBeCloseTo(323, -1);
});

/** `votes` comparisons of three versions that differ by 100 points; the longer and the first shown are favoured. */
function simulate(seed: number, votes: number, favour: { length: number; first: number }): ControlledComparison[] {
  const rng = new Rng(seed);
  const strengths = [1100, 1000, 900];
  const pairs = Array.from({ length: votes }, () => {
    const [a, b] = rng.shuffle([0, 1, 2]).slice(0, 2) as [number, number];
    const style = (i: number) => ({ tokens: 40 * (1 + i) + rng.integer(40), headers: 0, lists: 0, bold: 0 });
    const shown: ShownPair = { a: style(a), b: style(b), first: rng.uniform() < 0.5 ? 'a' : 'b' };
    return { a, b, shown };
  });
  const controls = controlsOf(pairs.map(({ shown }) => shown));
  return pairs.map(({ a, b }, i) => {
    const logit =
      (Math.log(10) * (strengths[a]! - strengths[b]!)) / 400 +
      favour.length * controls[i]![0]! +
      favour.first * controls[i]![4]!;
    return {
      a: `v${a}`,
      b: `v${b}`,
      score: rng.uniform() < 1 / (1 + Math.exp(-logit)) ? 1 : 0,
      controls: controls[i]!,
    };
  });
}

test('control variables take out the favour for length and first place, which otherwise turns the order round', () => {
  const votes = simulate(1, 1500, { length: 1.5, first: 0.8 });
  const plain = fitBradleyTerry(votes.map(({ controls: _, ...vote }) => vote));
  expect(plain.ratings.map(({ name }) => name)).toEqual(['v2', 'v1', 'v0']); // the longest first
  const fit = fitBradleyTerry(votes, { ridge: 0.5 });
  expect(fit.ratings.map(({ name }) => name)).toEqual(['v0', 'v1', 'v2']);
  const effects = Object.fromEntries(CONTROLS.map((name, k) => [name, fit.controls[k]!.effect]));
  expect(effects.tokens).toBeCloseTo(1.5, 0);
  expect(Math.abs(effects.position! - 0.8)).toBeLessThan(0.25);
});

test('the 95 % intervals hold the true difference in 92 to 98 % of 200 samples', () => {
  let held = 0;
  for (let seed = 0; seed < 200; seed++) {
    const votes = simulate(seed, 100, { length: 0, first: 0 }).map(({ controls: _, ...vote }) => vote);
    const fit = fitBradleyTerry(votes, { anchor: { name: 'v1', rating: 1000 } });
    const best = fit.ratings.find(({ name }) => name === 'v0')!;
    if (best.low <= 1100 && best.high >= 1100) held++;
  }
  expect(held / 200).toBeGreaterThanOrEqual(0.92);
  expect(held / 200).toBeLessThanOrEqual(0.98);
});

const anyComparisons = fc.array(
  fc.record({
    a: fc.constantFrom('x', 'y'),
    b: fc.constantFrom('z', 'w'),
    score: fc.constantFrom(0, 0.5, 1),
    weight: fc.double({ min: 0.1, max: 3, noNaN: true }),
    controls: fc.tuple(fc.double({ min: -2, max: 2, noNaN: true })),
  }),
  { minLength: 1, maxLength: 15 },
);

test('for any votes: a vote of weight 2 is two votes, the sides may be exchanged, and the mean is 1000', () => {
  fc.assert(
    fc.property(anyComparisons, (votes) => {
      const fit = fitBradleyTerry(votes, { ridge: 0.5 });
      const expected = Object.fromEntries(ratingsOf(fit));
      const mean = fit.ratings.reduce((sum, { rating }) => sum + rating, 0) / fit.ratings.length;
      expect(mean).toBeCloseTo(1000, 5);
      const halves = votes.flatMap((vote) => [
        { ...vote, weight: vote.weight / 2 },
        { ...vote, weight: vote.weight / 2 },
      ]);
      expectRatings(ratingsOf(fitBradleyTerry(halves, { ridge: 0.5 })), expected, 4);
      const exchanged = votes.map(({ a, b, score, weight, controls: [control] }) => ({
        a: b,
        b: a,
        score: 1 - score,
        weight,
        controls: [-control],
      }));
      expectRatings(ratingsOf(fitBradleyTerry(exchanged, { ridge: 0.5 })), expected, 4);
    }),
    { numRuns: 50, seed: 1 },
  );
});

test('style counts headers, list items and bold words outside code', () => {
  const text =
    '# Title\n\nSome **bold** and __this__.\n\n- one\n- two\n1. three\n\n```\n# not a header\n- no item\n```\n## End\n';
  expect(measureStyle(text, 30)).toEqual({ tokens: 30, headers: 2, lists: 3, bold: 2 });
});

test('controls are (a - b) / (a + b + 1) in units of their root mean square, and first place is 1 or -1', () => {
  const none = { headers: 0, lists: 0, bold: 0 };
  const pairs: ShownPair[] = [
    { a: { ...none, tokens: 3 }, b: { ...none, tokens: 0 }, first: 'a' }, // 3 / 4
    { a: { ...none, tokens: 0 }, b: { ...none, tokens: 1 }, first: 'b' }, // -1 / 2
  ];
  const scale = Math.sqrt((0.75 ** 2 + 0.5 ** 2) / 2);
  expect(controlsOf(pairs)).toEqual([
    [0.75 / scale, 0, 0, 0, 1],
    [-0.5 / scale, 0, 0, 0, -1],
  ]);
});

test('a comparison with itself, a score above 1 and a negative weight are refused', () => {
  expect(() => rateElo([{ a: 'x', b: 'x', score: 1 }])).toThrow('"x" is compared with itself');
  expect(() => rateElo([{ a: 'x', b: 'y', score: 2 }])).toThrow('A score of 2');
  expect(() => fitBradleyTerry([{ a: 'x', b: 'y', score: 1, weight: -1 }])).toThrow('cannot weigh -1');
});
