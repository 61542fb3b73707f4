// Freezes the votes and prompts of consented conversations up to a moment into a hashed JSONL file.
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { aliasedTable, and, asc, desc, eq, inArray, isNull, lte, sql } from 'drizzle-orm';
import { learnsFromLogged, parseConfig } from '@/core/config/presets';
import { writeDurably } from '@/core/durable-file';
import type { FeedbackValue } from '@/core/feedback/kinds';
import { sha256 } from '@/core/hash';
import { isReshaped } from '@/core/sampling';
import type { Executor } from '@/db/client';
import { comparison, conversation, feedback, generation, snapshot } from '@/db/schema';
import type { RunLease } from '@/trainer/runs/lease';
import { type Completion, encodeRows, RowCollector, type SnapshotRow, snapshotFile } from './snapshot';
import { type Asked, type PromptKey, type Split, splitAsked } from './split';

/** Returns the id. Rows that people took back while they were gathered are left out by `readSnapshot`. */
export async function freezeSnapshot(lease: RunLease, folder: string, keyOf: PromptKey): Promise<string> {
  const { rows, counts, frozenUpTo } = await collectRows(lease, keyOf);
  const content = encodeRows(rows);
  const id = randomUUID();
  await mkdir(folder, { recursive: true });
  await writeDurably(snapshotFile(folder, id), content);
  await lease.transaction(async (tx) => {
    await tx.insert(snapshot).values({ id, sha256: sha256(content), counts, frozenUpTo });
    return { snapshotId: id };
  });
  return id;
}

