// The one shape in which feedback of every kind is given and withdrawn: its kind, what it is about, its value, a comment.
import { z } from 'zod';
import { TEXT_LIMITS } from '../text/text-limits';
import { FEEDBACK_KINDS, FEEDBACK_SUBJECTS, FEEDBACK_VALUES, type FeedbackKind, type FeedbackValue, Id } from './kinds';

/** The fields that name a subject; what has no known id is named by completions: a pair by both, a message by any. */
const SUBJECT_FIELDS = {
  generation: { generationId: Id },
  comparison: { comparisonId: Id.optional(), leftGenerationId: Id.optional(), rightGenerationId: Id.optional() },
  message: { messageId: Id.optional(), generationId: Id.optional() },
} as const;

interface SubjectFields {
  generation: { generationId: string };
  comparison: { comparisonId?: string; leftGenerationId?: string; rightGenerationId?: string };
  message: { messageId?: string; generationId?: string };
}
type SubjectOf<Kind extends FeedbackKind> = { kind: Kind } & SubjectFields[(typeof FEEDBACK_SUBJECTS)[Kind]];
type GivenOf<Kind extends FeedbackKind> = SubjectOf<Kind> & { value: FeedbackValue<Kind>; comment?: string | null };
type InputOf<Kind extends FeedbackKind> = SubjectOf<Kind> & {
  value: z.input<(typeof FEEDBACK_VALUES)[Kind]>;
  comment?: string | null;
};

export type FeedbackSubject = { [Kind in FeedbackKind]: SubjectOf<Kind> }[FeedbackKind];
export type Feedback = { [Kind in FeedbackKind]: GivenOf<Kind> }[FeedbackKind];
type FeedbackInput = { [Kind in FeedbackKind]: InputOf<Kind> }[FeedbackKind];

/** Absent: the comment that is there stays. null removes it. */
export const Comment = z.string().max(TEXT_LIMITS.comment).nullish();

interface Naming {
  path: string;
  error: string;
  isComplete: (form: Record<string, unknown>) => boolean;
}

/** Which of the fields must be there, where not all of them must. */
const NAMING: Partial<Record<keyof SubjectFields, Naming>> = {
  comparison: {
    path: 'comparisonId',
    error: 'must be given, or else leftGenerationId and rightGenerationId of two answers',
    isComplete: ({ comparisonId, leftGenerationId: left, rightGenerationId: right }) =>
      comparisonId ? !left && !right : Boolean(left && right && left !== right),
  },
  message: {
    path: 'messageId',
    error: 'must be given, or else generationId of one of its answers',
    isComplete: ({ messageId, generationId }) => Boolean(messageId) !== Boolean(generationId),
  },
};

/** A schema of a kind with the fields of its subject and these. */
export function formOf(kind: FeedbackKind, fields: z.ZodRawShape) {
  const about = FEEDBACK_SUBJECTS[kind];
  const form: z.ZodObject = z.strictObject({ kind: z.literal(kind), ...SUBJECT_FIELDS[about], ...fields });
  const naming = NAMING[about];
  return naming ? form.refine(naming.isComplete, { path: [naming.path], error: naming.error }) : form;
}

type Form = ReturnType<typeof formOf>;
const union = (formOfKind: (kind: FeedbackKind) => Form) =>
  z.discriminatedUnion('kind', FEEDBACK_KINDS.map(formOfKind) as [Form, ...Form[]]);

export const Feedback = union((kind) =>
  formOf(kind, { value: FEEDBACK_VALUES[kind], comment: Comment }),
) as unknown as z.ZodType<Feedback, FeedbackInput>;

export const FeedbackSubject = union((kind) => formOf(kind, {})) as unknown as z.ZodType<FeedbackSubject>;
