// How often the answers of each version, or of each arm of an experiment, break rules: a guardrail of a rollout.
import { sql } from 'drizzle-orm';
import { wilsonInterval } from '@/core/statistics/statistics';
import type { Database, Executor } from '@/db/client';
import { byIndex } from '@/db/feedback/newest-votes';
import { constraintHit, generation } from '@/db/schema';
import { newestAnswers, type Side, versionSide } from './answer-votes';

/** A share with its counts and Wilson's 95 % interval, 0..1, as if answers were independent; 0, 0 and 1 at n = 0. */
export interface HitRate {
  /** Answers that broke it, of so many that were finished. */
  answers: number;
  n: number;
  rate: number;
  low: number;
  high: number;
}

export interface RuleHits {
  /** Any rule. */
  any: HitRate;
  /** Rules that were broken, the most often broken first; `hits` counts every place in an answer. */
  rules: (HitRate & { ruleId: string; hits: number })[];
}

export const hitRateOf = (answers: number, n: number): HitRate =>
  n === 0 ? { answers, n, rate: 0, low: 0, high: 1 } : { answers, n, rate: answers / n, ...wilsonInterval(answers, n) };

export const NO_HITS: RuleHits = { any: hitRateOf(0, 0), rules: [] };

/** Over the newest answers of a version. */
export const hitsOfVersion = (db: Database, versionId: string): Promise<RuleHits> =>
  byIndex(db, (tx) => hitsOfSide(tx, versionSide(versionId)));

type Sql = ReturnType<typeof sql>;

const found = sql`select from ${constraintHit} h`;
/** Also in a sample that was given up; an admin may have said that the rule was wrong, or no verdict came. */
export const isTrueHit = sql`h.false_at is null and not h.is_unjudged`;

/** By a key of the generations that meet a condition. */
export async function countHits(db: Executor, key: Sql, where: Sql): Promise<Map<string, RuleHits>> {
  // What the rules found is stored, so a later change of the rules does not change the past.
  const judged = sql`select id, ${key} as key from ${generation}
    where ${where} and status in ('done', 'stopped')`;
  const { rows: totals } = await db.execute<{ key: string; n: string; broken: string }>(sql`
    select key, count(*) as n, count(*) filter (where exists (${found} where h.generation_id = g.id and ${isTrueHit})) as broken
    from (${judged}) g where key is not null group by key`);
  const { rows: broken } = await db.execute<{ key: string; rule: string; answers: string; hits: string }>(sql`
    select g.key, h.rule_id as rule, count(distinct g.id) as answers, count(*) as hits
    from (${judged}) g join ${constraintHit} h on h.generation_id = g.id and ${isTrueHit}
    where g.key is not null group by g.key, h.rule_id order by answers desc, h.rule_id`);
  return new Map(
    totals.map(({ key, n, broken: any }) => [
      key,
      {
        any: hitRateOf(+any, +n),
        rules: broken
          .filter((row) => row.key === key)
          .map(({ rule, answers, hits }) => ({ ruleId: rule, hits: +hits, ...hitRateOf(+answers, +n) })),
      },
    ]),
  );
}

/** What the rules found is stored, so a later change of the rules does not change the past. */
async function hitsOfSide(db: Executor, side: Side): Promise<RuleHits> {
  const isFinished = sql`a.status in ('done', 'stopped')`;
  const { rows: totals } = await db.execute<{ n: string; broken: string }>(sql`
    with ${newestAnswers(side)}
    select count(*) as n, count(*) filter (where exists
      (select from ${constraintHit} h where h.generation_id = a.id and ${isTrueHit})) as broken
    from answer a where ${isFinished}`);
  const { rows: broken } = await db.execute<{ rule: string; answers: string; hits: string }>(sql`
    with ${newestAnswers(side)}
    select h.rule_id as rule, count(distinct a.id) as answers, count(*) as hits
    from answer a join ${constraintHit} h on h.generation_id = a.id and ${isTrueHit}
    where ${isFinished} group by h.rule_id order by answers desc, h.rule_id`);
  const n = +totals[0]!.n;
  return {
    any: hitRateOf(+totals[0]!.broken, n),
    rules: broken.map(({ rule, answers, hits }) => ({ ruleId: rule, hits: +hits, ...hitRateOf(+answers, n) })),
  };
}