/** One consistent view of the database: votes cast meanwhile belong to the next snapshot. */
async function collectRows({ db, run }: RunLease, keyOf: PromptKey) {
  const asksForLogged = learnsFromLogged(parseConfig(run.config));
  return db.transaction(
    async (tx) => {
      const { rows: clock } = await tx.execute<{ now: string }>(sql`select now()::text as now`);
      const frozenUpTo = new Date(clock[0]!.now);
      const comparisons = await selectComparisons(tx, frozenUpTo);
      const thumbs = await selectThumbs(tx, frozenUpTo);
      const prompts = await selectPrompts(tx, frozenUpTo);
      const logged = asksForLogged ? await selectLogged(tx, frozenUpTo, run.parentVersionId) : [];
      return { frozenUpTo, ...assemble(comparisons, thumbs, prompts, logged, keyOf) };
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  );
}

const FINISHED: ('done' | 'stopped')[] = ['done', 'stopped'];
type Generation = typeof generation.$inferSelect;
type VotedPair = Awaited<ReturnType<typeof selectComparisons>>[number];
type VotedCompletion = Awaited<ReturnType<typeof selectThumbs>>[number];
type AskedPrompt = Awaited<ReturnType<typeof selectPrompts>>[number];
type LoggedCompletion = Awaited<ReturnType<typeof selectLogged>>[number];

function selectComparisons(tx: Executor, upTo: Date) {
  const left = aliasedTable(generation, 'left_generation');
  const right = aliasedTable(generation, 'right_generation');
  return tx
    .select({ value: feedback.value, userId: feedback.userId, left, right, askedBy: conversation.userId })
    .from(feedback)
    .innerJoin(comparison, eq(comparison.id, feedback.comparisonId))
    .innerJoin(conversation, eq(conversation.id, comparison.conversationId))
    .innerJoin(left, eq(left.id, comparison.leftGenerationId))
    .innerJoin(right, eq(right.id, comparison.rightGenerationId))
    .where(
      and(
        eq(conversation.allowTraining, true),
        isNull(feedback.excludedAt),
        lte(feedback.updatedAt, upTo),
        inArray(left.status, FINISHED),
        inArray(right.status, FINISHED),
      ),
    )
    .orderBy(asc(feedback.createdAt), asc(feedback.id));
}

function selectThumbs(tx: Executor, upTo: Date) {
  return tx
    .select({ value: feedback.value, userId: feedback.userId, completion: generation, askedBy: conversation.userId })
    .from(feedback)
    .innerJoin(generation, eq(generation.id, feedback.generationId))
    .innerJoin(conversation, eq(conversation.id, generation.conversationId))
    .where(
      and(
        eq(feedback.kind, 'thumb'),
        isNull(feedback.excludedAt),
        eq(conversation.allowTraining, true),
        lte(feedback.updatedAt, upTo),
        inArray(generation.status, FINISHED),
      ),
    )
    .orderBy(asc(feedback.createdAt), asc(feedback.id));
}

/**
 * Every answered message of a consented conversation, with what was said before it and whether or not the answer was
 * rated: the policy is asked it again. A message whose answer is still being written, or failed, waits.
 */
function selectPrompts(tx: Executor, upTo: Date) {
  return tx
    .select({
      promptIds: generation.promptIds,
      conversationId: generation.conversationId,
      askedBy: conversation.userId,
    })
    .from(generation)
    .innerJoin(conversation, eq(conversation.id, generation.conversationId))
    .where(
      and(eq(conversation.allowTraining, true), lte(generation.createdAt, upTo), inArray(generation.status, FINISHED)),
    )
    .orderBy(asc(generation.createdAt), asc(generation.id));
}

/** Most completions of the parent, newest first, that a snapshot holds as experience. */
const MOST_LOGGED = 4096;

/** Only the parent's: the number of updates between it and an older version is not recorded. */
function selectLogged(tx: Executor, upTo: Date, versionId: string) {
  return tx
    .select({ completion: generation, askedBy: conversation.userId })
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
}

function assemble(
  pairs: VotedPair[],
  thumbs: VotedCompletion[],
  prompts: AskedPrompt[],
  logged: LoggedCompletion[],
  keyOf: PromptKey,
) {
  const originOf = (completion: Pick<Generation, 'promptIds' | 'conversationId'>, askedBy: string): Asked => ({
    promptIds: completion.promptIds,
    conversation: completion.conversationId,
    person: askedBy,
  });
  const asked = [
    ...pairs.map(({ left, askedBy }) => originOf(left, askedBy)),
    ...thumbs.map(({ completion, askedBy }) => originOf(completion, askedBy)),
    ...prompts.map((prompt) => originOf(prompt, prompt.askedBy)),
    ...logged.map(({ completion, askedBy }) => originOf(completion, askedBy)),
  ];
  const sides = splitAsked(asked, keyOf).values();
  const nextSide = (): Split | null => sides.next().value!;
  const collector = new RowCollector();
  for (const { value, userId, left, right } of pairs) {
    const { choice } = value as FeedbackValue<'comparison'>;
    const side = nextSide();
    const promptIds = left.promptIds;
    const isSame = left.completionIds.join() === right.completionIds.join();
    if (promptIds.join() !== right.promptIds.join()) collector.tally('left_out/other_prompt');
    else if (!left.completionIds.length || !right.completionIds.length) collector.tally('left_out/empty');
    else if (isSame && choice !== 'both_bad') collector.tally('left_out/same_answer');
    else {
      const completions = { left: completionOf(left), right: completionOf(right) };
      collector.keep({ kind: 'comparison', promptIds, ...completions, choice, raterId: rater(userId) }, side);
    }
  }
  for (const { value, userId, completion } of thumbs) {
    const { up } = value as FeedbackValue<'thumb'>;
    const side = nextSide();
    const { promptIds } = completion;
    if (!completion.completionIds.length) collector.tally('left_out/empty');
    else {
      const vote = { answer: completionOf(completion), up, raterId: rater(userId) };
      collector.keep({ kind: 'thumb', promptIds, ...vote }, side);
    }
  }
  const seen = new Set<string>();
  for (const { promptIds } of prompts) {
    const side = nextSide();
    const key = promptIds.join();
    // A prompt that was asked several times is one row; the repetitions do not count as left out.
    if (side === null || seen.has(key)) continue;
    seen.add(key);
    collector.keep({ kind: 'prompt', promptIds }, side);
  }
  for (const { completion } of logged) {
    const side = nextSide();
    const { promptIds, completionIds, logprobs, sampling } = completion;
    const isPlain = sampling.temperature === 1 && !isReshaped(sampling) && sampling.stop.length === 0;
    if (!isPlain) collector.tally('left_out/shaped_sampling');
    else if (completionIds.length === 0 || logprobs.length !== completionIds.length)
      collector.tally('left_out/no_logprobs');
    else collector.keep({ kind: 'generation', promptIds, answerIds: completionIds, logprobs }, side);
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
