// The admin's view of tasks: all of them, those on which raters disagree, and closing one before it is full.
import { and, desc, eq, isNull, sql } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import { type Standing, standingAct } from '@/core/trust/standing';
import { recordAudit } from '@/db/audit';
import { conversation, message, raterStanding, ratingAssignment, ratingTask, user } from '@/db/schema';
import { cursorOf, isBehind, readCursor } from '@/server/services/cursor';
import type { Product } from '@/server/services/product';
import { readNames } from '@/server/services/statistics/names';
import { isCheck, isServable } from './assignment';
import { toShown } from './task-frame';
import { answerKindOf, readCompletions, readQuestions, readTask, readVotes } from './task-view';
import type { DisagreementView, TaskListView } from './views';

const PAGE = 25;

export async function listTasks(
  { db }: Product,
  { isOpen, cursor }: { isOpen: boolean; cursor?: string | null },
): Promise<TaskListView> {
  const places = (condition: ReturnType<typeof sql>) =>
    sql<number>`(select count(*) from ${ratingAssignment} where ${ratingAssignment.taskId} = ${ratingTask.id}
      and not ${ratingAssignment.isRepeat} and ${condition})`.mapWith(Number);
  const rows = await db
    .select({
      task: ratingTask,
      prompt: message.content,
      done: places(sql`${ratingAssignment.status} = 'done'`),
      skipped: places(sql`${ratingAssignment.status} = 'skipped'`),
      cursor: cursorOf(ratingTask.createdAt, ratingTask.id),
    })
    .from(ratingTask)
    .innerJoin(message, eq(message.id, ratingTask.messageId))
    .innerJoin(conversation, eq(conversation.id, message.conversationId))
    .where(
      and(
        // Of a withdrawn chat nothing is shown, not even that it is being rated.
        isServable,
        isOpen ? isNull(ratingTask.closedAt) : undefined,
        cursor ? isBehind(readCursor(cursor), ratingTask.createdAt, ratingTask.id) : undefined,
      ),
    )
    .orderBy(desc(ratingTask.createdAt), desc(ratingTask.id))
    .limit(PAGE + 1);
  const items = rows.slice(0, PAGE).map(({ task, prompt, done, skipped }) => ({
    id: task.id,
    kind: task.kind,
    prompt,
    completions: task.generationIds.length,
    needed: task.needed,
    done,
    skipped,
    isCheck: isCheck(task),
    isWaitingForAnswers: task.pendingVersionIds.length > 0,
    priority: task.priority,
    isClosed: task.closedAt !== null,
    createdAt: task.createdAt,
  }));
  return { items, nextCursor: rows.length > PAGE ? rows[PAGE - 1]!.cursor : null };
}

/** Answers that were given stay. */
export async function closeTask({ db }: Product, actorId: string, id: string): Promise<void> {
  await db.transaction(async (tx) => {
    const [row] = await tx
      .update(ratingTask)
      .set({ closedAt: sql`now()`, pendingVersionIds: [] })
      .where(and(eq(ratingTask.id, id), isNull(ratingTask.closedAt)))
      .returning();
    if (!row) throw new AttuneError('NOT_FOUND', `There is no open task ${id}.`);
    await recordAudit(tx, actorId, 'rating.close', id, { kind: row.kind });
  });
}

/** Open disagreements, newest first, with what each rater said. */
export async function listDisagreements({ db }: Product): Promise<DisagreementView[]> {
  const rows = await db
    .select({ task: ratingTask, prompt: message.content })
    .from(ratingTask)
    .innerJoin(message, eq(message.id, ratingTask.messageId))
    .innerJoin(conversation, eq(conversation.id, message.conversationId))
    .where(and(eq(ratingTask.kind, 'adjudicate'), isNull(ratingTask.closedAt), isServable))
    .orderBy(desc(ratingTask.createdAt))
    .limit(PAGE);
  return Promise.all(
    rows.map(async ({ task, prompt }): Promise<DisagreementView> => {
      const { generationIds, questionnaireId } = task;
      const votes = await readVotes(db, task.adjudicatesTaskId!);
      const names = await readNames(
        db,
        votes.map(({ userId }) => userId),
      );
      return {
        taskId: task.id,
        kind: answerKindOf(task, await readTask(db, task.adjudicatesTaskId!)),
        prompt,
        completions: await readCompletions(db, generationIds),
        questions: await readQuestions(db, questionnaireId),
        votes: votes.map(({ value, comment, userId }) => ({
          answer: toShown(value, { generationIds, shown: generationIds, questionnaireId }),
          comment,
          rater: names.get(userId) ?? '',
        })),
        createdAt: task.createdAt,
      };
    }),
  );
}

/** null lets the evidence decide again. Changes of one person's standing take turns. */
export async function setStanding(
  { db }: Product,
  actorId: string,
  { userId, standing, reason }: { userId: string; standing: Standing | null; reason: string },
): Promise<void> {
  await db.transaction(async (tx) => {
    const [person] = await tx.select({ id: user.id }).from(user).where(eq(user.id, userId)).for('no key update');
    if (!person) throw new AttuneError('NOT_FOUND', `There is no account ${userId}.`);
    await tx.delete(raterStanding).where(eq(raterStanding.userId, userId));
    if (standing) await tx.insert(raterStanding).values({ userId, standing, reason, setBy: actorId });
    await recordAudit(tx, actorId, `rater.${standingAct(standing)}`, userId, { standing, reason });
  });
}
