// Reads every consented conversation with its feedback as records, a few at a time, and without anybody's name.
import { and, asc, eq, gt, inArray, sql } from 'drizzle-orm';
import type { Hit } from '@/core/constraints/judge';
import { type ConversationRecord, type FeedbackRecord, judgedBy, type OwnRecord } from '@/core/exchange/record';
import { sha256 } from '@/core/hash';
import type { Database, Executor } from '@/db/client';
import { isOneOf } from '@/db/many';
import {
  comparison,
  conversation,
  feedback,
  feedbackHistory,
  generation,
  importedPerson,
  message,
  questionnaire,
  ratingAssignment,
  ratingTask,
  user,
  version,
} from '@/db/schema';
import { readHits } from '@/server/services/rule/hit';

const PAGE = 50;

/** Questionnaires first, because answers name them; then conversations in the order of their ids. */
export async function* exportRecords(db: Database): AsyncGenerator<OwnRecord> {
  const questionnaires = await db
    .select()
    .from(questionnaire)
    .orderBy(asc(questionnaire.name), asc(questionnaire.version));
  for (const { id, name, version, questions } of questionnaires)
    yield { attune: 1, questionnaire: { id, name, version, questions } };
  for (let after: string | null = null; ; ) {
    const page: ConversationRow[] = await readPage(db, after);
    // One view of a page's tables, so that a value and its history agree.
    yield* await db.transaction((tx) => readConversations(tx, page), { isolationLevel: 'repeatable read' });
    if (page.length < PAGE) return;
    after = page.at(-1)!.id;
  }
}

type ConversationRow = typeof conversation.$inferSelect;

const readPage = (db: Executor, after: string | null): Promise<ConversationRow[]> =>
  db
    .select()
    .from(conversation)
    .where(and(eq(conversation.allowTraining, true), after === null ? undefined : gt(conversation.id, after)))
    .orderBy(asc(conversation.id))
    .limit(PAGE);

async function readConversations(tx: Executor, page: ConversationRow[]): Promise<ConversationRecord[]> {
  // Consent may have been withdrawn since the page was read.
  const consented = await tx
    .select({ id: conversation.id })
    .from(conversation)
    .where(
      and(
        inArray(
          conversation.id,
          page.map(({ id }) => id),
        ),
        eq(conversation.allowTraining, true),
      ),
    );
  const ids = consented.map(({ id }) => id);
  if (ids.length === 0) return [];
  const messages = await tx
    .select({ message, generation, base: version.baseSha256 })
    .from(message)
    .leftJoin(generation, eq(generation.messageId, message.id))
    .leftJoin(version, eq(version.id, generation.versionId))
    .where(inArray(message.conversationId, ids));
  const hits = await readHits(
    tx,
    messages.flatMap(({ message, generation }) => [message.id, ...(generation ? [generation.id] : [])]),
  );
  const hitsIn = (id: string): Hit[] => (hits.get(id) ?? []).map(({ ruleId, start, end }) => ({ ruleId, start, end }));
  const pairs = await tx.select().from(comparison).where(inArray(comparison.conversationId, ids));
  const given = await readFeedback(tx, ids);
  const nameOf = await readNames(tx, [
    ...page.map(({ userId }) => userId),
    ...given.map(({ row }) => row.userId),
    ...given.flatMap(({ row }) => row.excludedBy ?? []),
  ]);
  return page
    .filter(({ id }) => ids.includes(id))
    .flatMap((row) => {
      const of = messages.filter(({ message }) => message.conversationId === row.id);
      const record = recordOf(row, of, hitsIn, nameOf);
      const generations = new Set(record.messages.flatMap(({ generation }) => generation?.id ?? []));
      const known = new Set([...generations, ...record.messages.map(({ id }) => id)]);
      record.comparisons = pairs
        .filter(
          ({ leftGenerationId: left, rightGenerationId: right }) => generations.has(left) && generations.has(right),
        )
        .sort(byTime)
        .map(({ id, leftGenerationId: left, rightGenerationId: right, source, createdAt }) => {
          known.add(id);
          return { id, left, right, source, createdAt: createdAt.toISOString() };
        });
      record.feedback = given
        .filter(({ row, about }) => known.has(about) && judgedBy(row).every((id) => known.has(id)))
        .sort((a, b) => byTime(a.row, b.row))
        .map((found) => feedbackOf(found, nameOf));
      return record.messages.length > 0 ? [record] : [];
    });
}

const byTime = (a: { createdAt: Date; id: string }, b: { createdAt: Date; id: string }) =>
  a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1);

interface MessageRow {
  message: typeof message.$inferSelect;
  generation: typeof generation.$inferSelect | null;
  base: string | null;
}

/** Answers that are still being written are left out. */
function recordOf(
  row: ConversationRow,
  rows: MessageRow[],
  hitsIn: (id: string) => Hit[],
  nameOf: (id: string) => string,
): ConversationRecord {
  const finished = rows.filter(({ generation }) => generation?.status !== 'running');
  return {
    attune: 1,
    id: row.id,
    title: row.title,
    askedBy: nameOf(row.userId),
    source: row.origin?.source ?? (row.apiKeyId ? 'api' : row.promptSetId ? 'import' : 'chat'),
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    attributes: row.origin?.attributes ?? null,
    messages: parentsFirst(finished).map(({ message, generation, base }) => ({
      id: message.id,
      parentId: message.parentId,
      role: message.role,
      text: message.content,
      createdAt: message.createdAt.toISOString(),
      constraintHits: hitsIn(message.id),
      attributes: message.origin?.attributes ?? null,
      generation: generation && generationOf(generation, message.origin, base, hitsIn(generation.id)),
    })),
    comparisons: [],
    feedback: [],
  };
}

