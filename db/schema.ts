// Every table of Attune, in the order in which a message becomes a version.
import { sql } from 'drizzle-orm';
import {
  type AnyPgColumn,
  bigint,
  boolean,
  check,
  customType,
  date,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgEnum,
  pgTable,
  primaryKey,
  real,
  serial,
  smallint,
  text,
  timestamp,
  uniqueIndex,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core';
import type { GateResult, Manifest } from '@/core/manifest';
import { RUN_STAGES } from '@/core/run-stage';
import { Sampling } from '@/core/sampling';
import { user } from './auth-schema';

export * from './auth-schema';

const createdAt = () => timestamp('created_at', { withTimezone: true }).notNull().defaultNow();
/** now() stands still in a transaction; rows written together keep their order by this. */
const writtenAt = () => timestamp('created_at', { withTimezone: true }).notNull().default(sql`clock_timestamp()`);
/** Rows that were written before a setting existed read with that setting's default. */
const samplingSettings = customType<{ data: Sampling; driverData: unknown }>({
  dataType: () => 'jsonb',
  toDriver: (sampling) => JSON.stringify(sampling),
  fromDriver: (stored) => Sampling.parse(stored),
});
const updatedAt = () => timestamp('updated_at', { withTimezone: true }).notNull().defaultNow();

// ---- versions and their release -----------------------------------------------------------------------------------

export const versionStatus = pgEnum('version_status', ['accepted', 'rejected']);

/** A published artifact. The base itself is the row `base`, without a directory. */
export const version = pgTable('version', {
  id: text('id').primaryKey(),
  parentId: text('parent_id'),
  runId: uuid('run_id'),
  snapshotId: uuid('snapshot_id'),
  baseId: text('base_id').notNull(),
  baseSha256: text('base_sha256').notNull(),
  status: versionStatus('status').notNull(),
  manifest: jsonb('manifest').$type<Manifest>(),
  gates: jsonb('gates').$type<GateResult[]>().notNull().default([]),
  createdAt: createdAt(),
});

/** Append-only history of what serves; the champion is the row with the highest seq. */
export const release = pgTable('release', {
  seq: serial('seq').primaryKey(),
  versionId: text('version_id')
    .notNull()
    .references(() => version.id),
  previousVersionId: text('previous_version_id'),
  action: text('action', { enum: ['initial', 'promote', 'rollback'] }).notNull(),
  actorId: text('actor_id'),
  createdAt: createdAt(),
});

export const experimentStatus = pgEnum('experiment_status', ['running', 'stopped']);

/** Two versions side by side: arm `candidate` gets `share` of the users, arm `champion` the rest. */
export const experiment = pgTable(
  'experiment',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    name: text('name').notNull(),
    /** Salt of the user's bucket, so that two experiments split users independently. */
    salt: text('salt').notNull(),
    championVersionId: text('champion_version_id')
      .notNull()
      .references(() => version.id),
    candidateVersionId: text('candidate_version_id')
      .notNull()
      .references(() => version.id),
    share: doublePrecision('share').notNull(),
    status: experimentStatus('status').notNull().default('running'),
    createdBy: text('created_by'),
    createdAt: createdAt(),
    stoppedAt: timestamp('stopped_at', { withTimezone: true }),
  },
  (t) => [
    check('experiment_share', sql`${t.share} >= 0 and ${t.share} <= 1`),
    uniqueIndex('experiment_one_running').on(t.status).where(sql`${t.status} = 'running'`),
  ],
);

/** The arm of a user, which changes only when the share crosses the bucket, with its probability under the present share. */
export const assignment = pgTable(
  'assignment',
  {
    experimentId: uuid('experiment_id')
      .notNull()
      .references(() => experiment.id, { onDelete: 'cascade' }),
    userId: text('user_id')
      .notNull()
      .references(() => user.id, { onDelete: 'cascade' }),
    arm: text('arm', { enum: ['champion', 'candidate'] }).notNull(),
    bucket: doublePrecision('bucket').notNull(),
    propensity: doublePrecision('propensity').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [primaryKey({ columns: [t.experimentId, t.userId] })],
);

// ---- conversations ------------------------------------------------------------------------------------------------

export const conversation = pgTable(
  'conversation',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    userId: text('user_id')
      .notNull()
      .references(() => user.id, { onDelete: 'cascade' }),
    title: text('title').notNull(),
    /** Consent: false keeps the conversation out of every later snapshot. */
    allowTraining: boolean('allow_training').notNull().default(true),
    /** The key whose requests it holds; null for a conversation of the chat. */
    apiKeyId: uuid('api_key_id').references((): AnyPgColumn => apiKey.id, { onDelete: 'cascade' }),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [
    index('conversation_user').on(t.userId, t.updatedAt),
    index('conversation_api_key').on(t.apiKeyId).where(sql`${t.apiKeyId} is not null`),
  ],
);

/** Where a rule found something in a text: UTF-16 offsets, end exclusive. */
export interface ConstraintHit {
  ruleId: string;
  start: number;
  end: number;
}

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
    /** What the person sees: constraints applied. Empty while an answer runs. */
    content: text('content').notNull(),
    /** Chosen by the client: a repeated send returns the first row. On answers, only on regenerated ones. */
    clientMessageId: text('client_message_id'),
    /** What the rules found in a person's text; nothing is blocked for it. */
    constraintHits: jsonb('constraint_hits').$type<ConstraintHit[]>().notNull().default([]),
    createdAt: writtenAt(),
  },
  (t) => [
    index('message_conversation').on(t.conversationId, t.createdAt),
    index('message_parent').on(t.parentId),
    uniqueIndex('message_client_id').on(t.conversationId, t.clientMessageId),
  ],
);

