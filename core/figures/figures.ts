// Defines the five figures of a loop that learns from its users, from plain numbers.
import { percentileInterval } from '../statistics/bootstrap';
import { type Interval, wilsonInterval } from '../statistics/statistics';

/** A version that took the place of another champion. */
export interface Promotion {
  versionId: string;
  formerId: string;
  at: Date;
  /** Votes that it learned from and no champion before it had learned from. */
  votes: number;
  /** Its share of decided comparisons with the former champion; null where nobody and nothing compared them. */
  winRate: number | null;
}

export interface VotesPerPoint {
  /** Null while the measured promotions gained nothing. */
  value: number | null;
  /** Promotions that were trained from votes and measured. */
  n: number;
  votes: number;
  /** Percentage points of win rate above 50, together. */
  points: number;
}

/** Votes used for each percentage point of win rate above 50 that a new champion has over the former one. */
export function votesPerPoint(promotions: readonly Promotion[]): VotesPerPoint {
  const measured = promotions.filter((one) => one.winRate !== null && one.votes > 0);
  const votes = measured.reduce((sum, one) => sum + one.votes, 0);
  const points = measured.reduce((sum, one) => sum + 100 * (one.winRate! - 0.5), 0);
  return { value: points > 0 ? votes / points : null, n: measured.length, votes, points };
}

/** The reward model of one run on pairs that it did not learn from. */
export interface RewardAccuracy extends Interval {
  runId: string;
  at: Date;
  accuracy: number;
  /** Examples that were held out. */
  n: number;
}

/** With Wilson's 95 % interval, as if the examples were independent. */
export const rewardAccuracy = (run: Omit<RewardAccuracy, keyof Interval>): RewardAccuracy => ({
  ...run,
  ...wilsonInterval(run.accuracy * run.n, run.n),
});

export interface Spread {
  median: number;
  /** Nine in ten are at most this. */
  p90: number;
  most: number;
  n: number;
}

/** Null without values. */
export function spreadOf(values: readonly number[]): Spread | null {
  const middle = percentileInterval(values, 0);
  const ends = percentileInterval(values, 0.8);
  const all = percentileInterval(values, 1);
  return middle && ends && all ? { median: middle.low, p90: ends.high, most: all.high, n: values.length } : null;
}

/** What changed who gets which version, and the answers that were being written then. */
export interface SwapErrors {
  swaps: number;
  /** In progress at a swap, or begun within SWAP_SECONDS after it. */
  answers: number;
  failed: number;
  /** Null while there was no such answer. */
  rate: (Interval & { value: number }) | null;
}

export const SWAP_SECONDS = 10;

export function swapErrors({ swaps, answers, failed }: Omit<SwapErrors, 'rate'>): SwapErrors {
  const rate = answers > 0 ? { value: failed / answers, ...wilsonInterval(failed, answers) } : null;
  return { swaps, answers, failed, rate };
}

/** From the review or the decision that took a version back to the end of its last answer, in seconds. */
export const rollbackSeconds = (decidedAt: Date, lastAnswerAt: Date | null): number =>
  lastAnswerAt ? Math.max(0, (lastAnswerAt.getTime() - decidedAt.getTime()) / 1000) : 0;

export interface Figures {
  votesPerPoint: VotesPerPoint;
  /** Newest last. */
  rewardAccuracy: RewardAccuracy[];
  /** Seconds from a vote to the release of the first version that learned from it. */
  voteToBehaviour: Spread | null;
  swapErrors: SwapErrors;
  /** Seconds. */
  rollback: Spread | null;
}
