// Bounds what statistics read: the newest votes, found by an index however many there are.
import { desc, type SQL, sql } from 'drizzle-orm';
import { NEWEST_VOTES } from '@/core/statistics/newest';
import type { Database, Executor } from '../client';
import { feedback } from '../schema';

/** As the indexes of the table say it. */
const SOUGHT = {
  said: sql`${feedback.kind} <> 'implicit'`,
  comparison: sql`${feedback.kind} = 'comparison'`,
};

export interface Newest {
  /** A condition on `feedback`. */
  isAmong: SQL;
  /** There are older ones. */
  isTruncated: boolean;
}

export async function newestVotes(
  db: Executor,
  sought: keyof typeof SOUGHT,
  most: number = NEWEST_VOTES,
): Promise<Newest> {
  const [last] = await db
    .select({ id: feedback.id, at: sql<string>`${feedback.createdAt}::text` })
    .from(feedback)
    .where(SOUGHT[sought])
    .orderBy(desc(feedback.createdAt), desc(feedback.id))
    .offset(most)
    .limit(1);
  if (!last) return { isAmong: SOUGHT[sought], isTruncated: false };
  const isNewer = sql`(${feedback.createdAt}, ${feedback.id}) > (${last.at}::timestamptz, ${last.id}::uuid)`;
  return { isAmong: sql`(${SOUGHT[sought]} and ${isNewer})`, isTruncated: true };
}

/** So few that every figure over them is counted when it is asked for. */
const FEW_VOTES = 1000;

export const hasFewVotes = async (db: Executor) => !(await newestVotes(db, 'said', FEW_VOTES)).isTruncated;

/**
 * For statements that begin with a bounded number of rows and find the rest by key: with these settings Postgres does
 * not read a table whole because that seems quicker while the table is small.
 */
export function byIndex<Result>(db: Pick<Database, 'transaction'>, work: (tx: Executor) => Promise<Result>) {
  return db.transaction(async (tx) => {
    await tx.execute(sql`select set_config(name, 'off', true)
      from unnest(array['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin']) as name`);
    return work(tx);
  });
}
