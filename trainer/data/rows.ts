// The rows of a snapshot for feedback beyond comparisons and thumbs, and for demonstrations; one JSON object per line.
// Field names never change, because snapshots are kept: a row's "answer" is a completion in the code.
import { z } from 'zod';
import { HIGHEST_RATING, LOWEST_RATING } from '@/trainer/math/rating-scale';
import { Split } from './split';

const Ids = z.array(z.int().min(0)).min(1);

/** The fields that say where a row comes from. */
const Given = z.strictObject({
  split: Split,
  promptIds: Ids,
  raterId: z.string(),
  /** Trust in the rater, measured elsewhere; 1 until it is measured. */
  trust: z.number().min(0).max(1).default(1),
  /** Groups by which reports are split, for example { language: 'de' }. */
  groups: z.record(z.string(), z.string()).optional(),
});

export const BestOfRow = Given.extend({
  kind: z.literal('best_of'),
  answers: z.array(Ids).min(2),
  /** Index of the pick. */
  best: z.int().min(0),
}).refine(({ answers, best }) => best < answers.length, { error: 'best must be the index of one of the answers' });

export const RatingRow = Given.extend({
  kind: z.literal('rating'),
  answerIds: Ids,
  value: z.number().min(LOWEST_RATING).max(HIGHEST_RATING),
});

export const QuestionnaireRow = Given.extend({
  kind: z.literal('questionnaire'),
  answerIds: Ids,
  flaws: z.array(z.string()),
  /** The weights when the questionnaire was filled in. */
  flawWeights: z.strictObject({ version: z.string(), weights: z.record(z.string(), z.number().min(0)) }),
});

/** The corrected answer includes the end token; the original includes it only if it was not cut off. */
export const CorrectionRow = Given.extend({
  kind: z.literal('correction'),
  originalIds: Ids,
  correctedIds: Ids,
});

/** An answer that a person wrote or imported, with its end token. */
export const DemonstrationRow = Given.extend({ kind: z.literal('demonstration'), answerIds: Ids });

export const FEEDBACK_ROWS = [BestOfRow, RatingRow, QuestionnaireRow, CorrectionRow, DemonstrationRow] as const;
