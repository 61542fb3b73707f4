// Defines every kind of feedback once, for the chat, the workplace, the API, imports and the database: what it is about and what it says.
import { z } from 'zod';
import { MAX_REASONS, TEXT_LIMITS } from '../text/text-limits';

export const CHOICES = ['left', 'right', 'tie', 'both_bad'] as const;
export type Choice = (typeof CHOICES)[number];
/** How much better the chosen side is: with the two sides and the tie, seven steps. */
export const STRENGTHS = ['much', 'somewhat', 'slightly'] as const;

export const LOWEST_RATING = 1;
export const HIGHEST_RATING = 10;
export const MOST_RANKED = 8;
const MOST_FLAWS = 20;
const MOST_QUESTIONS = 40;
/** An answer that a person writes, in UTF-16 units; the base's context sets a smaller limit, counted in tokens. */
export const MAX_WRITTEN = 32_000;
const A_DAY_MS = 86_400_000;

/** Postgres compares ids without regard to case, so they have one spelling from here on. */
export const Id = z.uuid().toLowerCase();

const Written = z
  .string()
  .max(MAX_WRITTEN)
  .refine((text) => text.trim() !== '', { error: 'must not be blank' });

/** A mark in the answer as it is shown, in UTF-16 units: [start, end). */
const Span = z
  .strictObject({ start: z.int().min(0), end: z.int().min(1) })
  .refine(({ start, end }) => start < end, { error: 'end must be greater than start' });
export type Span = z.infer<typeof Span>;

const Flaw = z.strictObject({
  /** Id of a question of the flaw questionnaire. */
  flaw: z.string().min(1).max(TEXT_LIMITS.reason),
  reason: z.string().max(TEXT_LIMITS.comment).optional(),
  span: Span.optional(),
});
export type Flaw = z.infer<typeof Flaw>;

const isDistinct = (ids: readonly string[]) => new Set(ids).size === ids.length;

const SAFETY = z.enum(['safe', 'unsafe']);
export const PairSafety = z
  .strictObject({ left: SAFETY, right: SAFETY, safer: z.enum(['left', 'right']).optional() })
  .refine((safety) => !safety.safer || safety[safety.safer] === 'safe' || safety.left === safety.right, {
    error: 'safer cannot be the unsafe side of a safe one',
  });

/** What a kind says about its subject. */
export const FEEDBACK_VALUES = {
  thumb: z.strictObject({
    up: z.boolean(),
    reasons: z.array(z.string().min(1).max(TEXT_LIMITS.reason)).max(MAX_REASONS).default([]),
  }),
  comparison: z
    .strictObject({
      choice: z.enum(CHOICES),
      strength: z.enum(STRENGTHS).optional(),
      /** Apart from which is better: whether each side is safe, and which of them is safer. */
      safety: PairSafety.optional(),
    })
    .refine(({ choice, strength }) => !strength || choice === 'left' || choice === 'right', {
      error: 'strength belongs to left or right',
    }),
  /** The best of several completions of one prompt; the ids are those that were shown. */
  best_of: z
    .strictObject({ generationIds: z.array(Id).min(2).max(MOST_RANKED), best: Id })
    .refine(({ generationIds, best }) => generationIds.includes(best), { error: 'best must be one of generationIds' })
    .refine(({ generationIds }) => isDistinct(generationIds), { error: 'generationIds must differ' }),
  /** Best first; completions of one group are equally good. */
  ranking: z
    .strictObject({ order: z.array(z.array(Id).min(1)).min(1).max(MOST_RANKED) })
    .refine(({ order }) => order.flat().length >= 2 && order.flat().length <= MOST_RANKED, {
      error: `order must have 2 to ${MOST_RANKED} completions`,
    })
    .refine(({ order }) => isDistinct(order.flat()), { error: 'order must name each completion once' }),
  rating: z.strictObject({ rating: z.int().min(LOWEST_RATING).max(HIGHEST_RATING) }),
  questionnaire: z.strictObject({
    questionnaireId: Id,
    /** By question id: a tick, a step of a scale, or the id of an option. */
    answers: z
      .record(z.string().max(TEXT_LIMITS.reason), z.union([z.boolean(), z.int(), z.string().max(TEXT_LIMITS.reason)]))
      .refine((answers) => Object.keys(answers).length <= MOST_QUESTIONS, {
        error: `at most ${MOST_QUESTIONS} answers`,
      }),
  }),
  /** An empty list says that the completion has none of the flaws. */
  flaws: z.strictObject({ flaws: z.array(Flaw).max(MOST_FLAWS) }),
  correction: z.strictObject({ text: Written }),
  demonstration: z.strictObject({ text: Written }),
  /** What a person did with an answer, not what they said of it. */
  implicit: z
    .strictObject({
      copied: z.literal(true).optional(),
      regenerated: z.literal(true).optional(),
      abandoned: z.literal(true).optional(),
      /** Time for which the finished answer was in view. */
      dwellMs: z.int().min(0).max(A_DAY_MS).optional(),
    })
    .refine((signals) => Object.keys(signals).length > 0, { error: 'give at least one signal' }),
} as const;

export type FeedbackKind = keyof typeof FEEDBACK_VALUES;
export const FEEDBACK_KINDS = Object.keys(FEEDBACK_VALUES) as [FeedbackKind, ...FeedbackKind[]];
export type FeedbackValue<Kind extends FeedbackKind = FeedbackKind> = z.infer<(typeof FEEDBACK_VALUES)[Kind]>;

/** What a kind is about: one completion, a pair that was shown side by side, or the message that was answered. */
export const FEEDBACK_SUBJECTS = {
  thumb: 'generation',
  comparison: 'comparison',
  best_of: 'message',
  ranking: 'message',
  rating: 'generation',
  questionnaire: 'generation',
  flaws: 'generation',
  correction: 'generation',
  demonstration: 'message',
  implicit: 'generation',
} as const satisfies Record<FeedbackKind, 'generation' | 'comparison' | 'message'>;

/** Where feedback was given. */
export const FEEDBACK_SOURCES = ['chat', 'workplace', 'api', 'import', 'judge'] as const;
