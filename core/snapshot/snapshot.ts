// The format of a frozen data set: its rows of token ids, and the JSONL file that holds them.
import path from 'node:path';
import { z } from 'zod';
import { PairSafety } from '../feedback/kinds';
import { FEEDBACK_ROWS, Source, Split, Trust } from './rows';

const Ids = z.array(z.int().min(0));

const Completion = z.strictObject({
  generationId: z.string(),
  /** null for a text that no version wrote. */
  versionId: z.string().nullable(),
  /** They include the end token if the completion was not cut off. */
  ids: Ids.min(1),
  /** Probability with which the arm was assigned. */
  propensity: z.number(),
  /** Sampled with top-k, top-p or a penalty: not the policy's own distribution. */
  isTruncated: z.boolean(),
});
export type Completion = z.infer<typeof Completion>;

const ComparisonRow = z.strictObject({
  kind: z.literal('comparison'),
  split: Split,
  promptIds: Ids.min(1),
  left: Completion,
  right: Completion,
  choice: z.enum(['left', 'right', 'tie', 'both_bad']),
  /** Logits by which the winner should lead, if the source of the data gives them. */
  margin: z.number().optional(),
  safety: PairSafety.optional(),
  raterId: z.string(),
  /** Absent is 1. */
  trust: Trust.optional(),
  ...Source,
});

const ThumbRow = z.strictObject({
  kind: z.literal('thumb'),
  split: Split,
  promptIds: Ids.min(1),
  answer: Completion,
  up: z.boolean(),
  raterId: z.string(),
  /** Absent is 1. */
  trust: Trust.optional(),
  ...Source,
});

/** The text up to where the assistant's answer begins. */
const PromptRow = z.strictObject({ kind: z.literal('prompt'), split: Split, promptIds: Ids.min(1) });

/** An answer of the run's parent as served, at temperature 1 and unshaped: experience, however it was rated. */
const GenerationRow = z
  .object({
    kind: z.literal('generation'),
    split: Split,
    promptIds: Ids.min(1),
    answerIds: Ids.min(1),
    /** log p of each answer token when it was sampled. */
    logprobs: z.array(z.number()),
  })
  .refine(({ answerIds, logprobs }) => answerIds.length === logprobs.length, {
    error: 'logprobs must have a number for each answer token',
  });

const ROWS = [ComparisonRow, ThumbRow, PromptRow, GenerationRow, ...FEEDBACK_ROWS] as const;
export const SnapshotRow = z.discriminatedUnion('kind', ROWS);
export type SnapshotRow = z.infer<typeof SnapshotRow>;
export const ROW_KINDS = ROWS.map(({ shape }) => shape.kind.value);

export type GivenRow = Exclude<SnapshotRow, { kind: 'prompt' | 'generation' }>;
/** Whether a person gave it. */
export const isGiven = (row: SnapshotRow): row is GivenRow => row.kind !== 'prompt' && row.kind !== 'generation';

/** The token ids of a row's completions. */
export function completionsOfRow(row: SnapshotRow): readonly (readonly number[])[] {
  switch (row.kind) {
    case 'comparison':
      return [row.left.ids, row.right.ids];
    case 'thumb':
      return [row.answer.ids];
    case 'best_of':
    case 'ranking':
      return row.answers;
    case 'correction':
      return [row.originalIds, row.correctedIds];
    case 'prompt':
      return [];
    default:
      return [row.answerIds];
  }
}

export const snapshotFile = (folder: string, id: string) => path.join(folder, `${id}.jsonl`);

export const parseRow = (line: string): SnapshotRow => SnapshotRow.parse(JSON.parse(line));

export const encodeRows = (rows: readonly SnapshotRow[]): Buffer =>
  Buffer.concat(rows.map((row) => Buffer.from(`${JSON.stringify(row)}\n`)));
