// Freezes consented feedback and prompts up to a moment into a hashed JSONL file, and reads such a file back.
import { randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { aliasedTable, and, asc, eq, inArray, lte, sql } from 'drizzle-orm';
import { z } from 'zod';
import { writeDurably } from '@/core/durable-file';
import { AttuneError } from '@/core/errors';
import { sha256 } from '@/core/hash';
import { isReshaped } from '@/core/sampling';
import type { Database, Executor } from '@/db/client';
import { CHOICES, comparison, conversation, feedback, generation, snapshot } from '@/db/schema';
import type { RunLease } from './runs';

/** Share of the prompts that no stage trains on. */
export const HELD_OUT_SHARE = 0.125;

const Split = z.enum(['train', 'heldout']);
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

const ComparisonRow = z.object({
  kind: z.literal('comparison'),
  split: Split,
  promptIds: Ids.min(1),
  left: Completion,
  right: Completion,
  choice: z.enum(CHOICES),
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

const SnapshotRow = z.discriminatedUnion('kind', [ComparisonRow, ThumbRow, PromptRow]);
export type SnapshotRow = z.infer<typeof SnapshotRow>;
export type ComparisonRow = z.infer<typeof ComparisonRow>;
export type ThumbRow = z.infer<typeof ThumbRow>;

export interface Snapshot {
  id: string;
  sha256: string;
  /** Rows by `kind/split`, and what was left out. */
  counts: Record<string, number>;
  rows: SnapshotRow[];
}

/** The run's snapshot: frozen now, or read again when an earlier attempt has frozen it. */
export async function freezeSnapshot(lease: RunLease, folder: string): Promise<Snapshot> {
  if (lease.run.snapshotId) return readSnapshot(lease.db, folder, lease.run.snapshotId);
  const { rows, counts, frozenUpTo } = await collectRows(lease.db);
  const content = Buffer.concat(rows.map((row) => Buffer.from(`${JSON.stringify(row)}\n`)));
  const id = randomUUID();
  const frozen: Snapshot = { id, sha256: sha256(content), counts, rows };
  await mkdir(folder, { recursive: true });
  await writeDurably(snapshotFile(folder, id), content);
  await lease.transaction(async (tx) => {
    await tx.insert(snapshot).values({ id, sha256: frozen.sha256, counts, frozenUpTo });
    return { snapshotId: id };
  });
  return frozen;
}

const snapshotFile = (folder: string, id: string) => path.join(folder, `${id}.jsonl`);

/** Throws CORRUPT unless the file is the one that was frozen. */
export async function readSnapshot(db: Executor, folder: string, id: string): Promise<Snapshot> {
  const [row] = await db.select().from(snapshot).where(eq(snapshot.id, id));
  if (!row) throw new AttuneError('NOT_FOUND', `There is no snapshot ${id}. Start another run.`);
  const file = snapshotFile(folder, id);
  const content = await readFile(file).catch((cause: Error) => {
    throw new AttuneError('NOT_FOUND', `Cannot read ${file}: ${cause.message}. Restore it, or start another run.`, {
      cause,
    });
  });
  const found = sha256(content);
  if (found !== row.sha256) {
    throw new AttuneError(
      'CORRUPT',
      `${file} has the sha256 ${found.slice(0, 12)}…, its row says ${row.sha256.slice(0, 12)}…. Restore the file.`,
    );
  }
  const lines = content.toString('utf8').split('\n').filter(Boolean);
  return { id, sha256: row.sha256, counts: row.counts, rows: lines.map((line) => SnapshotRow.parse(JSON.parse(line))) };
}

/** One consistent look at the database: what is voted meanwhile belongs to the next snapshot. */
async function collectRows(db: Database) {
  return db.transaction(
    async (tx) => {
      const { rows: clock } = await tx.execute<{ now: string }>(sql`select now()::text as now`);
      const frozenUpTo = new Date(clock[0]!.now);
      const comparisons = await selectComparisons(tx, frozenUpTo);
      const thumbs = await selectThumbs(tx, frozenUpTo);
      const prompts = await selectPrompts(tx, frozenUpTo);
      return { frozenUpTo, ...assemble(comparisons, thumbs, prompts) };
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  );
}

const FINISHED: ('done' | 'stopped')[] = ['done', 'stopped'];
type Generation = typeof generation.$inferSelect;
type VotedPair = Awaited<ReturnType<typeof selectComparisons>>[number];
type VotedAnswer = Awaited<ReturnType<typeof selectThumbs>>[number];

function selectComparisons(tx: Executor, upTo: Date) {
  const left = aliasedTable(generation, 'left_generation');
  const right = aliasedTable(generation, 'right_generation');
  return tx
    .select({ choice: feedback.choice, userId: feedback.userId, left, right })
    .from(feedback)
    .innerJoin(comparison, eq(comparison.id, feedback.comparisonId))
    .innerJoin(conversation, eq(conversation.id, comparison.conversationId))
    .innerJoin(left, eq(left.id, comparison.leftGenerationId))
    .innerJoin(right, eq(right.id, comparison.rightGenerationId))
    .where(
      and(
        eq(conversation.allowTraining, true),
        lte(feedback.updatedAt, upTo),
        inArray(left.status, FINISHED),
        inArray(right.status, FINISHED),
      ),
    )
    .orderBy(asc(feedback.createdAt), asc(feedback.id));
}

function selectThumbs(tx: Executor, upTo: Date) {
  return tx
    .select({ thumb: feedback.thumb, userId: feedback.userId, answer: generation })
    .from(feedback)
    .innerJoin(generation, eq(generation.id, feedback.generationId))
    .innerJoin(conversation, eq(conversation.id, generation.conversationId))
    .where(
      and(eq(conversation.allowTraining, true), lte(feedback.updatedAt, upTo), inArray(generation.status, FINISHED)),
    )
    .orderBy(asc(feedback.createdAt), asc(feedback.id));
}

function selectPrompts(tx: Executor, upTo: Date) {
  return tx
    .select({ promptIds: generation.promptIds })
    .from(generation)
    .innerJoin(conversation, eq(conversation.id, generation.conversationId))
    .where(and(eq(conversation.allowTraining, true), lte(generation.createdAt, upTo)))
    .orderBy(asc(generation.createdAt), asc(generation.id));
}

function assemble(pairs: VotedPair[], thumbs: VotedAnswer[], asked: { promptIds: number[] }[]) {
  const prompts = [...new Map(asked.map(({ promptIds }) => [promptIds.join(), promptIds])).values()];
  const splitOf = splitter([...prompts, ...pairs.map((pair) => pair.left.promptIds)]);
  const rows = new Map<string, SnapshotRow>();
  const counts: Record<string, number> = {};
  const tally = (name: string) => {
    counts[name] = (counts[name] ?? 0) + 1;
  };
  const keep = (row: SnapshotRow) => {
    const key = JSON.stringify(row, (name, value) => (name === 'generationId' ? undefined : value));
    if (rows.has(key)) return tally('left_out/duplicate');
    rows.set(key, row);
    tally(`${row.kind}/${row.split}`);
  };
  for (const { choice, userId, left, right } of pairs) {
    const promptIds = left.promptIds;
    const isSame = left.completionIds.join() === right.completionIds.join();
    if (promptIds.join() !== right.promptIds.join()) tally('left_out/other_prompt');
    else if (!left.completionIds.length || !right.completionIds.length) tally('left_out/empty');
    else if (isSame && choice !== 'both_bad') tally('left_out/same_answer');
    else {
      const sides = { left: completionOf(left), right: completionOf(right) };
      keep({
        kind: 'comparison',
        split: splitOf(promptIds),
        promptIds,
        ...sides,
        choice: choice!,
        raterId: rater(userId),
      });
    }
  }
  for (const { thumb, userId, answer } of thumbs) {
    const { promptIds } = answer;
    if (!answer.completionIds.length) tally('left_out/empty');
    else {
      const vote = { answer: completionOf(answer), up: thumb === 1, raterId: rater(userId) };
      keep({ kind: 'thumb', split: splitOf(promptIds), promptIds, ...vote });
    }
  }
  for (const promptIds of prompts) keep({ kind: 'prompt', split: splitOf(promptIds), promptIds });
  counts.truncated_sampling = [...rows.values()].filter(isFromTruncatedSampling).length;
  return { rows: [...rows.values()], counts };
}

function completionOf(row: Generation): z.infer<typeof Completion> {
  return {
    generationId: row.id,
    versionId: row.versionId,
    ids: row.completionIds,
    propensity: row.propensity,
    isTruncated: isReshaped(row.sampling),
  };
}

const isFromTruncatedSampling = (row: SnapshotRow) =>
  row.kind === 'comparison'
    ? row.left.isTruncated || row.right.isTruncated
    : row.kind === 'thumb' && row.answer.isTruncated;

/** A rater's votes stay together without naming the account. */
const rater = (userId: string) => sha256(userId).slice(0, 16);

/** 0..1 by the prompt alone, so that a prompt stays on its side from snapshot to snapshot. */
const placeOf = (promptIds: readonly number[]) => Number.parseInt(sha256(promptIds.join()).slice(0, 8), 16) / 2 ** 32;

/** A small set must not be left without a held-out prompt: then the first in order of place is held out. */
export function splitter(
  prompts: readonly (readonly number[])[],
): (promptIds: readonly number[]) => 'train' | 'heldout' {
  const places = [...new Set(prompts.map(placeOf))].sort((a, b) => a - b);
  const lowest = places.length > 1 ? places[0]! : -1;
  const bound = Math.max(HELD_OUT_SHARE, lowest);
  const limit = places.length > 1 && places.at(-1)! <= bound ? lowest : bound;
  return (promptIds) => (places.length > 1 && placeOf(promptIds) <= limit ? 'heldout' : 'train');
}
