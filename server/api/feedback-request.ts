// The API's feedback request: every kind in the one form of core/feedback, and the two short forms of older clients.
import { z } from 'zod';
import { Comment, type Feedback, type FeedbackSubject, formOf } from '@/core/feedback/feedback';
import { FEEDBACK_KINDS, FEEDBACK_VALUES, type FeedbackKind, Id } from '@/core/feedback/kinds';
import { parseWire, wireSchema } from '@/core/feedback/wire';

/** What a request asks for. */
export type FeedbackRequest =
  | { act: 'give'; feedback: Feedback }
  | { act: 'withdraw'; subject: FeedbackSubject }
  | { act: 'thumb'; generationId: string; value: 1 | -1 | null; reasons?: string[]; comment?: string | null }
  | { act: 'prefer'; preferredGenerationId: string; otherGenerationId: string };

const Reasons = FEEDBACK_VALUES.thumb.shape.reasons.unwrap();
const [UP, DOWN] = [z.literal(1), z.literal(-1)];

/** Fields of the older, shorter forms. */
const SHORT: Partial<Record<FeedbackKind, z.ZodRawShape>> = {
  thumb: {
    value: z
      .union([UP, DOWN, wireSchema(FEEDBACK_VALUES.thumb), z.null()])
      .describe('1 is up and -1 is down; null withdraws the thumb.'),
    reasons: Reasons.optional().describe('With a value of 1 or -1. Absent: those of the same thumb stay.'),
  },
  comparison: {
    value: wireSchema(FEEDBACK_VALUES.comparison).nullish().describe('null withdraws the choice.'),
    preferred_generation_id: Id.optional().describe('In place of all other fields but `kind`, with the next field.'),
    other_generation_id: Id.optional().describe('Another answer to the same message.'),
  },
};

function requestOf(kind: FeedbackKind) {
  const form = formOf(kind, { value: FEEDBACK_VALUES[kind], comment: Comment });
  const subject = formOf(kind, {});
  const value = wireSchema(FEEDBACK_VALUES[kind]).nullable().describe('null withdraws what was given.');
  const sent = (wireSchema(form) as z.ZodObject).extend({ value, ...SHORT[kind] });
  return sent.transform((body, context): FeedbackRequest => {
    if (isShort(body)) return shortForm(body, context);
    const { value, comment, ...about } = body;
    return value === null
      ? { act: 'withdraw', subject: parseWire(subject, about, context) as FeedbackSubject }
      : { act: 'give', feedback: parseWire(form, body, context) as Feedback };
  });
}

const isShort = ({ kind, value, reasons, preferred_generation_id, other_generation_id }: Record<string, unknown>) =>
  kind === 'thumb'
    ? typeof value === 'number' || reasons !== undefined
    : preferred_generation_id !== undefined || other_generation_id !== undefined;

const ShortForms = {
  thumb: z
    .strictObject({
      kind: z.literal('thumb'),
      generation_id: Id,
      value: z.union([UP, DOWN, z.null()]),
      reasons: Reasons.optional(),
      comment: Comment,
    })
    .transform(({ generation_id: generationId, value, reasons, comment }): FeedbackRequest => {
      return { act: 'thumb', generationId, value, reasons, comment };
    }),
  comparison: z
    .strictObject({ kind: z.literal('comparison'), preferred_generation_id: Id, other_generation_id: Id })
    .transform(({ preferred_generation_id, other_generation_id }): FeedbackRequest => {
      return { act: 'prefer', preferredGenerationId: preferred_generation_id, otherGenerationId: other_generation_id };
    }),
};

function shortForm(body: Record<string, unknown>, context: z.RefinementCtx): FeedbackRequest {
  const parsed = ShortForms[body.kind as keyof typeof ShortForms].safeParse(body);
  if (parsed.success) return parsed.data;
  for (const { path, message } of parsed.error.issues) context.addIssue({ code: 'custom', path, message });
  return z.NEVER;
}

const forms = FEEDBACK_KINDS.map(requestOf);
export const FeedbackRequest = z.discriminatedUnion('kind', forms as [(typeof forms)[number], ...typeof forms]);
