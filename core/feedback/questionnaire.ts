// Defines the questions of a questionnaire.
import { z } from 'zod';

const MOST_QUESTIONS = 40;
const Id = z
  .string()
  .min(1)
  .max(40)
  .regex(/^[a-z0-9_-]+$/, { error: 'may have a-z, 0-9, - and _ only' });
const Words = z.strictObject({ en: z.string().trim().min(1).max(300), ja: z.string().trim().min(1).max(300) });
const Weight = z.number().min(0).max(1);

const Option = z.strictObject({ id: Id, text: Words, quality: z.number().min(0).max(1) });

/** A question, whose answers lower or raise a completion's quality. */
export const Question = z
  .strictObject({
    id: Id,
    text: Words,
    /** A flaw is ticked or not; a scale has steps 1 to `steps`; a choice has options. */
    kind: z.enum(['flaw', 'scale', 'choice']),
    /** Of a flaw: how much it takes off a quality of 1. Of a scale or choice: its share of the quality. */
    weight: Weight,
    steps: z.int().min(2).max(10).optional(),
    options: z.array(Option).min(2).max(9).optional(),
  })
  .refine(({ kind, steps }) => (kind === 'scale') === (steps !== undefined), { error: 'steps belong to a scale' })
  .refine(({ kind, options }) => (kind === 'choice') === (options !== undefined), {
    error: 'options belong to a choice',
  })
  .refine(({ options }) => isDistinct(options ?? []), { error: 'options must have different ids' });
export type Question = z.infer<typeof Question>;

export const Questions = z
  .array(Question)
  .min(1)
  .max(MOST_QUESTIONS)
  .refine(isDistinct, { error: 'questions must have different ids' });

function isDistinct(items: readonly { id: string }[]): boolean {
  return new Set(items.map(({ id }) => id)).size === items.length;
}