/** In the order of time, but a parent before its children, and nothing whose parent is missing. */
function parentsFirst(rows: MessageRow[]): MessageRow[] {
  const children = new Map<string | null, MessageRow[]>();
  for (const row of rows) {
    const siblings = children.get(row.message.parentId) ?? [];
    children.set(row.message.parentId, siblings);
    siblings.push(row);
  }
  const sorted: MessageRow[] = [];
  let level = children.get(null) ?? [];
  while (level.length > 0) {
    level.sort((a, b) => byTime(a.message, b.message));
    sorted.push(...level);
    level = level.flatMap(({ message }) => children.get(message.id) ?? []);
  }
  return sorted;
}

function generationOf(
  row: typeof generation.$inferSelect,
  origin: (typeof message.$inferSelect)['origin'],
  base: string | null,
  constraintHits: Hit[],
): ConversationRecord['messages'][number]['generation'] {
  const {
    messageId: _m,
    conversationId: _c,
    userId: _u,
    systemPrompt: _s,
    createdAt,
    finishedAt,
    status,
    finishReason,
    ...kept
  } = row;
  return {
    ...kept,
    constraintHits,
    versionId: row.versionId ?? origin?.versionId ?? null,
    base: base ?? origin?.base ?? null,
    status: status as 'done' | 'stopped' | 'failed',
    finishReason: finishReason as NonNullable<ConversationRecord['messages'][number]['generation']>['finishReason'],
    createdAt: createdAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
  };
}

interface FeedbackRow {
  row: typeof feedback.$inferSelect;
  about: string;
  work: FeedbackRecord['work'];
  history: (typeof feedbackHistory.$inferSelect)[];
}

/** Live values only: what people took back is theirs. */
async function readFeedback(tx: Executor, conversationIds: string[]): Promise<FeedbackRow[]> {
  const rows = await tx
    .select({ row: feedback, assignment: ratingAssignment, task: ratingTask.kind })
    .from(feedback)
    .leftJoin(generation, eq(generation.id, feedback.generationId))
    .leftJoin(comparison, eq(comparison.id, feedback.comparisonId))
    .leftJoin(message, eq(message.id, feedback.messageId))
    .leftJoin(ratingAssignment, eq(ratingAssignment.id, feedback.assignmentId))
    .leftJoin(ratingTask, eq(ratingTask.id, ratingAssignment.taskId))
    .where(
      inArray(
        sql`coalesce(${generation.conversationId}, ${comparison.conversationId}, ${message.conversationId})`,
        conversationIds,
      ),
    );
  const aboutOf = ({
    generationId,
    comparisonId,
    messageId,
  }: Pick<FeedbackRow['row'], 'generationId' | 'comparisonId' | 'messageId'>) =>
    (generationId ?? comparisonId ?? messageId)!;
  const subjects = (column: 'generationId' | 'comparisonId' | 'messageId') =>
    rows.flatMap(({ row }) => row[column] ?? []);
  const entries =
    rows.length === 0
      ? []
      : await tx
          .select()
          .from(feedbackHistory)
          .where(
            sql`${feedbackHistory.generationId} = any(${sql.param(subjects('generationId'))}::uuid[])
              or ${feedbackHistory.comparisonId} = any(${sql.param(subjects('comparisonId'))}::uuid[])
              or ${feedbackHistory.messageId} = any(${sql.param(subjects('messageId'))}::uuid[])`,
          )
          .orderBy(asc(feedbackHistory.id));
  const historyOf = new Map<string, FeedbackRow['history']>();
  for (const entry of entries) {
    const key = `${entry.userId} ${entry.kind} ${aboutOf(entry)}`;
    historyOf.set(key, [...(historyOf.get(key) ?? []), entry]);
  }
  return rows.map(({ row, assignment, task }) => ({
    row,
    about: aboutOf(row),
    history: historyOf.get(`${row.userId} ${row.kind} ${aboutOf(row)}`) ?? [],
    work:
      assignment && task
        ? { task, milliseconds: assignment.milliseconds, guidelineVersion: assignment.guidelineVersion }
        : (row.origin?.work ?? null),
  }));
}

function feedbackOf({ row, about, work, history }: FeedbackRow, nameOf: (id: string) => string): FeedbackRecord {
  const { id, kind, value, comment, source } = row;
  return {
    id,
    by: nameOf(row.userId),
    kind,
    about,
    value,
    comment,
    source,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    excluded: row.excludedAt && {
      at: row.excludedAt.toISOString(),
      by: row.excludedBy === null ? null : nameOf(row.excludedBy),
      reason: row.excludedReason,
    },
    work,
    history: history.map(({ value, comment, createdAt }) => ({ value, comment, at: createdAt.toISOString() })),
  } as FeedbackRecord;
}

const HASH = /^[0-9a-f]{16}$/u;
/** As in snapshots: one person's rows stay together without naming the account. */
const hashOf = (name: string) => (HASH.test(name) ? name : sha256(name).slice(0, 16));

/** People of imported files keep the hash that they had there, so that they stay the same people when sent back. */
async function readNames(tx: Executor, ids: string[]): Promise<(id: string) => string> {
  const imported = await tx
    .select({ id: user.id, name: user.name })
    .from(user)
    .innerJoin(importedPerson, eq(importedPerson.userId, user.id))
    .where(isOneOf(user.id, [...new Set(ids)]));
  const names = new Map(imported.map(({ id, name }) => [id, name]));
  return (id) => hashOf(names.get(id) ?? id);
}
