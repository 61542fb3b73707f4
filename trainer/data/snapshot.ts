// A frozen data set: its rows of token ids, their sides, and the JSONL file that holds them.
import { z } from 'zod';
import { AttuneError } from '@/core/errors';
import { sha256 } from '@/core/hash';
import { FEEDBACK_ROWS } from './rows';

/** Share of the prompts that no stage trains on. */
const HELD_OUT_SHARE = 0.125;

const Split = z.enum(['train', 'heldout']);
type Split = z.infer<typeof Split>;
const Ids = z.array(z.int().min(0));

const Completion = z.object({
  generationId: z.string(),
  versionId: z.string(),
  /** The end token belongs to an answer that ended by itself. */
  ids: Ids.min(1),
  /** Probability with which the arm was assigned. */
  propensity: z.number(),
  /** Sampled with top-k, top-p or a penalty: not the policy's own distribution. */
  isTruncated: z.boolean(),
});
export type Completion = z.infer<typeof Completion>;

const ComparisonRow = z.object({
  kind: z.literal('comparison'),
  split: Split,
  promptIds: Ids.min(1),
  left: Completion,
  right: Completion,
  choice: z.enum(['left', 'right', 'tie', 'both_bad']),
  raterId: z.string(),
});

const ThumbRow = z.object({
  kind: z.literal('thumb'),
  split: Split,
  promptIds: Ids.min(1),
  answer: Completion,
  up: z.boolean(),
  raterId: z.string(),
});

/** What people asked, up to where the assistant's answer begins. */
const PromptRow = z.object({ kind: z.literal('prompt'), split: Split, promptIds: Ids.min(1) });

/** An answer of the run's parent as it was served, at temperature 1 and unshaped: experience, whatever anybody thought of it. */
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
export type GenerationRow = z.infer<typeof GenerationRow>;

const ROWS = [ComparisonRow, ThumbRow, PromptRow, GenerationRow, ...FEEDBACK_ROWS] as const;
export const SnapshotRow = z.discriminatedUnion('kind', ROWS);
export type SnapshotRow = z.infer<typeof SnapshotRow>;

export interface Snapshot {
  id: string;
  sha256: string;
  /** Rows by `kind/split`, and what was left out. */
  counts: Record<string, number>;
  rows: SnapshotRow[];
}

export const encodeRows = (rows: readonly SnapshotRow[]): Buffer =>
  Buffer.concat(rows.map((row) => Buffer.from(`${JSON.stringify(row)}\n`)));

/** Throws CORRUPT unless the content is the one that was frozen. `file` names it in the message. */
export function decodeRows(content: Buffer, expectedSha256: string, file: string): SnapshotRow[] {
  const found = sha256(content);
  if (found !== expectedSha256) {
    throw new AttuneError(
      'CORRUPT',
      `${file} has the sha256 ${found.slice(0, 12)}…, expected ${expectedSha256.slice(0, 12)}…. Restore the file.`,
    );
  }
  const lines = content.toString('utf8').split('\n').filter(Boolean);
  return lines.map((line) => SnapshotRow.parse(JSON.parse(line)));
}

/** Gathers rows without repetition and counts what came and what was left out. */
export class RowCollector {
  private readonly kept = new Map<string, SnapshotRow>();
  readonly counts: Record<string, number> = {};

  tally(name: string): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  }

  /** Two rows that differ in the generation's id alone are one. */
  keep(row: SnapshotRow): void {
    const key = JSON.stringify(row, (name, value) => (name === 'generationId' ? undefined : value));
    this.tally(this.kept.has(key) ? 'left_out/duplicate' : `${row.kind}/${row.split}`);
    if (!this.kept.has(key)) this.kept.set(key, row);
  }

  get rows(): SnapshotRow[] {
    return [...this.kept.values()];
  }
}

/** 0..1 by the prompt alone, so that a prompt stays on its side from snapshot to snapshot. */
const placeOf = (promptIds: readonly number[]) => Number.parseInt(sha256(promptIds.join()).slice(0, 8), 16) / 2 ** 32;

/** A small set must not be left without a held-out prompt: then the first in order of place is held out. */
export function splitter(prompts: readonly (readonly number[])[]): (promptIds: readonly number[]) => Split {
  const places = [...new Set(prompts.map(placeOf))].sort((a, b) => a - b);
  const lowest = places.length > 1 ? places[0]! : -1;
  const bound = Math.max(HELD_OUT_SHARE, lowest);
  const limit = places.length > 1 && places.at(-1)! <= bound ? lowest : bound;
  return (promptIds) => (places.length > 1 && placeOf(promptIds) <= limit ? 'heldout' : 'train');
}
