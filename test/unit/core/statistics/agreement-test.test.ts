// The test of agreement: false alarms of honest raters, and how fast others are found.
import { expect, test } from 'vitest';
import { Rng } from '@/core/rng';
import { type ComparedVote, testAgreement, testPreference } from '@/core/statistics/agreement/agreement-test';

const left: ComparedVote = { label: 'left', others: ['right', 'right', 'right', 'right'] };
const right: ComparedVote = { ...left, label: 'right' };

test('evidence is the average over starts of products of bets', () => {
  // One of five labels is outside the majority: alone there, the bet is 1/2 + 5/2 = 3; with the majority, where nothing
  // is outside, 1. Starts weigh 1/2, 1/6, and 1/3 for those to come: (1/2) 3 * 3 + (1/6) 3 + 1/3 = 5.3333
  expect(testAgreement([left, left]).logEvidence).toBeCloseTo(Math.log(16 / 3), 12);
  // (1/2) 3 * 1 + (1/6) 1 + 1/3 = 2
  expect(testAgreement([left, right]).logEvidence).toBeCloseTo(Math.log(2), 12);
  expect(testAgreement([left, right]).largestLogEvidence).toBeCloseTo(Math.log(2), 12);
  // Two of six are outside: with the majority the bet is 1/2, so (1/2) 1/2 + 1/2.
  const two = { label: 'right', others: ['left', 'left', 'right', 'right', 'right'] };
  expect(testAgreement([two]).logEvidence).toBeCloseTo(Math.log(3 / 4), 12);
});

test('no rater is judged before five votes, and an item without other labels says nothing', () => {
  // The start at the first vote alone weighs 1/2 * 3^n: above 20 from the fourth vote.
  expect(testAgreement(Array<ComparedVote>(4).fill(left)).rejectedAt).toBeNull();
  expect(testAgreement(Array<ComparedVote>(5).fill(left)).rejectedAt).toBe(5);
  expect(testAgreement(Array<ComparedVote>(50).fill({ label: 'left', others: [] })).logEvidence).toBeCloseTo(0, 9);
});

/** Votes of a rater beside `others` honest ones; an item's answer is the likelier one with a probability of its own. */
function votesOf(rng: Rng, count: number, others: number, vote: (honest: string, i: number) => string): ComparedVote[] {
  return Array.from({ length: count }, (_, i) => {
    const share = rng.uniform();
    const draw = () => (rng.uniform() < share ? 'left' : 'right');
    return { label: vote(draw(), i), others: Array.from({ length: others }, draw) };
  });
}

const honest = (label: string) => label;
const inverted = (label: string) => (label === 'left' ? 'right' : 'left');

test('1,000 honest raters, tested after each of 200 votes: at most 5 % false alarms in each test', () => {
  let alarms = 0;
  let preferenceAlarms = 0;
  for (let rater = 0; rater < 1000; rater++) {
    const votes = votesOf(new Rng(rater), 200, 1 + (rater % 6), honest);
    if (testAgreement(votes).rejectedAt) alarms++;
    const { more, less } = testPreference(votes, 'left');
    if (more.rejectedAt || less.rejectedAt) preferenceAlarms++;
  }
  expect(alarms).toBeLessThanOrEqual(50);
  expect(preferenceAlarms).toBeLessThanOrEqual(50);
});

const medianRejection = (vote: (label: string, i: number) => string, test: (votes: ComparedVote[]) => number | null) =>
  Array.from(
    { length: 101 },
    (_, rater) => test(votesOf(new Rng(rater), 400, 5, vote)) ?? Number.POSITIVE_INFINITY,
  ).sort((a, b) => a - b)[50]!;

test('raters who invert are found, half of them within 60 votes, even if they start after 100 honest ones', () => {
  expect(medianRejection(inverted, (votes) => testAgreement(votes).rejectedAt)).toBeLessThanOrEqual(60);
  const late = (label: string, i: number) => (i < 100 ? label : inverted(label));
  const found = medianRejection(late, (votes) => testAgreement(votes).rejectedAt);
  expect(found).toBeGreaterThan(100);
  expect(found).toBeLessThanOrEqual(200);
});

test('a rater who always takes the first is found by preference', () => {
  const found = medianRejection(
    () => 'left',
    (votes) => testPreference(votes, 'left').more.rejectedAt,
  );
  expect(found).toBeLessThanOrEqual(60);
});
