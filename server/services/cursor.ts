// The cursor of a list that is newest first: the time and the id of the last item of the previous page.
import { type SQL, sql } from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import { AttuneError } from '@/core/errors';

export interface Cursor {
  time: string;
  id: string;
}

/** Written in SQL, because a Date has only milliseconds and the cursor must keep Postgres' microseconds. */
export const cursorOf = (time: AnyPgColumn, id: AnyPgColumn) =>
  sql<string>`to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '/' || ${id}`;

export const isBehind = (cursor: Cursor, time: AnyPgColumn, id: AnyPgColumn): SQL =>
  sql`(${time}, ${id}) < (${cursor.time}::timestamptz, ${cursor.id}::uuid)`;

/** As `cursorOf` writes it; anything else is BAD_INPUT. */
export function readCursor(cursor: string): Cursor {
  const [, time, id] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(cursor) ?? [];
  const moment = new Date(time ?? Number.NaN);
  // JavaScript accepts February 30th and the year 0; Postgres refuses both.
  const isReal =
    !Number.isNaN(moment.getTime()) &&
    moment.getUTCFullYear() > 0 &&
    moment.toISOString().slice(0, 19) === time?.slice(0, 19);
  if (time && id && isReal) return { time, id };
  throw new AttuneError(
    'BAD_INPUT',
    `The cursor "${cursor.slice(0, 80)}" is none that this list gave; start without one.`,
  );
}
