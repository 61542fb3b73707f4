// Defines Attune's own format for data sets: a line of JSONL is a conversation with its feedback, or a questionnaire.
import { z } from 'zod';
import {
  FEEDBACK_KINDS,
  FEEDBACK_SOURCES,
  FEEDBACK_SUBJECTS,
  FEEDBACK_VALUES,
  type FeedbackKind,
  type FeedbackValue,
} from '../feedback/kinds';
import { FINISH_REASONS, Sampling } from '../sampling';

const Time = z.iso.datetime();
/** A hash, or the name that a file has for someone. */
const Person = z.string().min(1).max(200);
const Attributes = z.record(z.string(), z.json());
const Hit = z.strictObject({ ruleId: z.string(), start: z.int().min(0), end: z.int().min(0) });
const Ids = z.array(z.int().min(0));
const TopTokens = z.array(z.strictObject({ ids: Ids, logprobs: z.array(z.number()) }));

/** The model's sample behind an answer; null for an answer of which only the text is known, such as context. */
const Generation = z.strictObject({
  id: z.uuid(),
  status: z.enum(['done', 'stopped', 'failed']),
  versionId: z.string().nullable(),
  experimentId: z.uuid().nullable(),
  arm: z.enum(['champion', 'candidate']),
  propensity: z.number(),
  sampling: Sampling,
  seed: z.int(),
  /** The sha256 of the base's weights, with whose tokenizer the ids were made. */
  base: z.string().nullable(),
  promptIds: Ids,
  completionIds: Ids,
  logprobs: z.array(z.number()),
  topTokens: TopTokens.nullable(),
  finishReason: z.enum(FINISH_REASONS).nullable(),
  constraintHits: z.array(Hit),
  constraintRulesVersion: z.int(),
  error: z.string().nullable(),
  firstTokenMs: z.number().nullable(),
  durationMs: z.number().nullable(),
  createdAt: Time,
  finishedAt: Time.nullable(),
});

const Message = z.strictObject({
  id: z.uuid(),
  /** null for a first message; a parent stands before its children. */
  parentId: z.uuid().nullable(),
  role: z.enum(['user', 'assistant']),
  text: z.string(),
  createdAt: Time,
  constraintHits: z.array(Hit),
  /** What another format says of the message. */
  attributes: Attributes.nullable(),
  generation: Generation.nullable(),
});

const Comparison = z.strictObject({
  id: z.uuid(),
  /** Generations, as they were shown. */
  left: z.uuid(),
  right: z.uuid(),
  source: z.enum(['side_by_side', 'regenerate', 'workplace']),
  createdAt: Time,
});

const TaskWork = z.strictObject({
  task: z.string(),
  milliseconds: z.int().nullable(),
  guidelineVersion: z.int().nullable(),
});
/** How a rater worked on the task that a row of feedback answers. */
export type TaskWork = z.infer<typeof TaskWork>;

const given = {
  id: z.uuid(),
  by: Person,
  /** The generation, the comparison or the message that it is about, by kind. */
  about: z.uuid(),
  comment: z.string().nullable(),
  source: z.enum(FEEDBACK_SOURCES),
  createdAt: Time,
  updatedAt: Time,
  excluded: z.strictObject({ at: Time, by: Person.nullable(), reason: z.string().nullable() }).nullable(),
  work: TaskWork.nullable(),
};

const said = <Kind extends keyof typeof FEEDBACK_VALUES>(kind: Kind) => {
  const value = FEEDBACK_VALUES[kind];
  // Every value that was given before, and the present one last.
  const history = z.array(z.strictObject({ value: value.nullable(), comment: z.string().nullable(), at: Time }));
  return z.strictObject({ ...given, kind: z.literal(kind), value, history });
};
const Feedback = z.discriminatedUnion('kind', [
  said(FEEDBACK_KINDS[0]),
  ...FEEDBACK_KINDS.slice(1).map((kind) => said(kind)),
]);