export const generationStatus = pgEnum('generation_status', ['running', 'done', 'stopped', 'failed']);

/** One sample of the model. This row alone replays or scores it. */
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
    userId: text('user_id')
      .notNull()
      .references(() => user.id, { onDelete: 'cascade' }),
    status: generationStatus('status').notNull().default('running'),
    versionId: text('version_id')
      .notNull()
      .references(() => version.id),
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
    finishReason: text('finish_reason'),
    constraintHits: jsonb('constraint_hits').$type<ConstraintHit[]>().notNull().default([]),
    constraintRulesVersion: integer('constraint_rules_version').notNull().default(1),
    error: text('error'),
    firstTokenMs: real('first_token_ms'),
    durationMs: real('duration_ms'),
    createdAt: writtenAt(),
    finishedAt: timestamp('finished_at', { withTimezone: true }),
  },
  (t) => [
    uniqueIndex('generation_message').on(t.messageId),
    index('generation_conversation').on(t.conversationId),
    index('generation_version').on(t.versionId, t.createdAt),
    index('generation_running').on(t.status).where(sql`${t.status} = 'running'`),
  ],
);

/** Two answers to one prompt that a person is asked, or chose, to compare; the sides are as shown. */
export const comparison = pgTable(
  'comparison',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    conversationId: uuid('conversation_id')
      .notNull()
      .references(() => conversation.id, { onDelete: 'cascade' }),
    userId: text('user_id')
      .notNull()
      .references(() => user.id, { onDelete: 'cascade' }),
    leftGenerationId: uuid('left_generation_id')
      .notNull()
      .references(() => generation.id, { onDelete: 'cascade' }),
    rightGenerationId: uuid('right_generation_id')
      .notNull()
      .references(() => generation.id, { onDelete: 'cascade' }),
    source: text('source', { enum: ['side_by_side', 'regenerate'] }).notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    index('comparison_left').on(t.leftGenerationId),
    index('comparison_right').on(t.rightGenerationId),
    // One comparison for two answers, whichever side each is on.
    uniqueIndex('comparison_pair').on(
      sql`least(${t.leftGenerationId}, ${t.rightGenerationId})`,
      sql`greatest(${t.leftGenerationId}, ${t.rightGenerationId})`,
    ),
  ],
);

export const FEEDBACK_KINDS = ['thumb', 'comparison'] as const;
export const CHOICES = ['left', 'right', 'tie', 'both_bad'] as const;

