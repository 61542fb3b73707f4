// Writes everything that belongs to a person as one JSON document, piece by piece, so that its size does not matter.
import { and, asc, eq, gt } from 'drizzle-orm';
import type { Executor } from '@/db/client';
import {
  account,
  apiKey,
  assignment,
  comparison,
  conversation,
  feedback,
  feedbackHistory,
  generation,
  message,
  raterStanding,
  ratingAssignment,
  ratingTask,
  session,
  usage,
  user,
} from '@/db/schema';
import type { Product } from '@/server/services/product';

/** Rows that are held in memory at once. */
const PAGE = 200;

/** Secrets are left out: the password's hash, sessions' tokens, and the keys themselves, of which only a hash is kept. */
export async function* downloadEverything({ db }: Product, userId: string): AsyncGenerator<string> {
  yield `{"account":${JSON.stringify(await readAccount(db, userId))}`;
  yield `,\n"experiments":${JSON.stringify(await readArms(db, userId))}`;
  yield `,\n"usage":${JSON.stringify(await readUsage(db, userId))}`;
  yield* list(
    'ratingTasks',
    pages((after: string | null) => readAssignments(db, userId, after)),
  );
  yield* list(
    'feedback',
    pages((after: string | null) => readFeedback(db, userId, after)),
  );
  yield* list(
    'feedbackHistory',
    pages((after: number | null) => readHistory(db, userId, after)),
  );
  yield* list('conversations', readConversations(db, userId));
  yield '}\n';
}

/** A member of the document: a list with an item a line. */
async function* list(name: string, items: AsyncIterable<unknown>): AsyncGenerator<string> {
  let before = `,\n"${name}":[`;
  for await (const item of items) {
    yield `${before}\n${JSON.stringify(item)}`;
    before = ',';
  }
  yield before === ',' ? ']' : `${before}]`;
}

/** Every row, read page by page in the order of its id. */
async function* pages<Id extends string | number, Row extends { id: Id }>(
  read: (after: Id | null) => Promise<Row[]>,
): AsyncGenerator<Row> {
  for (let after: Id | null = null; ; ) {
    const rows: Row[] = await read(after);
    yield* rows;
    if (rows.length < PAGE) return;
    after = rows.at(-1)!.id;
  }
}

async function readAccount(db: Executor, userId: string) {
  const [person] = await db.select().from(user).where(eq(user.id, userId));
  const signIn = await db
    .select({ by: account.providerId, since: account.createdAt })
    .from(account)
    .where(eq(account.userId, userId));
  const sessions = await db
    .select({
      createdAt: session.createdAt,
      expiresAt: session.expiresAt,
      ipAddress: session.ipAddress,
      userAgent: session.userAgent,
    })
    .from(session)
    .where(eq(session.userId, userId));
  const apiKeys = await db
    .select({
      id: apiKey.id,
      name: apiKey.name,
      prefix: apiKey.prefix,
      allowTraining: apiKey.allowTraining,
      createdAt: apiKey.createdAt,
      lastUsedAt: apiKey.lastUsedAt,
      revokedAt: apiKey.revokedAt,
    })
    .from(apiKey)
    .where(eq(apiKey.userId, userId));
  const [standing] = await db
    .select({ standing: raterStanding.standing, reason: raterStanding.reason, since: raterStanding.createdAt })
    .from(raterStanding)
    .where(eq(raterStanding.userId, userId));
  return { ...person, signIn, sessions, apiKeys, standing: standing ?? null };
}

const readArms = (db: Executor, userId: string) => db.select().from(assignment).where(eq(assignment.userId, userId));

const readUsage = (db: Executor, userId: string) =>
  db.select().from(usage).where(eq(usage.userId, userId)).orderBy(asc(usage.day));

const readAssignments = (db: Executor, userId: string, after: string | null) =>
  db
    .select({
      id: ratingAssignment.id,
      kind: ratingTask.kind,
      status: ratingAssignment.status,
      value: ratingAssignment.value,
      skipReason: ratingAssignment.skipReason,
      milliseconds: ratingAssignment.milliseconds,
      guidelineVersion: ratingAssignment.guidelineVersion,
      createdAt: ratingAssignment.createdAt,
      finishedAt: ratingAssignment.finishedAt,
    })
    .from(ratingAssignment)
    .innerJoin(ratingTask, eq(ratingTask.id, ratingAssignment.taskId))
    .where(and(eq(ratingAssignment.userId, userId), after === null ? undefined : gt(ratingAssignment.id, after)))
    .orderBy(asc(ratingAssignment.id))
    .limit(PAGE);

/** An admin's reason for leaving a row out is about the person, so it belongs to them; who decided does not. */
const readFeedback = (db: Executor, userId: string, after: string | null) =>
  db
    .select({
      id: feedback.id,
      kind: feedback.kind,
      generationId: feedback.generationId,
      comparisonId: feedback.comparisonId,
      messageId: feedback.messageId,
      value: feedback.value,
      comment: feedback.comment,
      source: feedback.source,
      assignmentId: feedback.assignmentId,
      excludedAt: feedback.excludedAt,
      excludedReason: feedback.excludedReason,
      createdAt: feedback.createdAt,
      updatedAt: feedback.updatedAt,
    })
    .from(feedback)
    .where(and(eq(feedback.userId, userId), after === null ? undefined : gt(feedback.id, after)))
    .orderBy(asc(feedback.id))
    .limit(PAGE);

const readHistory = (db: Executor, userId: string, after: number | null) =>
  db
    .select()
    .from(feedbackHistory)
    .where(and(eq(feedbackHistory.userId, userId), after === null ? undefined : gt(feedbackHistory.id, after)))
    .orderBy(asc(feedbackHistory.id))
    .limit(PAGE);

/** Each with its messages, which form a tree by `parentId`, and the pairs of answers that were to be compared. */
async function* readConversations(db: Executor, userId: string) {
  const rows = pages((after: string | null) =>
    db
      .select()
      .from(conversation)
      .where(and(eq(conversation.userId, userId), after === null ? undefined : gt(conversation.id, after)))
      .orderBy(asc(conversation.id))
      .limit(PAGE),
  );
  for await (const { userId: _owner, ...row } of rows) {
    const messages = await db
      .select({
        id: message.id,
        parentId: message.parentId,
        role: message.role,
        text: message.content,
        createdAt: message.createdAt,
        generation: {
          id: generation.id,
          versionId: generation.versionId,
          status: generation.status,
          finishReason: generation.finishReason,
          sampling: generation.sampling,
          createdAt: generation.createdAt,
          finishedAt: generation.finishedAt,
        },
      })
      .from(message)
      .leftJoin(generation, eq(generation.messageId, message.id))
      .where(eq(message.conversationId, row.id))
      .orderBy(asc(message.createdAt), asc(message.id));
    const comparisons = await db
      .select({
        id: comparison.id,
        leftGenerationId: comparison.leftGenerationId,
        rightGenerationId: comparison.rightGenerationId,
        source: comparison.source,
        createdAt: comparison.createdAt,
      })
      .from(comparison)
      .where(eq(comparison.conversationId, row.id))
      .orderBy(asc(comparison.createdAt));
    yield { ...row, messages, comparisons };
  }
}
