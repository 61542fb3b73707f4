// Counts how often the test of agreement accuses honest raters who are tested after each vote.
import { Rng } from '@/core/rng';
import { type ComparedVote, testAgreement, testPreference } from '@/core/statistics/agreement-test';

const RATERS = 1000;
const VOTES = 500;

/** Votes of honest raters on items that are more or less clear; `others` people judge the same items. */
function honestVotes(rng: Rng, others: number): ComparedVote[] {
  return Array.from({ length: VOTES }, () => {
    const share = rng.uniform();
    const vote = () => (rng.uniform() < share ? 'first' : 'second');
    return { label: vote(), others: Array.from({ length: others }, vote) };
  });
}

/** Shares of 1,000 honest raters whom each test rejects at any of 500 votes; at most alpha = 0.05 is promised. */
export function measureFalseAlarms() {
  let agreement = 0;
  let preference = 0;
  for (let rater = 0; rater < RATERS; rater++) {
    const votes = honestVotes(new Rng(1000 + rater), 1 + (rater % 8));
    if (testAgreement(votes).rejectedAt !== null) agreement++;
    const { more, less } = testPreference(votes, 'first');
    if (more.rejectedAt !== null || less.rejectedAt !== null) preference++;
  }
  return { raters: RATERS, votes: VOTES, agreement: agreement / RATERS, preference: preference / RATERS };
}
