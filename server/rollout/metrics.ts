// What people said about each version, or each arm of an experiment: thumbs and choices, by trust, with intervals.
import { sql } from 'drizzle-orm';
import type { FeedbackKind } from '@/core/feedback/kinds';
import { wilsonInterval } from '@/core/statistics/statistics';
import type { Database, Executor } from '@/db/client';
import { byIndex } from '@/db/feedback/newest-votes';
import { readTrust, type TrustOf } from '@/db/raters/trust';
import { comparison, feedback, generation } from '@/db/schema';
import {
  type Choices,
  countChoices as choicesOf,
  type Side,
  countThumbs as thumbsOf,
  versionSide,
} from './answer-votes';

/**
 * Votes of people who are believed at all; those of a reliable inverter are turned over. The rate weighs each vote by the
 * trust in its person, and has a Wilson 95 % interval; rate, low and high are 0..1, and 0, 0 and 1 at n = 0.
 */
export interface RateView {
  up: number;
  n: number;
  /** The number of votes that would say as much if all weighed the same (Kish). */
  effective: number;
  rate: number;
  low: number;
  high: number;
}

export interface SideBySideView {
  wins: number;
  losses: number;
  ties: number;
  bothBad: number;
  /** Trusted wins of trusted wins and losses; 0 when there are none. */
  winRate: number;
  low: number;
  high: number;
}

export interface Judgement {
  thumbs: RateView;
  sideBySide: SideBySideView;
}

/** One person's votes, and how far the person is believed, -1 to 1. */
interface Tally {
  trust: number;
  up: number;
  n: number;
}

/**
 * 95 % by Wilson: it stays inside [0, 1] and is honest at few votes. It takes Kish's effective number of votes,
 * (sum of weights)^2 / sum of squared weights, which is the number of votes if all weigh the same.
 */
export function rateOf(tallies: readonly Tally[]): RateView {
  let [up, n, trustedUp, trusted, squares] = [0, 0, 0, 0, 0];
  for (const tally of tallies) {
    const weight = Math.abs(tally.trust);
    if (weight === 0) continue;
    const own = tally.trust > 0 ? tally.up : tally.n - tally.up;
    up += own;
    n += tally.n;
    trustedUp += weight * own;
    trusted += weight * tally.n;
    squares += weight ** 2 * tally.n;
  }
  if (trusted === 0) return { up, n, effective: 0, rate: 0, low: 0, high: 1 };
  const rate = trustedUp / trusted;
  const effective = trusted ** 2 / squares;
  const { low, high } = wilsonInterval(rate * effective, effective);
  return { up, n, effective, rate, low, high };
}

export function sideBySideOf(tallies: readonly (Choices & { trust: number })[]): SideBySideView {
  const decided = tallies.map(({ trust, wins, losses }) => ({ trust, up: wins, n: wins + losses }));
  const { up, n, rate, low, high } = rateOf(decided);
  const believed = tallies.filter(({ trust }) => trust !== 0);
  const sum = (name: 'ties' | 'bothBad') => believed.reduce((total, tally) => total + tally[name], 0);
  return { wins: up, losses: n - up, ties: sum('ties'), bothBad: sum('bothBad'), winRate: rate, low, high };
}

export const NO_JUDGEMENT: Judgement = { thumbs: rateOf([]), sideBySide: sideBySideOf([]) };

/** Over the newest answers of a version. Pairs of a version with itself do not count. */
export const judgeVersion = (db: Database, versionId: string, trustOf: TrustOf): Promise<Judgement> =>
  byIndex(db, (tx) => judgeSide(tx, versionSide(versionId), trustOf));

/** Of comparisons of the first version with the second, seen from the newest answers of the first. */
export async function judgeBetween(db: Database, first: string, second: string): Promise<SideBySideView> {
  const trustOf = await readTrust(db);
  const side = { isOwn: versionSide(first).isOwn, isOther: versionSide(second).isOwn };
  return (await byIndex(db, (tx) => judgeSide(tx, side, trustOf))).sideBySide;
}

