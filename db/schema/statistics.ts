// Declares the table of figures that are counted in the background and kept.
import { jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

/** Figures that take long to count, as they were when they were last counted. */
export const keptFigures = pgTable('kept_figures', {
  /** What was counted, and of what. */
  key: text('key').primaryKey(),
  /** As superjson writes it; null until it has been counted once. */
  value: jsonb('value').$type<unknown>(),
  countedAt: timestamp('counted_at', { withTimezone: true }),
  /** Whoever counts has until then before another process does. */
  claimedUntil: timestamp('claimed_until', { withTimezone: true }),
});
