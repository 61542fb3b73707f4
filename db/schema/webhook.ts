// Declares the tables of webhooks and of their deliveries, which are the outbox.

import { sql } from 'drizzle-orm';
import { boolean, index, integer, jsonb, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import { WEBHOOK_EVENTS } from '@/core/webhooks/events';
import { createdAt } from './columns';

export const webhook = pgTable('webhook', {
  id: uuid('id').primaryKey().defaultRandom(),
  url: text('url').notNull(),
  /** AES-256-GCM (core/secret-box.ts), bound to this row. */
  sealedSecret: text('sealed_secret').notNull(),
  events: text('events', { enum: WEBHOOK_EVENTS }).array().notNull(),
  isOn: boolean('is_on').notNull().default(true),
  createdBy: text('created_by').notNull(),
  createdAt: createdAt(),
});

/**
 * One event for one webhook. The database's triggers (drizzle/) write the rows in the transaction of the event, so that
 * none is lost and none tells of what was rolled back; server/services/webhook/deliver.ts sends them.
 */
export const webhookDelivery = pgTable(
  'webhook_delivery',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    webhookId: uuid('webhook_id')
      .notNull()
      .references(() => webhook.id, { onDelete: 'cascade' }),
    /** One of WEBHOOK_EVENTS, or a test. */
    event: text('event').notNull(),
    /** What it is about: the id of a run or version. */
    subject: text('subject').notNull(),
    data: jsonb('data').$type<Record<string, unknown>>().notNull().default({}),
    attempts: integer('attempts').notNull().default(0),
    /** When it is sent next; null once it has arrived or was given up. */
    dueAt: timestamp('due_at', { withTimezone: true }).defaultNow(),
    deliveredAt: timestamp('delivered_at', { withTimezone: true }),
    /** Of the last answer; null if there was none. */
    status: integer('status'),
    /** Why the last try failed. */
    error: text('error'),
    createdAt: createdAt(),
  },
  (t) => [
    index('webhook_delivery_due').on(t.dueAt).where(sql`${t.dueAt} is not null`),
    index('webhook_delivery_created').on(t.createdAt),
    index('webhook_delivery_webhook').on(t.webhookId, t.createdAt),
  ],
);
