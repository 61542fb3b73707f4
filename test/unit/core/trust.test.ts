// Trust in raters: trolls of every archetype are told from honest people on simulated crowds with a weak model.
import { describe, expect, test } from 'vitest';
import { type Archetype, type Crowd, simulateCrowd } from '@/bench/raters/crowd';
import type { JudgedPair } from '@/bench/raters/pairs';
import { Rng } from '@/core/rng';
import { BEHAVIOURS, likelihoodReader } from '@/core/trust/behaviours';
import { collectEvidence } from '@/core/trust/evidence';
import { estimateJointly } from '@/core/trust/joint';
import { itemKey, type Judgement } from '@/core/trust/judgement';
import { reportTrust } from '@/core/trust/report';
import { findServants } from '@/core/trust/serving';

/** 600 pairs; `belief` is a model that is right on about 66 % of them. */
function pairsWithBelief(seed: number): { pairs: JudgedPair[]; belief: number[] } {
  const rng = new Rng(seed);
  const lean = (share: number) => (rng.uniform() < share ? (rng.uniform() < 0.5 ? 1 : -1) : 0);
  const pairs = Array.from({ length: 600 }, (_, i) => ({
    prompt: String(i),
    truth: rng.uniform() < 0.5 ? 1 : 0,
    longer: lean(1),
    cautious: lean(0.3),
    taste: lean(0.6),
  })) as JudgedPair[];
  return { pairs, belief: pairs.map(({ truth }) => 0.6 * (0.44 * (2 * truth - 1) + rng.normal())) };
}

async function trustIn(kind: Archetype, share: number, seed = 3) {
  const { pairs, belief } = pairsWithBelief(seed);
  const crowd = simulateCrowd({ pairs, places: [...pairs.keys()], share, kind, seed });
  const trust = await estimateJointly({
    judgements: crowd.votes,
    rounds: 1,
    crossFit: async () => new Map(crowd.votes.map((vote) => [itemKey(vote), belief[vote.pair]!])),
  });
  return { crowd, raters: reportTrust(trust) };
}

const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
function weightsOf({ people }: Crowd, raters: ReturnType<typeof reportTrust>, isHonest: boolean): number[] {
  const own = raters.filter(({ rater }) => (people.get(rater) === 'honest') === isHonest);
  return own.map(({ weight, isInverted }) => (isInverted ? -weight : weight));
}

describe('against a fifth of trolls', () => {
  test('those who flip every vote, or all but gold, are inverted; honest people keep their weight', async () => {
    for (const kind of ['flip', 'honest on gold only'] as const) {
      const { crowd, raters } = await trustIn(kind, 0.2);
      expect(mean(weightsOf(crowd, raters, false))).toBeLessThan(-0.7);
      expect(mean(weightsOf(crowd, raters, true))).toBeGreaterThan(0.85);
    }
  });

  test('blind votes count for little, and a habit is named', async () => {
    const random = await trustIn('random', 0.2);
    expect(mean(weightsOf(random.crowd, random.raters, false).map(Math.abs))).toBeLessThan(0.5);
    for (const [kind, habit] of [
      ['always first', 'first'],
      ['longest', 'longer'],
    ] as const) {
      const { crowd, raters } = await trustIn(kind, 0.2);
      expect(weightsOf(crowd, raters, false).every((weight) => weight === 0)).toBe(true);
      const named = raters.filter((rater) => rater.habit === habit).map(({ rater }) => crowd.people.get(rater));
      expect(named).toEqual(Array.from({ length: 8 }, () => kind));
    }
  });

  test('accounts that agree on wrong votes are one group, without an honest member', async () => {
    const { crowd, raters } = await trustIn('colluding group', 0.2);
    const group = raters.filter(({ collusion }) => collusion !== null);
    expect(group.map(({ rater }) => crowd.people.get(rater))).toEqual(
      Array.from({ length: 8 }, () => 'colluding group'),
    );
    expect(mean(weightsOf(crowd, raters, false))).toBeLessThan(0.1);
  });
});

test('a crowd without trolls keeps its weight: nobody is inverted or in a group', async () => {
  const { crowd, raters } = await trustIn('flip', 0);
  expect(mean(weightsOf(crowd, raters, true))).toBeGreaterThan(0.9);
  expect(raters.some(({ isInverted, collusion }) => isInverted || collusion !== null)).toBe(false);
});

