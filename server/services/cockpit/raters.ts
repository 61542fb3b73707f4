// Says how the raters are: how many work, how many tasks are open, and how many are believed.
import { isNull, sql } from 'drizzle-orm';
import { reportRaters } from '@/db/raters/trust';
import { ratingAssignment, ratingTask } from '@/db/schema';
import type { Product } from '@/server/services/product';
import { countWhere } from './counts';
import type { RatersView } from './views';

/** Trust is estimated from all judgements; it changes slowly. */
const TRUST_KEPT_MS = 10 * 60_000;
/** A vote that counts less is doubted. */
const LEAST_TRUST = 0.5;

interface Believed {
  trusted: number;
  doubted: number;
}
const held = globalThis as typeof globalThis & {
  attuneBelieved?: WeakMap<object, { at: number; read: Promise<Believed> }>;
};

export async function readRaters({ db }: Product): Promise<RatersView> {
  const { rows } = await db.execute<{ active: string }>(sql`select count(distinct user_id) as active
    from ${ratingAssignment} where status = 'done' and created_at > now() - interval '7 days'`);
  const openTasks = await countWhere(db, ratingTask, isNull(ratingTask.closedAt));
  return { active: +rows[0]!.active, openTasks, ...(await believed(db)) };
}

function believed(db: Product['db']): Promise<Believed> {
  held.attuneBelieved ??= new WeakMap();
  const kept = held.attuneBelieved.get(db);
  if (kept && performance.now() - kept.at < TRUST_KEPT_MS) return kept.read;
  const read = countBelieved(db);
  held.attuneBelieved.set(db, { at: performance.now(), read });
  read.catch(() => held.attuneBelieved!.delete(db));
  return read;
}

/** By the lowest of a person's kinds; an administrator's word comes before the evidence. */
async function countBelieved(db: Product['db']): Promise<Believed> {
  const { raters, standings } = await reportRaters(db);
  const lowest = new Map<string, number>();
  for (const { rater, weight } of raters) lowest.set(rater, Math.min(weight, lowest.get(rater) ?? 1));
  for (const [rater, { standing }] of standings) lowest.set(rater, standing === 'banned' ? 0 : 1);
  const doubted = [...lowest.values()].filter((weight) => weight < LEAST_TRUST).length;
  return { trusted: lowest.size - doubted, doubted };
}
