// Turns an experiment's votes into samples of people: as of now, over time, adjusted, by language, and for everybody.
import { groupBy } from '@/core/group-by';
import { type ArmVotes, type PrimaryMetric, type Reading, readPrimary } from '@/core/rollout/experiment';
import { differenceInterval, type Sample } from '@/core/statistics/confidence-sequence';
import { estimateDoublyRobust, estimateSnips, type OffPolicy } from '@/core/statistics/experiments/off-policy';
import { adjustForBefore, sampleOf } from '@/core/statistics/experiments/pre-period';
import { foldSmall } from '@/core/statistics/fold';
import { languageOf } from '@/core/text/language';
import type { TrustOf } from '@/db/raters/trust';
import type { Arm } from './assign';
import type { Choice, Thumb } from './experiment-votes';

export interface Votes {
  thumbs: readonly Thumb[];
  choices: readonly Choice[];
  trustOf: TrustOf;
}

interface PersonMean {
  person: string;
  value: number;
  weight: number;
}

/** Each person's share, weighted by trust; the word of one whose trust is below 0 is turned over. */
function meansOf(
  votes: readonly { person: string; value: number }[],
  trustOf: (person: string) => number,
): PersonMean[] {
  return [...groupBy(votes, ({ person }) => person)].flatMap(([person, own]) => {
    const trust = trustOf(person);
    if (trust === 0) return [];
    const mean = own.reduce((sum, { value }) => sum + value, 0) / own.length;
    return [{ person, value: trust > 0 ? mean : 1 - mean, weight: Math.abs(trust) }];
  });
}

const thumbValues = (thumbs: readonly Thumb[], arm: Arm) =>
  thumbs.filter((thumb) => thumb.arm === arm).map(({ person, up }) => ({ person, value: up ? 1 : 0 }));

export function samplesOf({ thumbs, choices, trustOf }: Votes): ArmVotes {
  const liked = (arm: Arm) => sampleOf(meansOf(thumbValues(thumbs, arm), (person) => trustOf(person, 'thumb')));
  const won = choices.map(({ person, won }) => ({ person, value: won ? 1 : 0 }));
  return {
    champion: liked('champion'),
    candidate: liked('candidate'),
    sideBySide: sampleOf(meansOf(won, (person) => trustOf(person, 'comparison'))),
  };
}

export interface PastReading extends Reading {
  at: Date;
}

const FIRST_LOOK = 10;
const GROWTH = 1.2;

/** The primary metric after 10, 12, 15 … votes; a vote that is excluded later never counted. */
export function readOverTime(
  metric: PrimaryMetric,
  { thumbs, choices, trustOf }: Votes,
  readOnce: number,
): PastReading[] {
  const votes = metric === 'thumbs' ? thumbs : choices;
  const past: PastReading[] = [];
  for (let count = FIRST_LOOK; count < votes.length * GROWTH; count = Math.ceil(count * GROWTH)) {
    const until = votes[Math.min(count, votes.length) - 1]!.at;
    const so = samplesOf({
      ...{ trustOf, thumbs: metric === 'thumbs' ? thumbs.slice(0, count) : [] },
      choices: metric === 'sideBySide' ? choices.slice(0, count) : [],
    });
    const reading = readPrimary(metric, so, readOnce);
    if (reading) past.push({ ...reading, at: until });
  }
  return past;
}

export interface AdjustedReading extends Reading {
  /** Part of the variance that was removed, 0..1. */
  removed: number;
}

/** Thumbs, without what people's thumbs before the experiment foretell; null with fewer than ten people in an arm. */
export function readAdjusted(
  { thumbs, trustOf }: Votes,
  before: ReadonlyMap<string, number>,
  readOnce: number,
): AdjustedReading | null {
  const observed = (arm: Arm) =>
    meansOf(thumbValues(thumbs, arm), (person) => trustOf(person, 'thumb')).map(({ person, value, weight }) => ({
      ...{ value, weight, before: before.get(person) ?? null },
    }));
  const { arms, removed } = adjustForBefore({ champion: observed('champion'), candidate: observed('candidate') });
  const reading = readPrimary('thumbs', { ...arms, sideBySide: { mean: 0, variance: 0, n: 0 } }, readOnce);
  return reading && { ...reading, removed };
}

/** The share of thumbs up if everybody had the arm; valid at every look, one vote being one row. */
export interface ForEverybody {
  snips: OffPolicy;
  doublyRobust: OffPolicy;
}

/** Null as long as the arm has no vote with a known probability. */
export function readForEverybody(
  { thumbs, trustOf }: Votes,
  before: ReadonlyMap<string, number>,
  arm: Arm,
  readOnce: number,
): ForEverybody | null {
  const { champion, candidate } = samplesOf({ thumbs, choices: [], trustOf });
  const means: Record<Arm, number> = { champion: champion.mean, candidate: candidate.mean };
  const known = [...before.values()];
  const middle = known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
  const rows = thumbs.flatMap(({ person, arm: given, propensity, up }) => {
    const trust = trustOf(person, 'thumb');
    if (trust === 0 || propensity <= 0) return [];
    // Habits carry over in part; half is a guess that costs precision only, as the estimate corrects any model.
    const habit = before.has(person) ? (before.get(person)! - middle) / 2 : 0;
    const value = trust > 0 === up ? 1 : 0;
    const expected = { given: means[given] + habit, target: means[arm] + habit };
    return [{ person, value, propensity, target: given === arm ? 1 : 0, weight: Math.abs(trust), expected }];
  });
  const options = { tuning: readOnce };
  const [snips, doublyRobust] = [estimateSnips(rows, options), estimateDoublyRobust(rows, options)];
  return snips && doublyRobust && { snips, doublyRobust };
}

export interface LanguageReading {
  /** null for small groups that were put together. */
  language: string | null;
  people: number;
  champion: Sample;
  candidate: Sample;
  /** Of the difference; null with fewer than five people in an arm. */
  effect: { low: number; high: number } | null;
}

/** Only of chats that may be read. Intervals hold for one language at a time. */
export function readByLanguage({ thumbs, trustOf }: Votes, readOnce: number): LanguageReading[] {
  const known = thumbs.filter(({ question }) => question !== null);
  const folded = foldSmall(groupBy(known, ({ question }) => languageOf(question!)));
  return folded.map(({ value, people, items }) => {
    const { champion, candidate } = samplesOf({ thumbs: items, choices: [], trustOf });
    const isEnough = Math.min(champion.n, candidate.n) >= 5;
    const effect = isEnough ? differenceInterval(champion, candidate, { tuning: readOnce }) : null;
    return { language: value, people, champion, candidate, effect };
  });
}
