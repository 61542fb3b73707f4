// The condition that a column holds one of any number of ids: one parameter, where a list has one for each.
import { type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';

export const isOneOf = (column: PgColumn, ids: readonly string[]): SQL =>
  sql`${column} = any(${sql.param([...ids])}::${sql.raw(column.getSQLType())}[])`;
