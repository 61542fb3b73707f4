// Declares the tables of people's feedback on answers.
import { sql } from 'drizzle-orm';
import { check, index, pgTable, smallint, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { createdAt, updatedAt, userId } from './columns';
import { conversation, generation } from './conversation';

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
    source: text('source', { enum: ['side_by_side', 'regenerate'] }).notNull(),
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

export const FEEDBACK_KINDS = ['thumb', 'comparison'] as const;
export const CHOICES = ['left', 'right', 'tie', 'both_bad'] as const;

/** One current value per (generation or comparison, user, kind). The author is the signed-in user. */
export const feedback = pgTable(
  'feedback',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    userId: userId(),
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
