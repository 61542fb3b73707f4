// What an experiment is said to have found, by its votes, its guards and its time.
import { expect, test } from 'vitest';
import { ExperimentPlan, judgeExperiment, neededPeople, readPrimary } from '@/core/rollout/experiment';
import type { GuardReading } from '@/core/rollout/review';
import { boundedMeanInterval, type Sample } from '@/core/statistics/confidence-sequence';

const plan = ExperimentPlan.parse({});
const needed = neededPeople(plan, 0.6, 0.5)!;
const NOTHING: Sample = { mean: 0, variance: 0, n: 0 };
const arm = (mean: number, n: number): Sample => ({ mean, n, variance: mean * (1 - mean) });

function judge(champion: number, candidate: number, people: number, more: object = {}) {
  const votes = { champion: arm(champion, people), candidate: arm(candidate, people), sideBySide: NOTHING };
  const reading = readPrimary('thumbs', votes, needed.readOnce);
  return judgeExperiment(plan, { reading, votes, guards: [], needed, isSkewed: false, days: 1, ...more });
}

test('before the start: (1.96 + 0.8416)^2 * 4 * 0.24 / 0.05^2 = 3014 people for one look, and more for any number of looks', () => {
  expect(needed.readOnce).toBe(3014);
  expect(needed.people).toBeGreaterThan(3014);
  expect(needed.people).toBeLessThan(3 * 3014);
  // Pairs have a quarter of the variance of a difference between two halves.
  expect(neededPeople({ ...plan, metric: 'sideBySide' }, 0.6, 0.5)!.readOnce).toBe(785);
  expect(neededPeople(plan, 0.6, 1)).toBeNull();
  expect(neededPeople(plan, 0, 0.5)!.people).toBeGreaterThan(100);
});

test('the better arm is named once its interval leaves out 0', () => {
  expect(judge(0.5, 0.7, 500)).toMatchObject({ outcome: 'candidate', guards: [], more: null });
  expect(judge(0.7, 0.5, 500)).toMatchObject({ outcome: 'champion' });
  expect(judge(0.5, 0.52, 500)).toMatchObject({ outcome: 'undecided' });
});

test('it is futile once a one-sided bound is below the smallest effect that matters', () => {
  const found = judge(0.6, 0.6, 40_000);
  expect(found).toMatchObject({ outcome: 'futile' });
  expect(found.reading!.low).toBeLessThan(0);
  // One side needs fewer people than both: here the two-sided interval still holds the smallest effect.
  const sooner = [...Array(60).keys()]
    .map((i) => judge(0.6, 0.6, 500 + 100 * i))
    .find((one) => one.outcome === 'futile')!;
  expect(sooner.reading!.high).toBeGreaterThan(plan.smallestEffect);
});

test('comparisons are futile, too, once the champion keeps more than the smallest effect leaves to it', () => {
  const pairs = { ...plan, metric: 'sideBySide' as const };
  const own = neededPeople(pairs, 0.5, 0.5)!;
  const votes = { champion: NOTHING, candidate: NOTHING, sideBySide: { mean: 0.49, variance: 0.25, n: 3000 } };
  const found = {
    reading: readPrimary('sideBySide', votes, own.readOnce),
    votes,
    guards: [],
    needed: own,
    isSkewed: false,
    days: 1,
  };
  expect(judgeExperiment(pairs, found)).toMatchObject({ outcome: 'futile' });
});

test('an experiment that decides nothing ends with its time; a decision comes first', () => {
  expect(judge(0.5, 0.52, 500, { days: 28 })).toMatchObject({ outcome: 'late' });
  expect(judge(0.5, 0.7, 500, { days: 28 })).toMatchObject({ outcome: 'candidate' });
});

test('a breached guard is harm even if the candidate is liked; the metric is no guard of itself', () => {
  const guard = (name: GuardReading['name']): GuardReading => ({
    ...{ name, champion: 0, candidate: 1, harm: { low: 0.1, high: 1 }, people: 100, isBreached: true },
  });
  expect(judge(0.5, 0.7, 500, { guards: [guard('broken')] })).toMatchObject({ outcome: 'harm', guards: ['broken'] });
  expect(judge(0.5, 0.7, 500, { guards: [guard('thumbs')] })).toMatchObject({ outcome: 'candidate' });
});

test('nothing is claimed while people are divided wrongly', () => {
  expect(judge(0.5, 0.7, 500, { isSkewed: true })).toMatchObject({ outcome: 'skewed' });
});

test('fewer than ten people in an arm say nothing; the rest is then the whole plan', () => {
  expect(judge(0, 1, 9)).toMatchObject({ outcome: 'undecided', reading: null, more: needed.people });
});

test('the expected rest shrinks as votes come in, is at most what was planned, and sooner for a larger difference', () => {
  const [few, many] = [judge(0.5, 0.53, 200).more!, judge(0.5, 0.53, 1000).more!];
  expect(many).toBeLessThan(few);
  expect(few).toBeLessThanOrEqual(needed.people - 400);
  expect(judge(0.5, 0.58, 200).more!).toBeLessThan(few);
  expect(judge(0.5, 0.5, 200).more).toBe(needed.people - 400);
});

test('comparisons are read as the distance of the win rate from one half', () => {
  const votes = { champion: NOTHING, candidate: NOTHING, sideBySide: { mean: 0.65, variance: 0.2, n: 400 } };
  const { low, high } = boundedMeanInterval(0.65, 400, { tuning: 785 });
  expect(readPrimary('sideBySide', votes, 785)).toEqual({
    effect: expect.closeTo(0.15, 12),
    low: low - 0.5,
    high: high - 0.5,
    people: 400,
  });
});
