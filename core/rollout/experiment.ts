// What an experiment sets out to find, and what its figures say so far.
import { z } from 'zod';
import { boundedMeanInterval, differenceInterval, type Sample } from '../statistics/confidence-sequence';
import { oneSidedHalfWidth, shareAboveLogEvidence } from '../statistics/experiments/one-sided';
import {
  anytimeSampleSize,
  expectedMore,
  fixedPairedSampleSize,
  fixedSampleSize,
  pairedSampleSize,
} from '../statistics/experiments/sample-size';
import { thompsonShare } from '../statistics/experiments/thompson';
import type { Interval } from '../statistics/statistics';
import type { GuardName, GuardReading } from './review';

/** `thumbs`: the share of thumbs up in each arm. `sideBySide`: the share of comparisons that the candidate wins. */
export const PRIMARY_METRICS = ['thumbs', 'sideBySide'] as const;
export type PrimaryMetric = (typeof PRIMARY_METRICS)[number];

export const ExperimentPlan = z.strictObject({
  metric: z.enum(PRIMARY_METRICS).default('thumbs'),
  /** A difference of the metric below this would change nothing; 0.05 are five of a hundred votes. */
  smallestEffect: z.number().min(0.01).max(0.5).default(0.05),
  /** The experiment is stopped without a decision after this time. */
  mostDays: z.number().positive().max(365).default(28),
  /** The candidate's share follows the chance that it is better, by Thompson sampling; null keeps it as it was set. */
  thompson: z
    .strictObject({ least: z.number().min(0.01).max(0.99), most: z.number().min(0.01).max(0.99) })
    .refine(({ least, most }) => least <= most, { path: ['least'], message: 'must be at most the largest share' })
    .nullable()
    .default(null),
});
export type ExperimentPlan = z.infer<typeof ExperimentPlan>;

/** How many people must vote; known before the start, and fixed then. */
export interface Needed {
  /** For a test that may be read at any time, to decide in 80 of 100 experiments with the smallest effect. */
  people: number;
  /** For a test that is read once; the intervals are tightest there. */
  readOnce: number;
}

/** `rate` is the champion's share of thumbs up. Null where one arm gets all people, or no vote could ever decide. */
export function neededPeople(plan: ExperimentPlan, rate: number, share: number): Needed | null {
  const { metric, smallestEffect: effect } = plan;
  if (metric === 'sideBySide') return { people: pairedSampleSize(effect), readOnce: fixedPairedSampleSize(effect) };
  if (share <= 0 || share >= 1) return null;
  // A rate of 0 or 1 has no variance, and is only ever seen in few votes.
  const middle = Math.min(0.95, Math.max(0.05, rate));
  const planned = { effect, share, variance: middle * (1 - middle) };
  return { people: anytimeSampleSize(planned), readOnce: fixedSampleSize(planned) };
}

export interface ArmVotes {
  champion: Sample;
  candidate: Sample;
  /** People's shares of the comparisons that the candidate won. */
  sideBySide: Sample;
}

/** What the primary metric says; the effect is above 0 where the candidate is better. */
export interface Reading extends Interval {
  effect: number;
  /** Who voted; by trust, as Kish counts. */
  people: number;
}

/** Below so many people in an arm its deviation is unknown. */
const LEAST_PEOPLE = 10;

/** Null with too few people. The intervals hold at every look, with 95 %. */
export function readPrimary(metric: PrimaryMetric, votes: ArmVotes, readOnce: number): Reading | null {
  if (metric === 'sideBySide') {
    const { mean, n } = votes.sideBySide;
    if (n === 0) return null;
    const { low, high } = boundedMeanInterval(mean, n, { tuning: readOnce });
    return { effect: mean - 0.5, low: low - 0.5, high: high - 0.5, people: n };
  }
  const { champion, candidate } = votes;
  if (Math.min(champion.n, candidate.n) < LEAST_PEOPLE) return null;
  const interval = differenceInterval(withFloor(champion), withFloor(candidate), { tuning: readOnce });
  return { effect: candidate.mean - champion.mean, ...interval, people: champion.n + candidate.n };
}

/**
 * The deviation of a few equal values is not 0: at least half of that with two more people, one of each value. Half,
 * because the mean of several votes of one person varies less than one vote does.
 */
function withFloor({ mean, variance, n }: Sample): Sample {
  const smoothed = (mean * n + 1) / (n + 2);
  return { mean, variance: Math.max(variance, (smoothed * (1 - smoothed)) / 2), n };
}

