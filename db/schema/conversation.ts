// Declares the tables of conversations, their messages, and the model's samples in them.
import { sql } from 'drizzle-orm';
import {
  type AnyPgColumn,
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgEnum,
  pgTable,
  primaryKey,
  real,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import type { ConversationOrigin, MessageOrigin } from '@/core/exchange/record';
import { apiKey } from './api';
import { createdAt, samplingSettings, updatedAt, userId, writtenAt } from './columns';
import { experiment, version } from './release';

/** Prompts that an admin uploaded for raters; each is a conversation of its own. */
export const promptSet = pgTable('prompt_set', {
  id: uuid('id').primaryKey().defaultRandom(),
  name: text('name').notNull(),
  createdBy: text('created_by').notNull(),
  createdAt: createdAt(),
});

export const conversation = pgTable(
  'conversation',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    userId: userId(),
    title: text('title').notNull(),
    /** Consent, which is stored only here: false keeps the conversation out of every later snapshot. */
    allowTraining: boolean('allow_training').notNull(),
    /** The consent was given to words that say who reads: raters, and administrators also what nobody has rated. */
    readersNamed: boolean('readers_named').notNull().default(false),
    /** When consent was given later; null if the conversation began with it or never had it. Written by a trigger. */
    consentedAt: timestamp('consented_at', { withTimezone: true }),
    /** The key whose requests made the conversation; null for one of the chat. */
    apiKeyId: uuid('api_key_id').references((): AnyPgColumn => apiKey.id, { onDelete: 'cascade' }),
    /** The uploaded set that it belongs to; null for what people wrote in the chat or over the API. */
    promptSetId: uuid('prompt_set_id').references(() => promptSet.id, { onDelete: 'cascade' }),
    /** What the file that it was imported from says of it and no column holds; null for one that began here. */
    origin: jsonb('origin').$type<ConversationOrigin>(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [
    index('conversation_user').on(t.userId, t.updatedAt),
    index('conversation_consented').on(t.consentedAt).where(sql`${t.consentedAt} is not null`),
    index('conversation_api_key').on(t.apiKeyId).where(sql`${t.apiKeyId} is not null`),
  ],
);

export const message = pgTable(
  'message',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    conversationId: uuid('conversation_id')
      .notNull()
      .references(() => conversation.id, { onDelete: 'cascade' }),
    /** null for a first message; siblings share a parent. */
    parentId: uuid('parent_id'),
    role: text('role', { enum: ['user', 'assistant'] }).notNull(),
    /** What the person sees and, of a person's message, what the model reads: with constraints applied. */
    content: text('content').notNull(),
    /** Chosen by the client: sending again returns the first row. Among answers, only regenerated ones have it. */
    clientMessageId: text('client_message_id'),
    /** The answer in whose place this one was asked for. */
    replacesId: uuid('replaces_id'),
    /** As of a conversation. */
    origin: jsonb('origin').$type<MessageOrigin>(),
    createdAt: writtenAt(),
  },
  (t) => [
    index('message_conversation').on(t.conversationId, t.createdAt),
    index('message_parent').on(t.parentId),
    index('message_replaces').on(t.replacesId).where(sql`${t.replacesId} is not null`),
    uniqueIndex('message_client_id').on(t.conversationId, t.clientMessageId),
  ],
);

export const generationStatus = pgEnum('generation_status', ['running', 'done', 'stopped', 'failed']);

/** One sample of the model. This row is enough to replay or score it. */
export const generation = pgTable(
  'generation',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    messageId: uuid('message_id')
      .notNull()
      .references(() => message.id, { onDelete: 'cascade' }),
    conversationId: uuid('conversation_id')
      .notNull()
      .references(() => conversation.id, { onDelete: 'cascade' }),
    userId: userId(),
    status: generationStatus('status').notNull().default('running'),
    /** null for a text that was uploaded: no version of ours wrote it. */
    versionId: text('version_id').references(() => version.id),
    experimentId: uuid('experiment_id'),
    arm: text('arm', { enum: ['champion', 'candidate'] })
      .notNull()
      .default('champion'),
    propensity: doublePrecision('propensity').notNull().default(1),
    sampling: samplingSettings('sampling').notNull(),
    seed: bigint('seed', { mode: 'number' }).notNull(),
    promptIds: integer('prompt_ids').array().notNull(),
    completionIds: integer('completion_ids').array().notNull().default([]),
    /** log p of each completion token under the full distribution at temperature 1. */
    logprobs: real('logprobs').array().notNull().default([]),
    /** The most likely tokens at each position, if a request with an idempotency key asked for them. */
    topTokens: jsonb('top_tokens').$type<{ ids: number[]; logprobs: number[] }[]>(),
    finishReason: text('finish_reason'),
    /** The version of the rule set that it was written under. */
    constraintRulesVersion: integer('constraint_rules_version').notNull().default(1),
    /** As the model got it; rules look for it in the answer. */
    systemPrompt: text('system_prompt'),
    error: text('error'),
    firstTokenMs: real('first_token_ms'),
    durationMs: real('duration_ms'),
    createdAt: writtenAt(),
    finishedAt: timestamp('finished_at', { withTimezone: true }),
  },
  (t) => [
    uniqueIndex('generation_message').on(t.messageId),
    index('generation_conversation').on(t.conversationId),
    // The newest answers of a version and of an arm, which this index alone must be enough to read (server/rollout/answer-votes.ts).
    index('generation_version').on(t.versionId, t.createdAt, t.id, t.status),
    index('generation_created').on(t.createdAt),
    index('generation_person').on(t.experimentId, t.userId).where(sql`${t.experimentId} is not null`),
    index('generation_candidate')
      .on(t.experimentId, t.finishedAt)
      .where(sql`${t.experimentId} is not null and ${t.arm} = 'candidate'`),
    index('generation_running').on(t.status).where(sql`${t.status} = 'running'`),
  ],
);

/** An arm of an experiment on settings that an answer came from; that of one on versions is in the generation's row. */
export const generationArm = pgTable(
  'generation_arm',
  {
    generationId: uuid('generation_id')
      .notNull()
      .references(() => generation.id, { onDelete: 'cascade' }),
    experimentId: uuid('experiment_id')
      .notNull()
      .references(() => experiment.id, { onDelete: 'cascade' }),
    arm: text('arm', { enum: ['champion', 'candidate'] }).notNull(),
    propensity: doublePrecision('propensity').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.experimentId, t.generationId] }),
    index('generation_arm_generation').on(t.generationId),
  ],
);
