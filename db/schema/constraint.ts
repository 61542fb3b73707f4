// Declares the tables of rules, in all their versions, and of what they found in people's texts.
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core';
import { OUTPUT_ACTIONS } from '@/core/constraints/rule';
import { createdAt, writtenAt } from './columns';
import { generation, message } from './conversation';

/**
 * Rows never change, except that examples go whose texts people deleted (trigger `hit_deleted`). The newest version of
 * each id is current, unless it says that the rule was removed.
 */
export const ruleVersion = pgTable(
  'rule_version',
  {
    ruleId: text('rule_id').notNull(),
    /** Grows by one with every change of the rule. */
    version: integer('version').notNull(),
    /** The version of the whole set that this change made; `generation.constraintRulesVersion` names it. */
    setVersion: integer('set_version').notNull(),
    /** Parsed by core/constraints/rules.ts. */
    settings: jsonb('settings').$type<Record<string, unknown>>().notNull(),
    isRemoved: boolean('is_removed').notNull().default(false),
    /** null is the product itself. */
    authorId: text('author_id'),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.ruleId, t.version] }),
    index('rule_version_set').on(t.setVersion),
    // By which a text that is deleted finds its examples.
    index('rule_version_examples').using('gin', sql`(${t.settings} -> 'examples') jsonb_path_ops`),
  ],
);

/** A part of a text that a rule forbids. Without a message and a generation, the text was refused and not kept. */
export const constraintHit = pgTable(
  'constraint_hit',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    /** The person's message that it is in. */
    messageId: uuid('message_id').references(() => message.id, { onDelete: 'cascade' }),
    /** The answer that it is in. */
    generationId: uuid('generation_id').references(() => generation.id, { onDelete: 'cascade' }),
    /** The sample of the answer that was given up for it; null if it is in the one that was kept. */
    attempt: integer('attempt'),
    ruleId: text('rule_id').notNull(),
    /** null if it is not known, or was found elsewhere and imported. */
    ruleVersion: integer('rule_version'),
    action: text('action', { enum: OUTPUT_ACTIONS }),
    /** UTF-16 offsets, end exclusive. */
    start: integer('start').notNull(),
    end: integer('end').notNull(),
    /** No verdict came, and the rule counts that as a hit; it is in no rate. */
    isUnjudged: boolean('is_unjudged').notNull().default(false),
    /** An admin says that the rule should not have found it. */
    falseAt: timestamp('false_at', { withTimezone: true }),
    falseBy: text('false_by'),
    createdAt: writtenAt(),
  },
  (t) => [
    index('constraint_hit_message').on(t.messageId).where(sql`${t.messageId} is not null`),
    index('constraint_hit_generation').on(t.generationId).where(sql`${t.generationId} is not null`),
    index('constraint_hit_rule').on(t.ruleId, t.createdAt),
  ],
);

/** A sample of an answer that was given up, because it broke a rule or another sample was better. Row `generation` has the rest. */
export const generationAttempt = pgTable(
  'generation_attempt',
  {
    generationId: uuid('generation_id')
      .notNull()
      .references(() => generation.id, { onDelete: 'cascade' }),
    /** From 1, in the order in which they were given up. */
    attempt: integer('attempt').notNull(),
    seed: bigint('seed', { mode: 'number' }).notNull(),
    completionIds: integer('completion_ids').array().notNull(),
    createdAt: writtenAt(),
  },
  (t) => [primaryKey({ columns: [t.generationId, t.attempt] })],
);