const Conversation = z.strictObject({
  attune: z.literal(1),
  id: z.uuid(),
  title: z.string(),
  askedBy: Person,
  source: z.enum(['chat', 'api', 'import']),
  createdAt: Time,
  updatedAt: Time,
  /** What another format says of the conversation; `system` is the system message before its prompts. */
  attributes: Attributes.nullable(),
  messages: z.array(Message).min(1),
  comparisons: z.array(Comparison),
  feedback: z.array(Feedback),
});
export type ConversationRecord = z.infer<typeof Conversation>;
export type MessageRecord = ConversationRecord['messages'][number];
export type FeedbackRecord = ConversationRecord['feedback'][number];

/** What a database keeps of an imported conversation and has no column for. */
export interface ConversationOrigin {
  /** The sha256 of the file. */
  file: string;
  source: ConversationRecord['source'];
  attributes: ConversationRecord['attributes'];
}
export interface MessageOrigin {
  attributes: MessageRecord['attributes'];
  /** The version that wrote it elsewhere: a version of the same name here need not be the same. */
  versionId: string | null;
  /** The base for which the token ids are. */
  base: string | null;
}

const Wording = z.strictObject({ en: z.string(), ja: z.string() });
const Question = z.strictObject({
  id: z.string().min(1),
  text: Wording,
  kind: z.enum(['flaw', 'scale', 'choice']),
  weight: z.number(),
  steps: z.int().min(2).optional(),
  options: z
    .array(z.strictObject({ id: z.string().min(1), text: Wording, quality: z.number().min(0).max(1) }))
    .optional(),
});
const Questionnaire = z.strictObject({
  attune: z.literal(1),
  /** Answers name it by its id. */
  questionnaire: z.strictObject({
    id: z.uuid(),
    name: z.string().min(1),
    version: z.int().min(1),
    questions: z.array(Question),
  }),
});
export type QuestionnaireRecord = z.infer<typeof Questionnaire>;
export type OwnRecord = ConversationRecord | QuestionnaireRecord;

/** Checks the references within a conversation, too. */
export const OwnLine = z.union([Questionnaire, Conversation.superRefine(checkReferences)]);

function checkReferences(record: ConversationRecord, context: z.RefinementCtx): void {
  const refuse = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message });
  const known = { message: new Set<string>(), generation: new Set<string>(), comparison: new Set<string>() };
  record.messages.forEach(({ id, parentId, role, generation }, i) => {
    if (parentId !== null && !known.message.has(parentId))
      refuse(['messages', i, 'parentId'], 'names no message before it');
    if (generation && role !== 'assistant') refuse(['messages', i, 'generation'], 'belongs to the assistant');
    known.message.add(id);
    if (generation) known.generation.add(generation.id);
  });
  record.comparisons.forEach(({ id, left, right }, i) => {
    if (left === right || !known.generation.has(left) || !known.generation.has(right))
      refuse(['comparisons', i], 'must have two generations of the conversation');
    known.comparison.add(id);
  });
  const given = new Set<string>();
  record.feedback.forEach((row, i) => {
    const subject = FEEDBACK_SUBJECTS[row.kind];
    if (!known[subject].has(row.about)) refuse(['feedback', i, 'about'], `names no ${subject} of the conversation`);
    for (const id of judgedBy(row))
      if (!known.generation.has(id)) refuse(['feedback', i, 'value'], `names ${id}, which the conversation lacks`);
    const key = `${row.by} ${row.kind} ${row.about}`;
    if (given.has(key)) refuse(['feedback', i], 'is a second value of one person, kind and subject');
    given.add(key);
  });
}

/** The generations that a value names in addition to what the feedback is about. */
export function judgedBy({ kind, value }: { kind: FeedbackKind; value: unknown }): string[] {
  if (kind === 'ranking') return (value as FeedbackValue<'ranking'>).order.flat();
  if (kind === 'best_of') return (value as FeedbackValue<'best_of'>).generationIds;
  return [];
}
