// Counts how often the always-valid tests raise a false alarm when they are read after each of many votes.
import { Rng } from '@/core/rng';
import { type ComparedVote, testAgreement, testPreference } from '@/core/statistics/agreement/agreement-test';
import {
  boundedMeanInterval,
  differenceInterval,
  type Sample,
  shareLogEvidence,
} from '@/core/statistics/confidence-sequence';

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

/** Adds one value to a sample (Welford 1962); its variance is the mean square deviation. */
function extend({ mean, variance, n }: Sample, value: number): Sample {
  const next = mean + (value - mean) / (n + 1);
  return { mean: next, variance: (variance * n + (value - mean) * (value - next)) / (n + 1), n: n + 1 };
}

/** The same for 1,000 experiments of two equal arms, with wins, ties and losses; the first reading is after 20 votes. */
export function measureExperimentAlarms() {
  const FIRST = 20;
  const alarms = { shareOfWins: 0, meanScore: 0, differenceOfArms: 0 };
  for (let run = 0; run < RATERS; run++) {
    const rng = new Rng(5000 + run);
    const outside = { shareOfWins: false, meanScore: false, differenceOfArms: false };
    let wins = 0;
    let decided = 0;
    let arms: [Sample, Sample] = [
      { mean: 0, variance: 0, n: 0 },
      { mean: 0, variance: 0, n: 0 },
    ];
    let scores: Sample = { mean: 0, variance: 0, n: 0 };
    for (let vote = 1; vote <= VOTES; vote++) {
      const score = [0, 0.5, 1][rng.integer(3)]!;
      if (score !== 0.5) decided++;
      if (score === 1) wins++;
      scores = extend(scores, score);
      arms = vote % 2 ? [extend(arms[0], score), arms[1]] : [arms[0], extend(arms[1], score)];
      if (vote < FIRST) continue;
      if (shareLogEvidence(wins, decided, 0.5) > Math.log(20)) outside.shareOfWins = true;
      const mean = boundedMeanInterval(scores.mean, scores.n);
      if (mean.low > 0.5 || mean.high < 0.5) outside.meanScore = true;
      const difference = differenceInterval(...arms, { tuning: 300 });
      if (difference.low > 0 || difference.high < 0) outside.differenceOfArms = true;
    }
    for (const name of Object.keys(alarms) as (keyof typeof alarms)[]) if (outside[name]) alarms[name] += 1 / RATERS;
  }
  return { experiments: RATERS, votes: VOTES, ...alarms };
}
