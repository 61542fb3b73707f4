// Says how much of what a canary waits for it has: time, answers, and votes before it may become the champion.
import { boundedMeanInterval, differenceInterval, type Sample } from '../statistics/confidence-sequence';
import type { CanarySettings } from './canary';
import { type Evidence, GUARD_SEQUENCE, type GuardReading, LEAST_PEOPLE } from './review';

export interface Progress {
  minutes: number;
  answers: number;
  /** Who have been asked for an answer since the canary began. */
  people: { champion: number; candidate: number };
  /** Voters of the kind that will decide first, and how many it takes if they go on voting so; null if no number would do. */
  voters: { have: number; needed: number | null };
}

/** More people than that are not waited for. */
const MOST_VOTERS = 1_000_000;
/** Of shares about which nothing is known. */
const UNKNOWN: Sample = { mean: 0.5, variance: 0.25, n: 0 };

export function progressOf(guards: readonly GuardReading[], evidence: Evidence, { margin }: CanarySettings): Progress {
  const sum = (arm: 'champion' | 'candidate') => evidence.asked.reduce((total, one) => total + one[arm], 0);
  const have = (name: GuardReading['name']) => guards.find((guard) => guard.name === name)?.people ?? 0;
  const ways = [
    { have: have('sideBySide'), needed: fewest((n) => lossSideBySide(evidence.sideBySide, n), margin) },
    { have: have('thumbs'), needed: fewest((n) => lossInThumbs(evidence, n), margin) },
  ];
  const missing = (way: Progress['voters']) => (way.needed === null ? MOST_VOTERS : way.needed - way.have);
  const [first, second] = ways as [Progress['voters'], Progress['voters']];
  return {
    minutes: evidence.stepMinutes,
    answers: evidence.stepAnswers,
    people: { champion: sum('champion'), candidate: sum('candidate') },
    voters: missing(first) <= missing(second) ? first : second,
  };
}

/** The most that the candidate could be worse after n voters like those so far. */
function lossSideBySide({ mean, n: known }: Sample, n: number): number {
  return 0.5 - boundedMeanInterval(known > 0 ? mean : UNKNOWN.mean, n, GUARD_SEQUENCE).low;
}

/** In arms of the same size, as in the last step. */
function lossInThumbs({ champion, candidate }: Evidence, n: number): number {
  const isKnown = Math.min(champion.thumbs.n, candidate.thumbs.n) >= LEAST_PEOPLE;
  const [from, to] = isKnown ? [champion.thumbs, candidate.thumbs] : [UNKNOWN, UNKNOWN];
  return -differenceInterval({ ...from, n: n / 2 }, { ...to, n: n / 2 }, GUARD_SEQUENCE).low;
}

/** The interval narrows with every voter. */
function fewest(lossAfter: (n: number) => number, margin: number): number | null {
  if (lossAfter(MOST_VOTERS) > margin) return null;
  let [low, high] = [0, MOST_VOTERS];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (lossAfter(middle) <= margin) high = middle;
    else low = middle;
  }
  return high;
}