async function judgeSide(db: Executor, side: Side, trustOf: TrustOf): Promise<Judgement> {
  const thumbs = await thumbsOf(db, side);
  const choices = await choicesOf(db, side);
  const trusted = <Row extends { person: string }>(rows: readonly Row[], kind: FeedbackKind) =>
    rows.map((row) => ({ ...row, trust: trustOf(row.person, kind) }));
  return { thumbs: rateOf(trusted(thumbs, 'thumb')), sideBySide: sideBySideOf(trusted(choices, 'comparison')) };
}

type Sql = ReturnType<typeof sql>;

interface ThumbTally {
  key: string;
  person: string;
  up: number;
  n: number;
}
interface ChoiceTally extends Choices {
  key: string;
  person: string;
}

/** Answers shown side by side are not a sample of an arm's users, so their thumbs are left out of its rate. */
export async function countThumbs(db: Executor, key: Sql, where: Sql): Promise<ThumbTally[]> {
  const { rows } = await db.execute<{ key: string; person: string; up: string; n: string }>(sql`
    select g.key, f.user_id as person, count(*) filter (where f.value -> 'up' = 'true') as up, count(*) as n
    from (select id, ${key} as key from ${generation} where ${where}) g
    join ${feedback} f on f.generation_id = g.id and f.kind = 'thumb' and f.excluded_at is null and f.source <> 'judge'
    where not exists (select 1 from ${comparison} c
      where c.source = 'side_by_side' and g.id in (c.left_generation_id, c.right_generation_id))
    group by g.key, f.user_id`);
  return rows.map((row) => ({ ...row, up: +row.up, n: +row.n }));
}

/** Seen from each key: a win is a comparison with another key that an answer of this one won. */
export async function countChoices(db: Executor, key: Sql, where: Sql): Promise<ChoiceTally[]> {
  const { rows } = await db.execute<Record<'key' | 'person' | 'wins' | 'losses' | 'ties' | 'both_bad', string>>(sql`
    with side as (select id, ${key} as key from ${generation} where ${where}),
    seen as (
      select l.key, r.key as other, f.user_id, f.value ->> 'choice' as choice, 'left' as won from ${comparison} c
        join ${feedback} f on f.comparison_id = c.id and f.excluded_at is null and f.source <> 'judge'
        join side l on l.id = c.left_generation_id join side r on r.id = c.right_generation_id
      union all
      select r.key, l.key, f.user_id, f.value ->> 'choice', 'right' from ${comparison} c
        join ${feedback} f on f.comparison_id = c.id and f.excluded_at is null and f.source <> 'judge'
        join side l on l.id = c.left_generation_id join side r on r.id = c.right_generation_id)
    select key, user_id as person, count(*) filter (where choice = won) as wins,
      count(*) filter (where choice in ('left', 'right') and choice <> won) as losses,
      count(*) filter (where choice = 'tie') as ties, count(*) filter (where choice = 'both_bad') as both_bad
    from seen where key <> other group by key, user_id`);
  return rows.map(({ key, person, wins, losses, ties, both_bad }) => ({
    ...{ key, person, wins: +wins, losses: +losses, ties: +ties, bothBad: +both_bad },
  }));
}

/** By a key of the generations that meet a condition. */
export async function judge(db: Executor, key: Sql, where: Sql, trustOf: TrustOf): Promise<Map<string, Judgement>> {
  const [thumbs, choices] = await Promise.all([countThumbs(db, key, where), countChoices(db, key, where)]);
  const of = <Row extends { key: string; person: string }>(rows: readonly Row[], id: string, kind: FeedbackKind) =>
    rows.filter((row) => row.key === id).map((row) => ({ ...row, trust: trustOf(row.person, kind) }));
  const keys = new Set([...thumbs, ...choices].map((row) => row.key));
  const judgementOf = (id: string): Judgement => ({
    thumbs: rateOf(of(thumbs, id, 'thumb')),
    sideBySide: sideBySideOf(of(choices, id, 'comparison')),
  });
  return new Map([...keys].map((id) => [id, judgementOf(id)]));
}
