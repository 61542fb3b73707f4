// Freezes consented feedback and prompts up to a moment into a hashed JSONL file, and reads such a file back.
import { randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { aliasedTable, and, asc, desc, eq, inArray, lte, sql } from 'drizzle-orm';
import { learnsFromLogged, parseConfig } from '@/core/config/presets';
import { writeDurably } from '@/core/durable-file';
import { AttuneError } from '@/core/errors';
import { sha256 } from '@/core/hash';
import { isReshaped } from '@/core/sampling';
import type { Executor } from '@/db/client';
import { comparison, conversation, feedback, generation, snapshot } from '@/db/schema';
import type { RunLease } from '@/trainer/runs/lease';
import {
  type Completion,
  decodeRows,
  encodeRows,
  RowCollector,
  type Snapshot,
  type SnapshotRow,
  splitter,
} from './snapshot';

/** The run's snapshot: frozen now, or read again when an earlier attempt has frozen it. */
export async function freezeSnapshot(lease: RunLease, folder: string): Promise<Snapshot> {
  if (lease.run.snapshotId) return readSnapshot(lease.db, folder, lease.run.snapshotId);
  const { rows, counts, frozenUpTo } = await collectRows(lease);
  const content = encodeRows(rows);
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
  return { id, sha256: row.sha256, counts: row.counts, rows: decodeRows(content, row.sha256, file) };
}

/** One consistent look at the database: what is voted meanwhile belongs to the next snapshot. */
async function collectRows({ db, run }: RunLease) {
  const asksForLogged = learnsFromLogged(parseConfig(run.config));
  return db.transaction(
    async (tx) => {
      const { rows: clock } = await tx.execute<{ now: string }>(sql`select now()::text as now`);
      const frozenUpTo = new Date(clock[0]!.now);
      const comparisons = await selectComparisons(tx, frozenUpTo);
      const thumbs = await selectThumbs(tx, frozenUpTo);
      const prompts = await selectPrompts(tx, frozenUpTo);
      const logged = asksForLogged ? await selectLogged(tx, frozenUpTo, run.parentVersionId) : [];
      return { frozenUpTo, ...assemble(comparisons, thumbs, prompts, logged) };
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

/** Newest answers of the parent that a snapshot holds as experience, at most. */
const MOST_LOGGED = 4096;

/** Of the parent alone: how many updates lie between it and an older version is written nowhere. */
async function selectLogged(tx: Executor, upTo: Date, versionId: string): Promise<Generation[]> {
  const found = await tx
    .select({ answer: generation })
    .from(generation)
    .innerJoin(conversation, eq(conversation.id, generation.conversationId))
    .where(
      and(
        eq(conversation.allowTraining, true),
        eq(generation.versionId, versionId),
        eq(generation.status, 'done'),
        inArray(generation.finishReason, ['stop', 'length']),
        lte(generation.createdAt, upTo),
      ),
    )
    .orderBy(desc(generation.createdAt), desc(generation.id))
    .limit(MOST_LOGGED);
  return found.map(({ answer }) => answer);
}

function assemble(
  pairs: VotedPair[],
  thumbs: VotedAnswer[],
  asked: { promptIds: number[] }[],
  logged: readonly Generation[],
) {
  const prompts = [...new Map(asked.map(({ promptIds }) => [promptIds.join(), promptIds])).values()];
  const splitOf = splitter([...prompts, ...pairs.map((pair) => pair.left.promptIds)]);
  const collector = new RowCollector();
  for (const { choice, userId, left, right } of pairs) {
    const promptIds = left.promptIds;
    const isSame = left.completionIds.join() === right.completionIds.join();
    if (promptIds.join() !== right.promptIds.join()) collector.tally('left_out/other_prompt');
    else if (!left.completionIds.length || !right.completionIds.length) collector.tally('left_out/empty');
    else if (isSame && choice !== 'both_bad') collector.tally('left_out/same_answer');
    else {
      const sides = { left: completionOf(left), right: completionOf(right) };
      collector.keep({
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
    if (!answer.completionIds.length) collector.tally('left_out/empty');
    else {
      const vote = { answer: completionOf(answer), up: thumb === 1, raterId: rater(userId) };
      collector.keep({ kind: 'thumb', split: splitOf(promptIds), promptIds, ...vote });
    }
  }
  for (const promptIds of prompts) collector.keep({ kind: 'prompt', split: splitOf(promptIds), promptIds });
  for (const { promptIds, completionIds: answerIds, logprobs, sampling } of logged) {
    const isPlain = sampling.temperature === 1 && !isReshaped(sampling) && sampling.stop.length === 0;
    if (!isPlain) collector.tally('left_out/shaped_sampling');
    else if (answerIds.length === 0 || logprobs.length !== answerIds.length) collector.tally('left_out/no_logprobs');
    else collector.keep({ kind: 'generation', split: splitOf(promptIds), promptIds, answerIds, logprobs });
  }
  const { rows, counts } = collector;
  counts.truncated_sampling = rows.filter(isFromTruncatedSampling).length;
  return { rows, counts };
}

function completionOf(row: Generation): Completion {
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
