// The rows of a snapshot for feedback beyond comparisons and thumbs, and for demonstrations; one JSON object per line.
// Field names never change, because snapshots are kept: a row's "answer" is a completion in the code.
import { z } from 'zod';
import { HIGHEST_RATING, LOWEST_RATING, MOST_RANKED } from '../feedback/kinds';

export const Split = z.enum(['train', 'heldout']);
export type Split = z.infer<typeof Split>;

const Ids = z.array(z.int().min(0)).min(1);

/** What trust in a rater may be: 1 as much as any, 0 none, below 0 for one whose votes count turned over. */
export const Trust = z.number().min(-1).max(1);

/** The fields that say where feedback comes from, which rows of old snapshots and files do not have. */
export const Source = {
  /** The feedback in the database. */
  feedbackId: z.string().optional(),
  /** An admin trusts the rater: no estimate changes the trust. */
  isVouchedFor: z.literal(true).optional(),
  /** A model gave it, by a constitution; the feedback says which. */
  isByJudge: z.literal(true).optional(),
  /** Groups by which reports are split, for example { language: 'de' }. */
  groups: z.record(z.string(), z.string()).optional(),
};

const Given = z.strictObject({
  split: Split,
  promptIds: Ids,
  raterId: z.string(),
  /** As it was when the row was frozen; 1 until it is measured. */
  trust: Trust.default(1),
  ...Source,
});

export const BestOfRow = Given.extend({
  kind: z.literal('best_of'),
  answers: z.array(Ids).min(2),
  /** Index of the pick. */
  best: z.int().min(0),
}).refine(({ answers, best }) => best < answers.length, { error: 'best must be the index of one of the answers' });

export const RankingRow = Given.extend({
  kind: z.literal('ranking'),
  answers: z.array(Ids).min(2).max(MOST_RANKED),
  /** Of each answer; 0 is the best, and equal ranks tie. */
  ranks: z.array(z.int().min(0)),
}).refine(({ answers, ranks }) => answers.length === ranks.length, { error: 'ranks must have one for each answer' });

export const RatingRow = Given.extend({
  kind: z.literal('rating'),
  answerIds: Ids,
  value: z.number().min(LOWEST_RATING).max(HIGHEST_RATING),
});

export const QuestionnaireRow = Given.extend({
  kind: z.literal('questionnaire'),
  answerIds: Ids,
  flaws: z.array(z.string()),
  /** What each flaw took off a quality of 1 when the questionnaire was filled in. */
  flawWeights: z.strictObject({ version: z.string(), weights: z.record(z.string(), z.number().min(0)) }),
  /** The score of all answers, if there are others than flaws. */
  quality: z.number().min(0).max(1).optional(),
  /** The rater named the flaws unasked. */
  isVolunteered: z.literal(true).optional(),
}).refine(({ flaws, flawWeights }) => flaws.every((flaw) => Object.hasOwn(flawWeights.weights, flaw)), {
  error: 'flawWeights.weights must have a weight for each flaw',
});

/** The corrected answer includes the end token; the original includes it only if it was not cut off. */
export const CorrectionRow = Given.extend({
  kind: z.literal('correction'),
  originalIds: Ids,
  correctedIds: Ids,
});

/** An answer that a person wrote or imported, with its end token. */
export const DemonstrationRow = Given.extend({ kind: z.literal('demonstration'), answerIds: Ids });

/** What a person did with an answer. */
export const ImplicitRow = Given.extend({
  kind: z.literal('implicit'),
  answerIds: Ids,
  copied: z.boolean(),
  regenerated: z.boolean(),
  abandoned: z.boolean(),
  /** Time for which the finished answer was in view, if it was measured. */
  dwellMs: z.number().min(0).optional(),
});

export const FEEDBACK_ROWS = [
  BestOfRow,
  RankingRow,
  RatingRow,
  QuestionnaireRow,
  CorrectionRow,
  DemonstrationRow,
  ImplicitRow,
] as const;
