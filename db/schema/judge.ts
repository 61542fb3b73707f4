// Declares the tables of AI feedback: the constitution's versions, judges, their measured figures and their labels.
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  serial,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import type { Principle } from '@/core/judging/constitution';
import type { JudgeFigures } from '@/core/judging/figures';
import { LABEL_KINDS } from '@/core/judging/judge';
import type { BothOrders } from '@/core/judging/verdict';
import { createdAt, userId } from './columns';
import { conversation, generation, message } from './conversation';
import { feedback } from './feedback';

/** A version never changes; the newest is in force. */
export const constitution = pgTable('constitution', {
  version: serial('version').primaryKey(),
  principles: jsonb('principles').$type<Principle[]>().notNull(),
  /** The version whose principles these are again. */
  restores: integer('restores'),
  createdBy: text('created_by'),
  createdAt: createdAt(),
});

export const JUDGE_ACTIVITIES = ['idle', 'measure', 'label'] as const;
/** Why a judge stopped by itself. */
export const JUDGE_TROUBLES = ['budget', 'calls', 'endpoint', 'refused', 'engine', 'key', 'unmeasured'] as const;

const money = (name: string) => doublePrecision(name).notNull().default(0);

/** Of an endpoint. What it spends is reserved before each call, so that no number of replicas passes the budget. */
const endpointColumns = () => ({
  url: text('url'),
  /** AES-256-GCM (core/secret-box.ts), bound to this row. */
  sealedKey: text('sealed_key'),
  givesLogprobs: boolean('gives_logprobs').notNull().default(true),
  /** For 1,000,000 tokens. */
  promptPrice: money('prompt_price'),
  completionPrice: money('completion_price'),
  budget: money('budget'),
  mostCalls: integer('most_calls').notNull().default(0),
  requestsPerMinute: integer('requests_per_minute').notNull().default(60),
  timeoutSeconds: doublePrecision('timeout_seconds').notNull().default(60),
  spent: money('spent'),
  calls: integer('calls').notNull().default(0),
  promptTokens: bigint('prompt_tokens', { mode: 'number' }).notNull().default(0),
  completionTokens: bigint('completion_tokens', { mode: 'number' }).notNull().default(0),
  /** The earliest moment of the next call, by requestsPerMinute. */
  nextCallAt: timestamp('next_call_at', { withTimezone: true }),
});

/** A model that labels, and the account of the rater that it is. */
export const judge = pgTable('judge', {
  id: uuid('id').primaryKey().defaultRandom(),
  /** An account without a way to sign in. */
  userId: userId().unique(),
  kind: text('kind', { enum: ['local', 'endpoint'] }).notNull(),
  model: text('model').notNull(),
  labels: text('labels', { enum: LABEL_KINDS }).array().notNull(),
  ...endpointColumns(),
  /** What an admin wants it to do. */
  activity: text('activity', { enum: JUDGE_ACTIVITIES }).notNull().default('idle'),
  /** Of the present or last activity. */
  done: integer('done').notNull().default(0),
  total: integer('total').notNull().default(0),
  trouble: text('trouble', { enum: JUDGE_TROUBLES }),
  /** The web process that does it, and how long it may be silent. */
  leaseOwner: uuid('lease_owner'),
  leaseExpiresAt: timestamp('lease_expires_at', { withTimezone: true }),
  createdBy: text('created_by'),
  createdAt: createdAt(),
  retiredAt: timestamp('retired_at', { withTimezone: true }),
});

export const judgeMeasurement = pgTable(
  'judge_measurement',
  {
    id: serial('id').primaryKey(),
    judgeId: uuid('judge_id')
      .notNull()
      .references(() => judge.id, { onDelete: 'cascade' }),
    constitutionVersion: integer('constitution_version')
      .notNull()
      .references(() => constitution.version),
    figures: jsonb('figures').$type<JudgeFigures>().notNull(),
    price: money('price'),
    createdAt: createdAt(),
  },
  (t) => [index('judge_measurement_judge').on(t.judgeId, t.id)],
);

/** What a judge said, beyond the value of the feedback. Lengths and orders are those of the feedback's own subject. */
export interface JudgeWords {
  orders?: BothOrders;
  /** The mean of the scale before it was rounded. */
  expected?: number;
  principleId?: string;
  critique?: string;
  words?: string;
}

/** Where a label comes from. An item without feedback was read and gave none; it is not read again. */
export const judgeLabel = pgTable(
  'judge_label',
  {
    id: serial('id').primaryKey(),
    judgeId: uuid('judge_id')
      .notNull()
      .references(() => judge.id, { onDelete: 'cascade' }),
    kind: text('kind', { enum: LABEL_KINDS }).notNull(),
    conversationId: uuid('conversation_id')
      .notNull()
      .references(() => conversation.id, { onDelete: 'cascade' }),
    /** The message whose answers were judged. */
    messageId: uuid('message_id')
      .notNull()
      .references(() => message.id, { onDelete: 'cascade' }),
    /** The answer, or the left one of a pair. */
    generationId: uuid('generation_id')
      .notNull()
      .references(() => generation.id, { onDelete: 'cascade' }),
    otherGenerationId: uuid('other_generation_id').references(() => generation.id, { onDelete: 'cascade' }),
    feedbackId: uuid('feedback_id').references(() => feedback.id, { onDelete: 'cascade' }),
    /** Why there is no feedback. */
    missing: text('missing', { enum: ['no_verdict', 'too_long', 'nothing_wrong', 'unchanged'] }),
    model: text('model').notNull(),
    constitutionVersion: integer('constitution_version')
      .notNull()
      .references(() => constitution.version),
    said: jsonb('said').$type<JudgeWords>().notNull(),
    price: money('price'),
    createdAt: createdAt(),
  },
  (t) => [
    uniqueIndex('judge_label_once').on(
      t.judgeId,
      t.kind,
      t.generationId,
      sql`coalesce(${t.otherGenerationId}, ${t.generationId})`,
    ),
    index('judge_label_feedback').on(t.feedbackId),
    index('judge_label_conversation').on(t.conversationId),
    index('judge_label_judge').on(t.judgeId, t.id),
  ],
);
