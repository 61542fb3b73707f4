// Declares the tables of people's feedback on answers.
import { sql } from 'drizzle-orm';
import { check, index, jsonb, pgTable, serial, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import type { TaskWork } from '@/core/exchange/record';
import { FEEDBACK_KINDS, FEEDBACK_SOURCES, FEEDBACK_SUBJECTS, type FeedbackValue } from '@/core/feedback/kinds';
import { createdAt, updatedAt, userId } from './columns';
import { conversation, generation, message } from './conversation';
import { ratingAssignment } from './rating';

/** Two answers to one prompt that a person was asked, or chose, to compare; left and right are as shown. */
export const comparison = pgTable(
  'comparison',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    conversationId: uuid('conversation_id')
      .notNull()
      .references(() => conversation.id, { onDelete: 'cascade' }),
    userId: userId(),
    leftGenerationId: uuid('left_generation_id')
      .notNull()
      .references(() => generation.id, { onDelete: 'cascade' }),
    rightGenerationId: uuid('right_generation_id')
      .notNull()
      .references(() => generation.id, { onDelete: 'cascade' }),
    source: text('source', { enum: ['side_by_side', 'regenerate', 'workplace'] }).notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    index('comparison_left').on(t.leftGenerationId),
    index('comparison_right').on(t.rightGenerationId),
    // One comparison per pair of answers, whichever side each is on.
    uniqueIndex('comparison_pair').on(
      sql`least(${t.leftGenerationId}, ${t.rightGenerationId})`,
      sql`greatest(${t.leftGenerationId}, ${t.rightGenerationId})`,
    ),
  ],
);

/** What feedback is about: exactly one of the three, by kind (FEEDBACK_SUBJECTS). */
const subject = () => ({
  generationId: uuid('generation_id').references(() => generation.id, { onDelete: 'cascade' }),
  comparisonId: uuid('comparison_id').references(() => comparison.id, { onDelete: 'cascade' }),
  /** The person's message that was answered. */
  messageId: uuid('message_id').references(() => message.id, { onDelete: 'cascade' }),
});

/** An admin took it out of training and statistics, with a reason; or reviewers did, and `excludedBy` is null. */
const exclusion = () => ({
  excludedAt: timestamp('excluded_at', { withTimezone: true }),
  excludedBy: text('excluded_by'),
  excludedReason: text('excluded_reason'),
});

const kindsAbout = (about: string) =>
  sql.raw(
    FEEDBACK_KINDS.filter((kind) => FEEDBACK_SUBJECTS[kind] === about)
      .map((kind) => `'${kind}'`)
      .join(', '),
  );

/** One live value per (subject, person, kind). The author is the signed-in person. */
export const feedback = pgTable(
  'feedback',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    userId: userId(),
    kind: text('kind', { enum: FEEDBACK_KINDS }).notNull(),
    ...subject(),
    /** As FEEDBACK_VALUES[kind] parses it. */
    value: jsonb('value').$type<FeedbackValue>().notNull(),
    comment: text('comment'),
    source: text('source', { enum: FEEDBACK_SOURCES }).notNull().default('chat'),
    /** The task that it answers; its row holds the guideline and the time taken. */
    assignmentId: uuid('assignment_id').references(() => ratingAssignment.id, { onDelete: 'set null' }),
    ...exclusion(),
    /** Of an imported row: the work on the task that it answered elsewhere. */
    origin: jsonb('origin').$type<{ work: TaskWork }>(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [
    uniqueIndex('feedback_one_per_generation').on(t.userId, t.generationId, t.kind),
    uniqueIndex('feedback_one_per_comparison').on(t.userId, t.comparisonId, t.kind),
    uniqueIndex('feedback_one_per_message').on(t.userId, t.messageId, t.kind),
    index('feedback_generation').on(t.generationId),
    index('feedback_comparison').on(t.comparisonId),
    index('feedback_message').on(t.messageId),
    index('feedback_created').on(t.createdAt),
    // The newest votes (db/feedback/newest-votes.ts).
    index('feedback_said').on(t.createdAt, t.id).where(sql`${t.kind} <> 'implicit'`),
    index('feedback_choice').on(t.createdAt, t.id).where(sql`${t.kind} = 'comparison'`),
    // By which lists are sorted, and what no run has seen is found.
    index('feedback_updated').on(t.updatedAt, t.id),
    check(
      'feedback_subject',
      sql`num_nonnulls(${t.generationId}, ${t.comparisonId}, ${t.messageId}) = 1
       and (${t.generationId} is not null) = (${t.kind} in (${kindsAbout('generation')}))
       and (${t.comparisonId} is not null) = (${t.kind} in (${kindsAbout('comparison')}))`,
    ),
  ],
);

/** Every value that a person has given and withdrawn, in order; the live one is also in `feedback`. */
export const feedbackHistory = pgTable(
  'feedback_history',
  {
    id: serial('id').primaryKey(),
    userId: userId(),
    kind: text('kind', { enum: FEEDBACK_KINDS }).notNull(),
    ...subject(),
    /** null when it was withdrawn. */
    value: jsonb('value').$type<FeedbackValue>(),
    comment: text('comment'),
    /** Of what was withdrawn, so that it is not undone by giving the same thing anew. */
    ...exclusion(),
    createdAt: createdAt(),
  },
  (t) => [
    index('feedback_history_user').on(t.userId, t.createdAt),
    index('feedback_history_generation').on(t.generationId),
    index('feedback_history_comparison').on(t.comparisonId),
    index('feedback_history_message').on(t.messageId),
  ],
);
