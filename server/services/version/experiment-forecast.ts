// Says before an experiment starts how many people must vote, and how long that takes at today's traffic.
import { and, eq, isNull, ne, sql } from 'drizzle-orm';
import { type ExperimentPlan, type Needed, neededPeople } from '@/core/rollout/experiment';
import type { Executor } from '@/db/client';
import { feedback } from '@/db/schema';
import { readSettings } from '@/db/settings';
import type { Product } from '@/server/services/product';
import type { ForecastView } from './views';

/** Traffic is what it was in these days. */
const DAYS = 14;

export interface Asked {
  plan: ExperimentPlan;
  share: number;
  /** Of the users. */
  part: number;
}

/** The champion's rate is that of all thumbs of the last two weeks; 50 % before the first. */
export async function forecast({ db }: Product, { plan, share, part }: Asked): Promise<ForecastView> {
  const { holdoutShare } = await readSettings(db);
  const { rate, peoplePerDay } = await readTraffic(db, plan.metric === 'thumbs' ? 'thumb' : 'comparison');
  const needed = neededPeople(plan, rate ?? 0.5, share);
  const perDay = peoplePerDay * part * (1 - holdoutShare);
  return { rate: plan.metric === 'thumbs' ? rate : null, perDay, needed, days: daysFor(needed, perDay) };
}

export const daysFor = (needed: Pick<Needed, 'people'> | null, perDay: number): number | null =>
  needed && perDay > 0 ? needed.people / perDay : null;

/** Distinct people who voted, by day since the first vote of the last two weeks. */
export async function readTraffic(
  db: Executor,
  kind: 'thumb' | 'comparison',
): Promise<{ rate: number | null; peoplePerDay: number }> {
  const isRecent = sql`${feedback.createdAt} > now() - make_interval(days => ${DAYS})`;
  const [row] = await db
    .select({
      people: sql`count(distinct ${feedback.userId})`.mapWith(Number),
      rate: sql<number | null>`avg((${feedback.value} -> 'up' = 'true')::int)::float8`,
      days: sql<number | null>`extract(epoch from now() - min(${feedback.createdAt}))::float8 / 86400`,
    })
    .from(feedback)
    .where(and(eq(feedback.kind, kind), isNull(feedback.excludedAt), ne(feedback.source, 'judge'), isRecent));
  const { people, rate, days } = row!;
  return { rate, peoplePerDay: people === 0 ? 0 : people / Math.max(1, days ?? 1) };
}