test('people who are always right are no conspiracy, even if they are the majority', async () => {
  // 9 raters judge 120 items in twos: six are always right, three always wrong.
  const rng = new Rng(12);
  const judgements = Array.from({ length: 120 }, (_, item) =>
    rng
      .shuffle([...Array(9).keys()])
      .slice(0, 2)
      .map(
        (r): Judgement => ({
          rater: `rater-${r}`,
          kind: 'comparison',
          item: String(item),
          label: (item + Number(r < 3)) % 2,
        }),
      ),
  ).flat();
  const raters = reportTrust(await estimateJointly({ judgements, crossFit: null, rounds: 0 }));
  const inverted = raters.filter(({ isInverted }) => isInverted).map(({ rater }) => rater);
  expect(inverted.sort()).toEqual(['rater-0', 'rater-1', 'rater-2']);
  expect(raters.every(({ collusion }) => collusion === null)).toBe(true);
});

test('an account that always votes for one version says nothing about it', async () => {
  // 30 people compare versions x and y on items of their own, and are evenly split; one account names y 20 times of 20.
  const judgements: Judgement[] = Array.from({ length: 620 }, (_, i) => ({
    rater: i < 600 ? `person-${i % 30}` : 'servant',
    kind: 'comparison',
    item: String(i),
    sources: ['x', 'y'],
    label: i < 600 ? Math.floor(i / 30) % 2 : 0,
  }));
  const raters = reportTrust(await estimateJointly({ judgements, crossFit: null, rounds: 0 }));
  expect(raters[0]).toMatchObject({ rater: 'servant', weight: 0, habit: 'source' });
  expect(mean(raters.slice(1).map(({ weight }) => weight))).toBeGreaterThan(0.65); // as an average account
});

/** People who compare two versions, 20 votes each, and name y as often as their own liking says. */
function comparePair(likings: readonly number[], seed: number): Judgement[] {
  const rng = new Rng(seed);
  return likings.flatMap((liking, person) =>
    Array.from({ length: 20 }, (_, i): Judgement => {
      const isY = rng.uniform() < liking;
      return {
        rater: `person-${person}`,
        kind: 'comparison',
        item: `${person}/${i}`,
        sources: ['x', 'y'],
        label: isY ? 0 : 1,
      };
    }),
  );
}

test('accounts that serve a version change nothing about the others, however many they are', async () => {
  const honest = comparePair(
    Array.from({ length: 40 }, () => 0.5),
    5,
  );
  const weightsAmong = async (judgements: Judgement[]) => {
    const { weights, servants } = await estimateJointly({ judgements, crossFit: null, rounds: 0 });
    return { weights: [...weights], servants: [...servants] };
  };
  const alone = await weightsAmong(honest);
  expect(alone.servants).toEqual([]);
  for (const accounts of [2, 12]) {
    const serving = comparePair(
      Array.from({ length: accounts }, () => 1),
      6,
    ).map((vote) => ({ ...vote, rater: `servant-${vote.rater}`, item: `servant-${vote.item}` }));
    const both = await weightsAmong([...honest, ...serving]);
    expect(both.servants).toEqual(Array.from({ length: accounts }, (_, i) => [`servant-person-${i}`, 'y']));
    expect(both.weights.slice(0, honest.length)).toEqual(alone.weights);
    expect(both.weights.slice(honest.length).every((weight) => weight === 0)).toBe(true);
  }
});

test('people who differ in what they like serve no version', () => {
  // Likings from 0.1 to 0.9: 18 of 20 votes for y are then nothing unusual.
  const likings = Array.from({ length: 60 }, (_, i) => 0.1 + (0.8 * i) / 59);
  const servants = [1, 2, 3].map((seed) => findServants(comparePair(likings, seed), () => false).size);
  expect(Math.max(...servants)).toBeLessThanOrEqual(1);
  // Among those who all like them alike, it is.
  const equal = comparePair([0.95, ...Array.from({ length: 59 }, () => 0.5)], 1);
  expect([...findServants(equal, () => false).keys()]).toEqual(['person-0']);
});

