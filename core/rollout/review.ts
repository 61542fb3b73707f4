// Decides what becomes of a canary at one review, from measured figures alone.
import {
  boundedMeanInterval,
  differenceInterval,
  type Sample,
  shareLogEvidence,
} from '../statistics/confidence-sequence';
import type { Interval } from '../statistics/statistics';
import { type CanarySettings, nextPhase, type RampPhase } from './canary';

/** What is watched in both arms; each is a mean over people, so that one busy person counts once. */
export const GUARDS = {
  /** Share of the thumbs that are up. */
  thumbs: { isBetterHigh: true, leastHarm: 0 },
  /** Share of the answers that broke a rule, */
  broken: { isBetterHigh: false, leastHarm: 0 },
  /** that failed, */
  failed: { isBetterHigh: false, leastHarm: 0 },
  /** that the person had written again. */
  regenerated: { isBetterHigh: false, leastHarm: 0 },
  /** Time to the first token in ms; a wait below the least harm is not felt. */
  firstTokenMs: { isBetterHigh: false, leastHarm: 250 },
} as const;
export type ArmGuard = keyof typeof GUARDS;
export const ARM_GUARDS = Object.keys(GUARDS) as [ArmGuard, ...ArmGuard[]];
/** `sideBySide`: the candidate's share of decided comparisons with the champion. */
export type GuardName = ArmGuard | 'sideBySide';

export type ArmFigures = Record<ArmGuard, Sample>;

export interface Evidence {
  champion: ArmFigures;
  candidate: ArmFigures;
  /** A person's share of comparisons that the candidate won, over people. */
  sideBySide: Sample;
  /** People by the arm that they got with their first answer. */
  asked: readonly Asked[];
  /** Answers that the candidate has finished in this step. */
  stepAnswers: number;
  stepMinutes: number;
  /** Since the canary began. */
  days: number;
}

/** While the candidate's share was so. */
export interface Asked {
  share: number;
  champion: number;
  candidate: number;
}

export interface GuardReading {
  name: GuardName;
  champion: number | null;
  candidate: number | null;
  /** How much worse the candidate is, above 0 being harm; valid at every look, all guards together. Null with too few people. */
  harm: Interval | null;
  people: number;
  isBreached: boolean;
}

/**
 * Why: a guard by its name, the sample ratio, the missing time, answers or votes, no decision in time, all is well, a person
 * has paused it, or changes are not yet counted.
 */
export type Because =
  | GuardName
  | ('sample_ratio' | 'time' | 'answers' | 'votes' | 'undecided' | 'well')
  | ('paused' | 'counting');

export interface Verdict {
  act: 'hold' | 'raise' | 'promote' | 'roll_back';
  because: Because;
  guards: GuardReading[];
}

/** Chance that any guard ever takes back a candidate that is no worse, shared among the guards. */
const ALPHA = 0.05;
/** Chance of a false alarm of the sample ratio. */
const RATIO_ALPHA = 0.001;
/** The intervals are tightest at so many people. */
const TUNING = 200;
/** Below so many people in an arm its deviation is unknown, and the asymptotic interval means nothing. */
export const LEAST_PEOPLE = 10;
/** One guard's part. */
export const GUARD_SEQUENCE = { alpha: ALPHA / (ARM_GUARDS.length + 1), tuning: TUNING };

export function review(phase: RampPhase, evidence: Evidence, settings: CanarySettings): Verdict {
  const guards = readGuards(evidence);
  const decide = (act: Verdict['act'], because: Because): Verdict => ({ act, because, guards });
  const breached = guards.find(({ isBreached }) => isBreached);
  if (breached) return decide('roll_back', breached.name);
  if (evidence.days >= settings.mostDays) return decide('roll_back', 'undecided');
  if (hasSkewedRatio(evidence.asked)) return decide('hold', 'sample_ratio');
  if (evidence.stepMinutes < settings.minutesPerStep) return decide('hold', 'time');
  if (evidence.stepAnswers < settings.answersPerStep) return decide('hold', 'answers');
  if (nextPhase(phase)) return decide('raise', 'well');
  return isNoWorse(guards, settings.margin) ? decide('promote', 'well') : decide('hold', 'votes');
}

/** What holds a canary back from everything but the way back: a person's pause, and changes that are in no figure yet. */
export function brake(verdict: Verdict, { isPaused, isCounted }: { isPaused: boolean; isCounted: boolean }): Verdict {
  const isBreached = verdict.guards.some((guard) => guard.isBreached);
  if (isPaused && !isBreached) return { ...verdict, act: 'hold', because: 'paused' };
  const isForward = verdict.act === 'raise' || verdict.act === 'promote';
  return isForward && !isCounted ? { ...verdict, act: 'hold', because: 'counting' } : verdict;
}

/** Comparisons within one person need fewer people than thumbs between people, so either may decide. */
const isNoWorse = (guards: readonly GuardReading[], margin: number) =>
  guards.some(({ name, harm }) => (name === 'thumbs' || name === 'sideBySide') && harm !== null && harm.high <= margin);

export function readGuards({
  champion,
  candidate,
  sideBySide,
}: Pick<Evidence, 'champion' | 'candidate' | 'sideBySide'>): GuardReading[] {
  const won = boundedMeanInterval(sideBySide.mean, sideBySide.n, GUARD_SEQUENCE);
  const duel: GuardReading = {
    name: 'sideBySide',
    champion: sideBySide.n > 0 ? 1 - sideBySide.mean : null,
    candidate: sideBySide.n > 0 ? sideBySide.mean : null,
    harm: sideBySide.n > 0 ? { low: 0.5 - won.high, high: 0.5 - won.low } : null,
    people: Math.round(sideBySide.n),
    isBreached: won.high < 0.5,
  };
  return [duel, ...ARM_GUARDS.map((name) => readGuard(name, champion[name], candidate[name]))];
}

function readGuard(name: ArmGuard, champion: Sample, candidate: Sample): GuardReading {
  const { isBetterHigh, leastHarm } = GUARDS[name];
  const [from, to] = [champion, candidate].map((arm) => withFloor(arm, name)) as [Sample, Sample];
  const isKnown = Math.min(from.n, to.n) >= LEAST_PEOPLE;
  const difference = isKnown ? differenceInterval(from, to, GUARD_SEQUENCE) : null;
  const harm = difference && isBetterHigh ? { low: -difference.high, high: -difference.low } : difference;
  return {
    name,
    champion: champion.n > 0 ? champion.mean : null,
    candidate: candidate.n > 0 ? candidate.mean : null,
    harm,
    people: Math.round(champion.n + candidate.n),
    isBreached: harm !== null && harm.low > leastHarm,
  };
}

/**
 * The deviation of a few equal values is not 0. A share is given that of two more people, one of each value
 * (Agresti and Caffo 2000 add as much).
 */
function withFloor({ mean, variance, n }: Sample, name: ArmGuard): Sample {
  if (name === 'firstTokenMs' || n === 0) return { mean, variance, n };
  const smoothed = (mean * n + 1) / (n + 2);
  return { mean, variance: Math.max(variance, (smoothed * (1 - smoothed)) / 2), n };
}

/**
 * Users are not divided as they should be: something assigns them wrongly, and no figure can be trusted. The evidence of
 * each share is of other people, so it adds up.
 */
export function hasSkewedRatio(asked: readonly Asked[]): boolean {
  const evidence = asked.map(({ share, champion, candidate }) =>
    shareLogEvidence(candidate, champion + candidate, share),
  );
  return evidence.reduce((sum, one) => sum + one, 0) > Math.log(1 / RATIO_ALPHA);
}
