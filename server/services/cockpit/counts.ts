// Counts the rows of large tables in a time that does not grow with them: exactly up to a limit, then by Postgres's estimate.
import { getTableName, type SQL, sql } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import type { Executor } from '@/db/client';
import type { CountView } from './views';

const MOST_COUNTED = 10_000;

export async function countRows(db: Executor, table: PgTable): Promise<CountView> {
  const { rows } = await db.execute<{ n: string; estimate: number }>(sql`
    select (select count(*) from (select 1 from ${table} limit ${MOST_COUNTED + 1}) found) as n,
      (select reltuples::float8 from pg_class where oid = ${getTableName(table)}::regclass) as estimate`);
  const { n, estimate } = rows[0]!;
  return +n <= MOST_COUNTED ? { n: +n, isAbout: false } : { n: Math.max(+n - 1, Math.round(estimate)), isAbout: true };
}

/** Exactly up to the limit. */
export async function countWhere(db: Executor, table: PgTable, where: SQL): Promise<CountView> {
  const { rows } = await db.execute<{ n: string }>(
    sql`select count(*) as n from (select 1 from ${table} where ${where} limit ${MOST_COUNTED + 1}) found`,
  );
  const n = +rows[0]!.n;
  return { n: Math.min(n, MOST_COUNTED), isAbout: n > MOST_COUNTED };
}
