// Snapshots, runs and their curves.
import {
  boolean,
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
import { RUN_STAGES, RUN_STATUSES } from '@/core/contract';
import { createdAt } from './columns';
import { version } from './release';

/** Lines of a data set that were blanked because people took back what they held. */
export interface Tombstone {
  /** ISO 8601. */
  at: string;
  /** Counted from 0, in the file as it was frozen. */
  lines: number[];
  /** The file's from then on. */
  sha256: string;
}

/** A frozen, hashed data set: JSONL under the data folder's snapshots/<id>.jsonl. */
export const snapshot = pgTable('snapshot', {
  id: uuid('id').primaryKey(),
  /** The file's as it was frozen. */
  sha256: text('sha256').notNull(),
  tombstones: jsonb('tombstones').$type<Tombstone[]>().notNull().default([]),
  /** Rows by kind and split, as they were frozen. */
  counts: jsonb('counts').$type<Record<string, number>>().notNull(),
  frozenUpTo: timestamp('frozen_up_to', { withTimezone: true }).notNull(),
  createdAt: createdAt(),
});

/**
 * Somebody has taken back words that a data set may hold: a row until the trainer has blanked them. Written by triggers of
 * the database alone (drizzle/), so that no way of deleting, account or key included, can forget it.
 */
export const withdrawal = pgTable('withdrawal', { id: serial('id').primaryKey(), createdAt: createdAt() });

export const runStatus = pgEnum('run_status', RUN_STATUSES);

export const trainingRun = pgTable(
  'training_run',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    status: runStatus('status').notNull().default('queued'),
    trigger: text('trigger', { enum: ['button', 'feedback_count', 'schedule'] }).notNull(),
    requestedBy: text('requested_by'),
    /** PipelineConfig of core/config/presets.ts; parsed there. */
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
