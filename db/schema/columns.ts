// Column kinds that several tables share.
import { sql } from 'drizzle-orm';
import { customType, text, timestamp } from 'drizzle-orm/pg-core';
import { Sampling } from '@/core/sampling';
import { user } from '../auth-schema';

export const createdAt = () => timestamp('created_at', { withTimezone: true }).notNull().defaultNow();
/** now() stands still in a transaction; rows written together keep their order by this. */
export const writtenAt = () =>
  timestamp('created_at', { withTimezone: true }).notNull().default(sql`clock_timestamp()`);
/** Rows that were written before a setting existed read with that setting's default. */
export const samplingSettings = customType<{ data: Sampling; driverData: unknown }>({
  dataType: () => 'jsonb',
  toDriver: (sampling) => JSON.stringify(sampling),
  fromDriver: (stored) => Sampling.parse(stored),
});
export const updatedAt = () => timestamp('updated_at', { withTimezone: true }).notNull().defaultNow();
/** What belongs to a person goes with them. */
export const userId = () =>
  text('user_id')
    .notNull()
    .references(() => user.id, { onDelete: 'cascade' });
