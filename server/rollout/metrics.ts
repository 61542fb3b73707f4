// What people said about each version, or each arm of an experiment: thumbs and choices, with intervals.
import { sql } from 'drizzle-orm';
import { wilsonInterval } from '@/core/statistics/statistics';
import type { Executor } from '@/db/client';
import { comparison, feedback, generation } from '@/db/schema';

/** k of n with the Wilson 95 % interval of the rate; rate, low and high are 0..1, and 0, 0 and 1 at n = 0. */
export interface RateView {
  up: number;
  n: number;
  rate: number;
  low: number;
  high: number;
}

export interface SideBySideView {
  wins: number;
  losses: number;
  ties: number;
  bothBad: number;
  /** wins / (wins + losses); 0 when there are none. */
  winRate: number;
  low: number;
  high: number;
}

export interface Judgement {
  thumbs: RateView;
  sideBySide: SideBySideView;
}

/** 95 % by Wilson: it stays inside [0, 1] and is honest at few votes. */
export function rateOf(up: number, n: number): RateView {
  if (n === 0) return { up, n, rate: 0, low: 0, high: 1 };
  const { low, high } = wilsonInterval(up, n);
  return { up, n, rate: up / n, low, high };
}

export function sideBySideOf(counts: { wins: number; losses: number; ties: number; bothBad: number }): SideBySideView {
  const { rate, low, high } = rateOf(counts.wins, counts.wins + counts.losses);
  return { ...counts, winRate: rate, low, high };
}

export const NO_JUDGEMENT: Judgement = {
  thumbs: rateOf(0, 0),
  sideBySide: sideBySideOf({ wins: 0, losses: 0, ties: 0, bothBad: 0 }),
};

/** By version id, over everything that a version has ever answered. Pairs of a version with itself do not count. */
export function judgeVersions(db: Executor): Promise<Map<string, Judgement>> {
  return judge(db, sql`version_id`, sql`true`);
}

/** By arm, within one experiment. */
export function judgeArms(db: Executor, experimentId: string): Promise<Map<string, Judgement>> {
  return judge(db, sql`arm`, sql`experiment_id = ${experimentId}`);
}

type Sql = ReturnType<typeof sql>;

async function judge(db: Executor, key: Sql, where: Sql): Promise<Map<string, Judgement>> {
  // Answers shown side by side are not a sample of an arm's users, so their thumbs are left out of its rate.
  const thumbs = await db.execute<{ key: string; up: string; n: string }>(sql`
    select g.key, count(*) filter (where f.value -> 'up' = 'true') as up, count(*) as n
    from (select id, ${key} as key from ${generation} where ${where}) g
    join ${feedback} f on f.generation_id = g.id and f.kind = 'thumb' and f.excluded_at is null
    where not exists (select 1 from ${comparison} c
      where c.source = 'side_by_side' and g.id in (c.left_generation_id, c.right_generation_id))
    group by g.key`);
  const choices = await db.execute<{ key: string; wins: string; losses: string; ties: string; both_bad: string }>(sql`
    with side as (select id, ${key} as key from ${generation} where ${where}),
    seen as (
      select l.key, r.key as other, f.value ->> 'choice' as choice, 'left' as won from ${comparison} c
        join ${feedback} f on f.comparison_id = c.id and f.excluded_at is null
        join side l on l.id = c.left_generation_id join side r on r.id = c.right_generation_id
      union all
      select r.key, l.key, f.value ->> 'choice', 'right' from ${comparison} c
        join ${feedback} f on f.comparison_id = c.id and f.excluded_at is null
        join side l on l.id = c.left_generation_id join side r on r.id = c.right_generation_id)
    select key, count(*) filter (where choice = won) as wins,
      count(*) filter (where choice in ('left', 'right') and choice <> won) as losses,
      count(*) filter (where choice = 'tie') as ties, count(*) filter (where choice = 'both_bad') as both_bad
    from seen where key <> other group by key`);
  const result = new Map<string, Judgement>();
  const of = (id: string) => result.get(id) ?? NO_JUDGEMENT;
  for (const row of thumbs.rows) result.set(row.key, { ...of(row.key), thumbs: rateOf(Number(row.up), Number(row.n)) });
  for (const row of choices.rows) {
    const counts = { wins: +row.wins, losses: +row.losses, ties: +row.ties, bothBad: +row.both_bad };
    result.set(row.key, { ...of(row.key), sideBySide: sideBySideOf(counts) });
  }
  return result;
}
