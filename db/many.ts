// Writes and finds any number of rows, because Postgres takes at most 65,535 parameters in a statement.
import { type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';

/** Of one INSERT; no table has more than 65 columns. */
const ROWS_A_STATEMENT = 1000;

/** Call it in a transaction, so that all rows are written or none. */
export async function insertAll<T>(rows: readonly T[], insert: (rows: T[]) => PromiseLike<unknown>): Promise<void> {
  for (let i = 0; i < rows.length; i += ROWS_A_STATEMENT) await insert(rows.slice(i, i + ROWS_A_STATEMENT));
}

/** The ids are one parameter; in a list, each would be one. */
export const isOneOf = (column: PgColumn, ids: readonly string[]): SQL =>
  sql`${column} = any(${sql.param([...ids])}::${sql.raw(column.getSQLType())}[])`;