/**
 * `candidate` or `champion` is better by the metric; `harm`: a guardrail is breached; `futile`: the candidate is not better
 * by the smallest effect; `late`: the time is over; `skewed`: people are not divided as they should be.
 */
export const OUTCOMES = ['candidate', 'champion', 'harm', 'futile', 'late', 'skewed', 'undecided'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface ExperimentVerdict {
  outcome: Outcome;
  /** Breached ones. */
  guards: GuardName[];
  reading: Reading | null;
  /** Undecided: about how many more people must vote, at most as many as were planned; null if unknown. */
  more: number | null;
}

interface Found {
  reading: Reading | null;
  votes: ArmVotes;
  guards: readonly GuardReading[];
  needed: Needed | null;
  isSkewed: boolean;
  days: number;
}

export function judgeExperiment(plan: ExperimentPlan, found: Found): ExperimentVerdict {
  const { reading, needed } = found;
  const guards = found.guards.filter((guard) => guard.isBreached && guard.name !== plan.metric).map(({ name }) => name);
  const decide = (outcome: Outcome, more: number | null = null): ExperimentVerdict => ({
    ...{ outcome, guards, reading, more },
  });
  // With users divided wrongly, no figure means what it says.
  if (found.isSkewed) return decide('skewed');
  if (guards.length > 0) return decide('harm');
  if (reading && reading.low > 0) return decide('candidate');
  if (reading && reading.high < 0) return decide('champion');
  if (reading && needed && isFutile(plan, found.votes, needed)) return decide('futile');
  if (found.days >= plan.mostDays) return decide('late');
  return decide('undecided', needed && moreVotes(plan, found, needed));
}

/** The candidate is not better by what matters, by a one-sided test that may be read at any time; 5 % of its own. */
function isFutile({ metric, smallestEffect }: ExperimentPlan, votes: ArmVotes, { readOnce: tuning }: Needed): boolean {
  if (metric === 'sideBySide') {
    const { mean, n } = votes.sideBySide;
    // The champion's share is above what would be left to it.
    const left = Math.max(0.01, 0.5 - smallestEffect);
    return shareAboveLogEvidence(n * (1 - mean), n, left, { tuning }) > Math.log(1 / 0.05);
  }
  const { champion, candidate } = votes;
  const half = oneSidedHalfWidth(pooledVariance(votes), champion.n + candidate.n, { alpha: 0.05, tuning });
  return candidate.mean - champion.mean + half < smallestEffect;
}

/** Of the difference of thumbs, per person of both arms. */
const pooledVariance = ({ champion, candidate }: ArmVotes): number =>
  (champion.n + candidate.n) *
  (withFloor(champion).variance / champion.n + withFloor(candidate).variance / candidate.n);

/** Until the estimate of now would decide, or the planned number is reached, whichever is sooner. */
function moreVotes(plan: ExperimentPlan, { reading, votes }: Found, needed: Needed): number {
  if (!reading) return needed.people;
  const variance = plan.metric === 'sideBySide' ? 1 / 4 : pooledVariance(votes);
  const byEstimate = expectedMore(
    { estimate: reading.effect, variance, n: reading.people },
    { tuning: needed.readOnce },
  );
  // Past the planned number the interval must still shrink until it leaves out 0 or the smallest effect.
  const byPlan = needed.people - reading.people;
  if (byPlan <= 0) return Math.ceil(Math.min(byEstimate, needed.people));
  return Math.max(1, Math.ceil(Math.min(byEstimate, byPlan)));
}

/** Outcomes that end the experiment by itself; that the candidate is better is for a person to act upon. */
const ENDINGS: ReadonlySet<Outcome> = new Set(['champion', 'harm', 'futile', 'late']);
export const endsExperiment = (outcome: Outcome): boolean => ENDINGS.has(outcome);
export const isDecision = (outcome: Outcome): boolean => outcome === 'candidate' || endsExperiment(outcome);

/** A smaller change is not worth giving people another arm. */
const LEAST_MOVE = 0.05;
/** A share stands this long, so that no streak of luck sends people to and fro. */
const LEAST_HOURS = 6;

/** The share that Thompson sampling asks for now; null where it stays. */
export function nextShare(
  { thompson }: ExperimentPlan,
  { share, hours, votes }: { share: number; hours: number; votes: ArmVotes },
): number | null {
  if (!thompson || hours < LEAST_HOURS) return null;
  const liked = ({ mean, n }: Sample) => ({ up: mean * n, n });
  const asked = thompsonShare(liked(votes.champion), liked(votes.candidate), thompson);
  const rounded = Math.round(asked * 100) / 100;
  return Math.abs(rounded - share) >= LEAST_MOVE ? rounded : null;
}
