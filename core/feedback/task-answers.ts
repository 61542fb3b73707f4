// Defines what a rater may answer to each kind of task, in the order and with the sides in which the rater saw it.
import { z } from 'zod';
import { TEXT_LIMITS } from '../text/text-limits';
import { FEEDBACK_VALUES, MOST_RANKED } from './kinds';

export const TASK_KINDS = [
  'compare',
  'rate',
  'rank',
  'questionnaire',
  'write',
  'correct',
  'review',
  'adjudicate',
] as const;
export type TaskKind = (typeof TASK_KINDS)[number];

/** Best first; each completion by its place among those shown, from 0. */
const ShownOrder = z
  .array(
    z
      .array(
        z
          .int()
          .min(0)
          .max(MOST_RANKED - 1),
      )
      .min(1),
  )
  .min(1)
  .max(MOST_RANKED);

const answer = <Kind extends string, Value extends z.ZodType>(kind: Kind, value: Value) =>
  z.strictObject({ kind: z.literal(kind), value });

/** A disagreement is settled by an answer of the kind that the raters gave. */
export const TaskAnswer = z.discriminatedUnion('kind', [
  answer('compare', FEEDBACK_VALUES.comparison),
  answer('rate', FEEDBACK_VALUES.rating),
  answer('rank', z.strictObject({ order: ShownOrder })),
  answer('questionnaire', z.strictObject({ answers: FEEDBACK_VALUES.questionnaire.shape.answers })),
  answer('write', FEEDBACK_VALUES.demonstration),
  answer('correct', FEEDBACK_VALUES.correction),
  answer('review', z.strictObject({ accept: z.boolean(), reason: z.string().max(TEXT_LIMITS.comment).optional() })),
]);
export type TaskAnswer = z.infer<typeof TaskAnswer>;

/** Why a rater passes a task on. */
export const SKIP_REASONS = ['unclear', 'language', 'knowledge', 'harmful', 'other'] as const;