test('trust that an admin took away stays away, and says nothing about the items', async () => {
  const { pairs } = pairsWithBelief(1);
  const { votes } = simulateCrowd({ pairs, places: [...pairs.keys()], share: 0, kind: 'flip', seed: 1 });
  const priorTrust = new Map([['rater-0', 0]]);
  const without = votes.map((vote) => (vote.rater === 'rater-0' ? { ...vote, label: 1 - vote.label } : vote));
  const [one, other] = await Promise.all(
    [votes, without].map((judgements) => estimateJointly({ judgements, crossFit: null, rounds: 0, priorTrust })),
  );
  expect(reportTrust(one!).find(({ rater }) => rater === 'rater-0')!.weight).toBe(0);
  for (const [key, odds] of one!.estimate.items) expect(other!.estimate.items.get(key)).toBeCloseTo(odds, 9);
});

test('a vote is as likely as its behaviour says', () => {
  const read = likelihoodReader();
  const at = (table: Float64Array, habit: string | null, pull: number, reliability: number) => {
    const b = BEHAVIOURS.findIndex(
      (own) => own.habit === habit && own.pull === pull && own.reliability === reliability,
    );
    return [table[2 * b]!, table[2 * b + 1]!];
  };
  // A vote for A, which was shown first, by a rater who follows that with 0.7 and else is right with 0.9:
  // 0.7 + 0.3 * 0.9 = 0.97 if A is better, 0.7 + 0.3 * 0.1 = 0.73 if not; without the habit 0.9 and 0.1.
  const first = read({ rater: 'r', kind: 'comparison', item: 'i', label: 1, first: 1 }, null);
  const [likely, unlikely] = at(first, 'first', 0.7, 0.9);
  expect([likely, unlikely]).toEqual([expect.closeTo(0.97, 12), expect.closeTo(0.73, 12)]);
  expect(at(first, null, 0, 0.9)).toEqual([expect.closeTo(0.9, 12), expect.closeTo(0.1, 12)]);
  // Half a step from the middle, |2 * 0.75 - 1| = 0.5: the square root of a sure vote.
  const hesitant = read({ rater: 'r', kind: 'comparison', item: 'i', label: 0.75 }, null);
  expect(at(hesitant, null, 0, 0.9)[0]).toBeCloseTo(Math.sqrt(0.9), 12);
  expect(BEHAVIOURS.reduce((sum, { prior }) => sum + prior, 0)).toBeCloseTo(1, 12);
});

test('the evidence counts overlap, gold, repeats, places and times', () => {
  const vote = (rater: string, item: string, label: number, more: Partial<Judgement> = {}): Judgement => ({
    rater,
    kind: 'comparison',
    item,
    label,
    first: 1,
    milliseconds: 8000,
    ...more,
  });
  const evidence = collectEvidence([
    vote('ann', 'a', 1),
    vote('ann', 'b', 1, { milliseconds: 1000 }), // under a quarter of the crowd's 8 s
    vote('ann', 'b', 0), // a repeat, the other way
    vote('ann', 'g', 1, { truth: 1 }),
    vote('ben', 'a', 1),
    vote('cyd', 'a', 0),
  ]).get('ann\u0000comparison')!;
  expect(evidence).toMatchObject({
    votes: 4,
    overlap: { n: 2, hits: 1 },
    gold: { n: 1, hits: 1 },
    repeats: { n: 1, hits: 0 },
    first: { n: 3, hits: 3 }, // a, b as it was judged first, g
    milliseconds: 8000,
    fast: { n: 4, hits: 1 },
  });
});

test('people who give a single thumb to answers that no one else judged are believed alike, up or down', async () => {
  // Raters who overlap, so that the crowd is no blank; then 400 people with one vote each, 230 of them up.
  const pairs = [...Array(40).keys()].flatMap((i) =>
    ['ann', 'ben', 'cyd'].map((rater): Judgement => ({ rater, kind: 'comparison', item: `p${i}`, label: i % 2 })),
  );
  const thumbs = Array.from(
    { length: 400 },
    (_, i): Judgement => ({ rater: `person ${i}`, kind: 'thumb', item: `g${i}`, label: i < 230 ? 1 : 0 }),
  );
  const trust = await estimateJointly({ judgements: [...pairs, ...thumbs], crossFit: null, rounds: 0 });
  const weights = new Map(reportTrust(trust).map(({ rater, weight }) => [rater, weight]));
  const [up, down] = [weights.get('person 0')!, weights.get('person 399')!];
  expect(down).toBeGreaterThan(0.9 * up);
  expect(down).toBeLessThanOrEqual(up);
});