/** One live value per (generation or comparison, user, kind). The author is the login's. */
export const feedback = pgTable(
  'feedback',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    userId: text('user_id')
      .notNull()
      .references(() => user.id, { onDelete: 'cascade' }),
    kind: text('kind', { enum: FEEDBACK_KINDS }).notNull(),
    generationId: uuid('generation_id').references(() => generation.id, { onDelete: 'cascade' }),
    comparisonId: uuid('comparison_id').references(() => comparison.id, { onDelete: 'cascade' }),
    /** 1 or -1 for a thumb. */
    thumb: smallint('thumb'),
    choice: text('choice', { enum: CHOICES }),
    reasons: text('reasons').array().notNull().default([]),
    comment: text('comment'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [
    uniqueIndex('feedback_one_per_generation').on(t.userId, t.generationId, t.kind),
    uniqueIndex('feedback_one_per_comparison').on(t.userId, t.comparisonId, t.kind),
    index('feedback_created').on(t.createdAt),
    check(
      'feedback_shape',
      sql`(${t.kind} = 'thumb' and ${t.generationId} is not null and ${t.comparisonId} is null and ${t.thumb} in (-1, 1))
       or (${t.kind} = 'comparison' and ${t.comparisonId} is not null and ${t.generationId} is null and ${t.choice} is not null)`,
    ),
  ],
);

// ---- training -----------------------------------------------------------------------------------------------------

/** A frozen, hashed data set: JSONL under the data folder's snapshots/<id>.jsonl. */
export const snapshot = pgTable('snapshot', {
  id: uuid('id').primaryKey(),
  sha256: text('sha256').notNull(),
  /** Rows by kind and split. */
  counts: jsonb('counts').$type<Record<string, number>>().notNull(),
  frozenUpTo: timestamp('frozen_up_to', { withTimezone: true }).notNull(),
  createdAt: createdAt(),
});

export const runStatus = pgEnum('run_status', ['queued', 'running', 'done', 'rejected', 'failed', 'cancelled']);

export const trainingRun = pgTable(
  'training_run',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    status: runStatus('status').notNull().default('queued'),
    trigger: text('trigger', { enum: ['button', 'feedback_count', 'schedule'] }).notNull(),
    requestedBy: text('requested_by'),
    /** PipelineConfig of trainer/presets.ts; parsed there. */
    config: jsonb('config').$type<Record<string, unknown>>().notNull(),
    parentVersionId: text('parent_version_id')
      .notNull()
      .references(() => version.id),
    snapshotId: uuid('snapshot_id').references(() => snapshot.id),
    resultVersionId: text('result_version_id'),
    stage: text('stage', { enum: RUN_STAGES }),
    /** Progress inside the stage, 0..1, and seconds left as last estimated. */
    progress: real('progress').notNull().default(0),
    secondsLeft: real('seconds_left'),
    /** One readable sentence about how it ended. */
    verdict: text('verdict'),
    cancelRequested: boolean('cancel_requested').notNull().default(false),
    leaseOwner: text('lease_owner'),
    leaseExpiresAt: timestamp('lease_expires_at', { withTimezone: true }),
    attempt: integer('attempt').notNull().default(0),
    createdAt: createdAt(),
    startedAt: timestamp('started_at', { withTimezone: true }),
    finishedAt: timestamp('finished_at', { withTimezone: true }),
  },
  (t) => [index('training_run_status').on(t.status, t.createdAt)],
);

/** One point of every curve of a run; a resumed run overwrites the steps that it repeats. */
export const runMetric = pgTable(
  'run_metric',
  {
    runId: uuid('run_id')
      .notNull()
      .references(() => trainingRun.id, { onDelete: 'cascade' }),
    stage: text('stage').notNull(),
    step: integer('step').notNull(),
    metrics: jsonb('metrics').$type<Record<string, number>>().notNull(),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.runId, t.stage, t.step] })],
);

// ---- operation ----------------------------------------------------------------------------------------------------

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
  (t) => [index('audit_created').on(t.createdAt)],
);

/** Admin settings by key; parsed by server/services/settings.ts. */
export const setting = pgTable('setting', {
  key: text('key').primaryKey(),
  value: jsonb('value').$type<unknown>().notNull(),
  updatedAt: updatedAt(),
});

// ---- the API: keys, usage, limits ---------------------------------------------------------------------------------

/** A bearer key of the OpenAI-compatible API. The key itself is shown once and kept nowhere. */
export const apiKey = pgTable(
  'api_key',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    userId: text('user_id')
      .notNull()
      .references(() => user.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    /** First characters, so that a person can tell keys apart. */
    prefix: text('prefix').notNull(),
    sha256: text('sha256').notNull().unique(),
    /** Consent of the conversations that its requests make. */
    allowTraining: boolean('allow_training').notNull(),
    createdAt: createdAt(),
    lastUsedAt: timestamp('last_used_at', { withTimezone: true }),
    revokedAt: timestamp('revoked_at', { withTimezone: true }),
  },
  (t) => [index('api_key_user').on(t.userId, t.createdAt)],
);

/** What a person used on a day (UTC), through the chat or through a key. */
export const usage = pgTable(
  'usage',
  {
    userId: text('user_id')
      .notNull()
      .references(() => user.id, { onDelete: 'cascade' }),
    /** `chat`, or the id of a key. */
    source: text('source').notNull(),
    day: date('day').notNull(),
    requests: integer('requests').notNull().default(0),
    promptTokens: bigint('prompt_tokens', { mode: 'number' }).notNull().default(0),
    completionTokens: bigint('completion_tokens', { mode: 'number' }).notNull().default(0),
  },
  (t) => [primaryKey({ columns: [t.userId, t.source, t.day] })],
);

/** Requests and tokens in the running minute; columns and their types are those of rate-limiter-flexible. */
export const rateLimit = pgTable('rate_limit', {
  key: varchar('key', { length: 255 }).primaryKey(),
  points: integer('points').notNull().default(0),
  /** Milliseconds since 1970. */
  expire: bigint('expire', { mode: 'number' }),
});
