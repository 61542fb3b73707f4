// Counts what each rule found on each of the last days, the busiest rules first.
import { sql } from 'drizzle-orm';
import type { Executor } from '@/db/client';
import { constraintHit, ruleVersion } from '@/db/schema';
import type { RuleRateView } from './views';

export const DAYS = 14;
const MOST_RULES = 6;
/** Of one rule: a rule that finds more is too busy for its hits to be told apart. */
const MOST_HITS = 50_000;

interface Row extends Record<string, unknown> {
  id: string;
  name: string;
  days: Record<string, number> | null;
}

export async function readRuleRates(db: Executor): Promise<RuleRateView[]> {
  const { rows } = await db.execute<Row>(sql`
    select rule.rule_id as id, coalesce(rule.settings ->> 'name', rule.rule_id) as name, (
      select jsonb_object_agg(ago, hits) from (
        select ago, count(*) as hits from (
          select (now() at time zone 'UTC')::date - (created_at at time zone 'UTC')::date as ago from ${constraintHit}
          where rule_id = rule.rule_id and not is_unjudged and false_at is null
            and created_at > date_trunc('day', now(), 'UTC') - make_interval(days => ${DAYS - 1})
          order by created_at desc limit ${MOST_HITS}) found group by ago) by_day) as days
    from (select distinct on (rule_id) rule_id, settings, is_removed from ${ruleVersion}
      order by rule_id, version desc) rule
    where not rule.is_removed`);
  return rows
    .map(({ id, name, days }) => ({
      ruleId: id,
      name,
      days: Array.from({ length: DAYS }, (_, at) => days?.[DAYS - 1 - at] ?? 0),
    }))
    .filter(({ days }) => days.some((hits) => hits > 0))
    .sort((a, b) => sum(b.days) - sum(a.days))
    .slice(0, MOST_RULES);
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
