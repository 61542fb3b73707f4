// Declares the tables of the rating workplace: prompt sets, tasks, who works on them, guidelines, questionnaires, standing.
import { sql } from 'drizzle-orm';
import {
  type AnyPgColumn,
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  real,
  serial,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import type { Question } from '@/core/feedback/questionnaire';
import { TASK_KINDS } from '@/core/feedback/task-answers';
import { STANDINGS } from '@/core/trust/standing';
import { user } from '../auth-schema';
import { createdAt, userId } from './columns';
import { message, promptSet } from './conversation';

/** What raters read beside a task; the newest is in force, and an assignment keeps the one that its rater saw. */
export const guideline = pgTable('guideline', {
  version: serial('version').primaryKey(),
  /** Markdown by language. */
  text: jsonb('text').$type<{ en: string; ja: string }>().notNull(),
  createdBy: text('created_by'),
  createdAt: createdAt(),
});

/** A version of a questionnaire never changes: an edit is a new row with the same name. */
export const questionnaire = pgTable(
  'questionnaire',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    name: text('name').notNull(),
    version: integer('version').notNull(),
    questions: jsonb('questions').$type<Question[]>().notNull(),
    /** The flaws that the chat offers under "tell more". */
    isForChat: boolean('is_for_chat').notNull().default(false),
    createdBy: text('created_by'),
    createdAt: createdAt(),
    retiredAt: timestamp('retired_at', { withTimezone: true }),
  },
  (t) => [uniqueIndex('questionnaire_version').on(t.name, t.version)],
);

/** One thing to judge or to write, for `needed` different raters. */
export const ratingTask = pgTable(
  'rating_task',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    kind: text('kind', { enum: TASK_KINDS }).notNull(),
    /** The message to answer, or whose answers are judged. */
    messageId: uuid('message_id')
      .notNull()
      .references(() => message.id, { onDelete: 'cascade' }),
    /** The completions to judge; of a pair the first is the left one of values. Each assignment shows its own order. */
    generationIds: uuid('generation_ids').array().notNull().default([]),
    questionnaireId: uuid('questionnaire_id').references(() => questionnaire.id),
    promptSetId: uuid('prompt_set_id').references(() => promptSet.id, { onDelete: 'cascade' }),
    /** Raters who must answer. */
    needed: integer('needed').notNull().default(1),
    /**
     * A value with which answers are compared, unknown to raters: of a check from the start, of a disagreement once it
     * is settled. Null for other tasks.
     */
    truth: jsonb('truth'),
    /** Versions that have yet to write an answer each; until they have, nobody gets the task. */
    pendingVersionIds: text('pending_version_ids').array().notNull().default([]),
    /** The written answer that a review accepts or rejects. */
    reviewsAssignmentId: uuid('reviews_assignment_id').references((): AnyPgColumn => ratingAssignment.id, {
      onDelete: 'cascade',
    }),
    /** The task on which raters disagreed. */
    adjudicatesTaskId: uuid('adjudicates_task_id').references((): AnyPgColumn => ratingTask.id, {
      onDelete: 'cascade',
    }),
    /** Higher is sooner; how much an answer would teach. */
    priority: real('priority').notNull().default(0),
    /** Set when enough raters have answered or an admin closed it. */
    closedAt: timestamp('closed_at', { withTimezone: true }),
    createdAt: createdAt(),
  },
  (t) => [
    index('rating_task_open').on(t.closedAt, t.priority),
    index('rating_task_message').on(t.messageId),
    uniqueIndex('rating_task_adjudicates').on(t.adjudicatesTaskId),
    index('rating_task_reviews').on(t.reviewsAssignmentId),
  ],
);

export const ASSIGNMENT_STATUSES = ['locked', 'done', 'skipped', 'expired'] as const;

/** One rater's work on one task. */
export const ratingAssignment = pgTable(
  'rating_assignment',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    taskId: uuid('task_id')
      .notNull()
      .references(() => ratingTask.id, { onDelete: 'cascade' }),
    userId: userId(),
    status: text('status', { enum: ASSIGNMENT_STATUSES }).notNull().default('locked'),
    lockedUntil: timestamp('locked_until', { withTimezone: true }).notNull(),
    /** The completions in the order in which this rater saw them. */
    shown: uuid('shown').array().notNull().default([]),
    /** The same task given to the same rater once more, to measure agreement with themselves. */
    isRepeat: boolean('is_repeat').notNull().default(false),
    guidelineVersion: integer('guideline_version').references(() => guideline.version),
    /** What the rater gave, in the order of the task; of repeats and checks it stands here alone. */
    value: jsonb('value'),
    skipReason: text('skip_reason'),
    /** From being shown to being answered. */
    milliseconds: integer('milliseconds'),
    createdAt: createdAt(),
    finishedAt: timestamp('finished_at', { withTimezone: true }),
  },
  (t) => [
    uniqueIndex('rating_assignment_once').on(t.taskId, t.userId, t.isRepeat),
    index('rating_assignment_user').on(t.userId, t.createdAt),
    index('rating_assignment_done').on(t.finishedAt).where(sql`${t.status} = 'done' and ${t.value} is not null`),
  ],
);

/** An admin's word on a rater, over what the evidence says; no row means that the evidence decides. */
export const raterStanding = pgTable('rater_standing', {
  userId: text('user_id')
    .primaryKey()
    .references(() => user.id, { onDelete: 'cascade' }),
  standing: text('standing', { enum: STANDINGS }).notNull(),
  reason: text('reason').notNull(),
  setBy: text('set_by').notNull(),
  createdAt: createdAt(),
});
