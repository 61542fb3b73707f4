// Declares the tables of versions and their tags, releases, and experiments between two versions.
import { sql } from 'drizzle-orm';
import {
  boolean,
  check,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgEnum,
  pgTable,
  primaryKey,
  serial,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import type { GateResult, Manifest } from '@/core/artifact/manifest';
import { VERSION_STATUSES } from '@/core/contract';
import { CANARY_PHASES, type CanarySettings } from '@/core/rollout/canary';
import type { ExperimentPlan, ExperimentVerdict, Needed } from '@/core/rollout/experiment';
import { type SettingsChange, VERSION_LAYER } from '@/core/rollout/layers';
import type { Progress } from '@/core/rollout/progress';
import type { Verdict } from '@/core/rollout/review';
import { createdAt, userId } from './columns';

export const versionStatus = pgEnum('version_status', VERSION_STATUSES);

/** A published artifact. The base itself is the row `base`, which has no directory. */
export const version = pgTable(
  'version',
  {
    id: text('id').primaryKey(),
    parentId: text('parent_id'),
    runId: uuid('run_id'),
    snapshotId: uuid('snapshot_id'),
    baseId: text('base_id').notNull(),
    baseSha256: text('base_sha256').notNull(),
    status: versionStatus('status').notNull(),
    manifest: jsonb('manifest').$type<Manifest>(),
    gates: jsonb('gates').$type<GateResult[]>().notNull().default([]),
    /** An admin's words on it. */
    note: text('note').notNull().default(''),
    /** It may no longer be chosen to serve; null if it may. */
    retiredAt: timestamp('retired_at', { withTimezone: true }),
    retiredReason: text('retired_reason'),
    /** Its directory is gone; only a retired version's can be deleted. */
    filesDeletedAt: timestamp('files_deleted_at', { withTimezone: true }),
    createdAt: createdAt(),
  },
  (t) => [
    index('version_created').on(t.createdAt, t.id),
    index('version_parent').on(t.parentId),
    check('version_retired', sql`(${t.retiredAt} is null) = (${t.retiredReason} is null)`),
    check('version_files', sql`${t.filesDeletedAt} is null or ${t.retiredAt} is not null`),
  ],
);

/** Short names that admins give to versions; one may stand on several. */
export const versionTag = pgTable(
  'version_tag',
  {
    versionId: text('version_id')
      .notNull()
      .references(() => version.id, { onDelete: 'cascade' }),
    tag: text('tag').notNull(),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.versionId, t.tag] }), index('version_tag_tag').on(t.tag)],
);

/** Append-only history of the serving version; the row with the highest seq names the champion. */
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

/**
 * Two versions, or two sets of settings: of the users in its segment of the layer, arm `candidate` gets `share` and arm
 * `champion` the rest.
 */
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
    /** null where the arms differ in settings. */
    candidateVersionId: text('candidate_version_id').references(() => version.id),
    /** What the candidate's arm has in place of the product's settings; null where the arms differ in the version. */
    change: jsonb('change').$type<SettingsChange>(),
    /** Experiments of one layer have no user in common. */
    layer: text('layer').notNull().default(VERSION_LAYER),
    segmentFrom: doublePrecision('segment_from').notNull().default(0),
    segmentTo: doublePrecision('segment_to').notNull().default(1),
    share: doublePrecision('share').notNull(),
    shareSince: timestamp('share_since', { withTimezone: true }).notNull().defaultNow(),
    /** null for a canary, which is decided by its own reviews, and for one that began before plans were kept. */
    plan: jsonb('plan').$type<ExperimentPlan>(),
    /** By the plan, with what was known at the start; null if no number of votes can decide. */
    needed: jsonb('needed').$type<Needed>(),
    /** What decided it, once and for all; null as long as nothing has. */
    decision: jsonb('decision').$type<ExperimentVerdict>(),
    decidedAt: timestamp('decided_at', { withTimezone: true }),
    status: experimentStatus('status').notNull().default('running'),
    createdBy: text('created_by'),
    createdAt: createdAt(),
    stoppedAt: timestamp('stopped_at', { withTimezone: true }),
  },
  (t) => [
    check('experiment_share', sql`${t.share} >= 0 and ${t.share} <= 1`),
    check(
      'experiment_segment',
      sql`0 <= ${t.segmentFrom} and ${t.segmentFrom} < ${t.segmentTo} and ${t.segmentTo} <= 1`,
    ),
    check('experiment_arms', sql`(${t.change} is null) <> (${t.candidateVersionId} is null)`),
    index('experiment_running').on(t.layer).where(sql`${t.status} = 'running'`),
  ],
);

/** A user who was asked for an answer during an experiment. The arm is the first one: a share above the bucket changes it. */
export const assignment = pgTable(
  'assignment',
  {
    experimentId: uuid('experiment_id')
      .notNull()
      .references(() => experiment.id, { onDelete: 'cascade' }),
    userId: userId(),
    arm: text('arm', { enum: ['champion', 'candidate'] }).notNull(),
    /** In [0, 1): the user gets the candidate while the share is above it. */
    bucket: doublePrecision('bucket').notNull(),
    propensity: doublePrecision('propensity').notNull(),
    createdAt: createdAt(),
    /** The first answer that came from the arm alone; null for someone who has only seen both arms side by side. */
    exposedAt: timestamp('exposed_at', { withTimezone: true }),
  },
  (t) => [primaryKey({ columns: [t.experimentId, t.userId] }), index('assignment_bucket').on(t.experimentId, t.bucket)],
);

export const canaryPhase = pgEnum('canary_phase', CANARY_PHASES);

/** A candidate on its way to all users, step by step; its experiment assigns the users. */
export const canary = pgTable(
  'canary',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    experimentId: uuid('experiment_id')
      .notNull()
      .references(() => experiment.id),
    candidateVersionId: text('candidate_version_id')
      .notNull()
      .references(() => version.id),
    championVersionId: text('champion_version_id')
      .notNull()
      .references(() => version.id),
    phase: canaryPhase('phase').notNull(),
    phaseSince: timestamp('phase_since', { withTimezone: true }).notNull().defaultNow(),
    isPaused: boolean('is_paused').notNull().default(false),
    settings: jsonb('settings').$type<CanarySettings>().notNull(),
    /** What the last review found, and how much it had of what it waits for. */
    verdict: jsonb('verdict').$type<Verdict>(),
    progress: jsonb('progress').$type<Progress>(),
    reviews: integer('reviews').notNull().default(0),
    reviewedAt: timestamp('reviewed_at', { withTimezone: true }),
    /** A person's words on the last thing that they did to it. */
    reason: text('reason'),
    createdBy: text('created_by'),
    createdAt: createdAt(),
    endedAt: timestamp('ended_at', { withTimezone: true }),
  },
  (t) => [
    uniqueIndex('canary_one_running').on(sql`(true)`).where(sql`${t.endedAt} is null`),
    check('canary_ended', sql`(${t.endedAt} is not null) = (${t.phase} in ('promoted', 'rolled_back'))`),
  ],
);
