// Declares the tables of the audit log and the product's settings.
import { index, jsonb, pgTable, serial, text } from 'drizzle-orm/pg-core';
import { createdAt, updatedAt } from './columns';

export const audit = pgTable(
  'audit',
  {
    id: serial('id').primaryKey(),
    /** null is the product itself. */
    actorId: text('actor_id'),
    action: text('action').notNull(),
    subject: text('subject').notNull(),
    detail: jsonb('detail').$type<Record<string, unknown>>().notNull().default({}),
    createdAt: createdAt(),
  },
  (t) => [
    index('audit_created').on(t.createdAt),
    index('audit_action').on(t.action, t.id),
    index('audit_actor').on(t.actorId, t.id),
    // A subject is looked up by its beginning.
    index('audit_subject').on(t.subject.op('text_pattern_ops'), t.id),
  ],
);

/** Admin settings by key; parsed by server/services/settings.ts. */
export const setting = pgTable('setting', {
  key: text('key').primaryKey(),
  value: jsonb('value').$type<unknown>().notNull(),
  updatedAt: updatedAt(),
});
