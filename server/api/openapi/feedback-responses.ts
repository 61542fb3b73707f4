// The API's responses about feedback as zod objects.
import { z } from 'zod';
import { GateResult } from '@/core/artifact/manifest';
import { RUN_STATUSES, VERSION_STATUSES } from '@/core/contract';
import { FEEDBACK_KINDS, FEEDBACK_SOURCES, FEEDBACK_SUBJECTS, FEEDBACK_VALUES } from '@/core/feedback/kinds';
import { wireSchema } from '@/core/feedback/wire';

const Id = z.uuid();
const Time = z.iso.datetime();

export const FeedbackResponse = z.strictObject({
  object: z.literal('feedback'),
  id: Id.nullable().describe('null when it was withdrawn.'),
  comparison_id: Id.nullable(),
});

/** Named as in code: `wireSchema` and `toWire` give the names that are sent. */
export const Learner = z.strictObject({
  versionId: z.string(),
  runId: Id,
  status: z.enum(VERSION_STATUSES),
  createdAt: Time,
  championSince: Time.nullable().describe('When it first became the champion.'),
  isChampion: z.boolean(),
});

export const Trace = z.strictObject({
  id: Id,
  kind: z.enum(FEEDBACK_KINDS),
  createdAt: Time,
  updatedAt: Time,
  isConsented: z.boolean().describe('The owner of the chat allows training.'),
  isExcluded: z.boolean().describe('An administrator took it out of training.'),
  snapshots: z.array(
    z.strictObject({
      id: Id,
      sha256: z.string(),
      frozenUpTo: Time,
      lines: z
        .array(z.int())
        .nullable()
        .describe(
          'Line numbers from 1; null if the file does not say: it is gone, names no votes, or the line was blanked.',
        ),
      blankedLines: z.int().describe('Lines blanked since, because people withdrew what they held.'),
      runs: z.array(
        z.strictObject({
          id: Id,
          status: z.enum(RUN_STATUSES),
          verdict: z.string().nullable(),
          finishedAt: Time.nullable(),
          version: z
            .strictObject({
              ...Learner.shape,
              hasLearned: z
                .boolean()
                .describe(
                  'It learned from this vote; false if the vote was held out to judge, or its rater is not believed.',
                ),
              gates: z.array(GateResult.strict()),
            })
            .nullable(),
        }),
      ),
    }),
  ),
});

export const FeedbackTrace = (wireSchema(Trace) as z.ZodObject).extend({ object: z.literal('feedback.trace') });

const items = FEEDBACK_KINDS.map((kind) =>
  z.strictObject({
    object: z.literal('feedback'),
    id: Id,
    kind: z.literal(kind),
    [`${FEEDBACK_SUBJECTS[kind]}_id`]: Id,
    value: wireSchema(FEEDBACK_VALUES[kind]),
    comment: z.string().nullable(),
    source: z.enum(FEEDBACK_SOURCES),
    created_at: Time,
    updated_at: Time,
    can_change: z.boolean(),
    is_excluded: z.boolean().describe('An administrator took it out of training.'),
    learned_by: z.array(wireSchema(Learner)).describe('The versions that were trained on it, oldest first.'),
  }),
);
const FeedbackItem = z.discriminatedUnion('kind', items as [(typeof items)[number], ...typeof items]);

export const FeedbackList = z.strictObject({
  object: z.literal('list'),
  data: z.array(FeedbackItem),
  next_cursor: z.string().nullable().describe('For the next page; null on the last.'),
});

const Words = z.strictObject({ en: z.string(), ja: z.string() });
export const QuestionnaireList = z.strictObject({
  object: z.literal('list'),
  data: z.array(
    z.strictObject({
      id: Id,
      name: z.string(),
      version: z.int(),
      is_for_chat: z.boolean().describe('Its flaws are those that `flaws` takes.'),
      questions: z.array(
        z.strictObject({
          id: z.string(),
          text: Words,
          kind: z.enum(['flaw', 'scale', 'choice']),
          weight: z
            .number()
            .describe('Of a flaw: what it takes off a quality of 1. Of a scale or a choice: its share of the quality.'),
          steps: z.int().optional(),
          options: z.array(z.strictObject({ id: z.string(), text: Words, quality: z.number() })).optional(),
        }),
      ),
    }),
  ),
});
