// Defines column kinds that several tables share.
import { sql } from 'drizzle-orm';
import { customType, text, timestamp } from 'drizzle-orm/pg-core';
import { Sampling } from '@/core/sampling';
import { user } from '../auth-schema';

export const createdAt = () => timestamp('created_at', { withTimezone: true }).notNull().defaultNow();
/** Keeps the order of rows that are written together: now() does not advance inside a transaction. */
export const writtenAt = () =>
  timestamp('created_at', { withTimezone: true }).notNull().default(sql`clock_timestamp()`);
/** Rows written before a setting existed are read with that setting's default. */
export const samplingSettings = customType<{ data: Sampling; driverData: unknown }>({
  dataType: () => 'jsonb',
  toDriver: (sampling) => JSON.stringify(sampling),
  fromDriver: (stored) => Sampling.parse(stored),
});
export const updatedAt = () => timestamp('updated_at', { withTimezone: true }).notNull().defaultNow();
/** The owner of a row; the row is deleted together with that person. */
export const userId = () =>
  text('user_id')
    .notNull()
    .references(() => user.id, { onDelete: 'cascade' });
