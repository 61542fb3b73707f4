// Declares the tables of snapshots, runs and their curves.
import { sql } from 'drizzle-orm';
import {
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgEnum,
  pgTable,
  primaryKey,
  real,
  serial,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core';
import type { ImportedAdapter } from '@/core/artifact/manifest';
import { RUN_KINDS, RUN_STAGES, RUN_STATUSES, RUN_TRIGGERS } from '@/core/contract';
import type { Tombstone } from '@/core/snapshot/frozen';
import type { Statement } from '@/core/verdict';
import { createdAt } from './columns';
import { feedback } from './feedback';
import { version } from './release';

/** A frozen, hashed data set: JSONL under the data folder's snapshots/<id>.jsonl. */
export const snapshot = pgTable('snapshot', {
  id: uuid('id').primaryKey(),
  /** The file's hash as it was frozen. */
  sha256: text('sha256').notNull(),
  tombstones: jsonb('tombstones').$type<Tombstone[]>().notNull().default([]),
  /** Rows by kind and split, as they were frozen. */
  counts: jsonb('counts').$type<Record<string, number>>().notNull(),
  frozenUpTo: timestamp('frozen_up_to', { withTimezone: true }).notNull(),
  createdAt: createdAt(),
});

/**
 * A person has withdrawn words that a data set may contain: the row stays until the trainer has blanked them. Only the
 * database's triggers (drizzle/) write it, so that no way of deleting, not even of an account or key, can miss it.
 */
export const withdrawal = pgTable('withdrawal', { id: serial('id').primaryKey(), createdAt: createdAt() });

export const runStatus = pgEnum('run_status', RUN_STATUSES);

export const trainingRun = pgTable(
  'training_run',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    status: runStatus('status').notNull().default('queued'),
    trigger: text('trigger', { enum: RUN_TRIGGERS }).notNull(),
    requestedBy: text('requested_by'),
    /** `judge`: nothing is trained; the gates judge an adapter from elsewhere. */
    kind: text('kind', { enum: RUN_KINDS }).notNull().default('train'),
    /** The adapter that is judged; null for a run that trains. */
    imported: jsonb('imported').$type<ImportedAdapter>(),
    /** The PipelineConfig that core/config/presets.ts parses. */
    config: jsonb('config').$type<Record<string, unknown>>().notNull(),
    parentVersionId: text('parent_version_id')
      .notNull()
      .references(() => version.id),
    snapshotId: uuid('snapshot_id').references(() => snapshot.id),
    resultVersionId: text('result_version_id'),
    stage: text('stage', { enum: RUN_STAGES }),
    /** Progress within the stage, 0 to 1, and the last estimate of the seconds left. */
    progress: real('progress').notNull().default(0),
    secondsLeft: real('seconds_left'),
    /** English sentences about how it ended. */
    verdict: text('verdict'),
    /** The same as data, from which pages build the sentence in the reader's language; null if it was not stored so. */
    statements: jsonb('statements').$type<Statement[]>(),
    cancelRequested: boolean('cancel_requested').notNull().default(false),
    leaseOwner: text('lease_owner'),
    leaseExpiresAt: timestamp('lease_expires_at', { withTimezone: true }),
    attempt: integer('attempt').notNull().default(0),
    createdAt: createdAt(),
    startedAt: timestamp('started_at', { withTimezone: true }),
    finishedAt: timestamp('finished_at', { withTimezone: true }),
  },
  (t) => [
    index('training_run_status').on(t.status, t.createdAt),
    check('training_run_imported', sql`(${t.kind} = 'judge') = (${t.imported} is not null)`),
  ],
);

/**
 * The feedback that a version learned from, as its run read it when it published: only the trainer writes it
 * (trainer/runs/publish.ts). What a person takes back or deletes leaves it, what an admin excludes later stays.
 */
export const versionFeedback = pgTable(
  'version_feedback',
  {
    versionId: text('version_id')
      .notNull()
      .references(() => version.id, { onDelete: 'cascade' }),
    feedbackId: uuid('feedback_id')
      .notNull()
      .references(() => feedback.id, { onDelete: 'cascade' }),
  },
  (t) => [primaryKey({ columns: [t.versionId, t.feedbackId] }), index('version_feedback_feedback').on(t.feedbackId)],
);

/**
 * Figures by what people say of themselves, as they were last published (server/services/statistics/held-figures.ts). Each
 * person is there under a hash, with the group that they were shown in and a hash of what they had said.
 */
export const groupFigures = pgTable('group_figures', {
  key: text('key').primaryKey(),
  cohort: jsonb('cohort').$type<Record<string, { cell: string; print: string }>>().notNull(),
  /** As the service that writes them knows them; null while too few people are left to show any. */
  figures: jsonb('figures').$type<unknown>(),
  publishedAt: timestamp('published_at', { withTimezone: true }).notNull().defaultNow(),
});

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
