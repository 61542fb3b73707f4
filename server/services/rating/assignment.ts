// Finds a rater's assignments and what they are about, and says how many places of a task are taken.
import { and, eq, inArray, type SQL, sql } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import type { Executor } from '@/db/client';
import { conversation, message, raterStanding, ratingAssignment, ratingTask, user } from '@/db/schema';

export type Task = typeof ratingTask.$inferSelect;
export type Assignment = typeof ratingAssignment.$inferSelect;
export interface Held {
  assignment: Assignment;
  task: Task;
}

export interface Rater {
  id: string;
  role: string;
}

/** A rater's own answer, or a fresh lock, takes a place; repeats take none. */
export const isTaken = sql`(not ${ratingAssignment.isRepeat} and (${ratingAssignment.status} = 'done'
  or (${ratingAssignment.status} = 'locked' and ${ratingAssignment.lockedUntil} > now())))`;

/** What an admin uploaded; its checks are never trained on. */
const isUploadedTask = sql`(${conversation.promptSetId} is not null
  and (${conversation.allowTraining} or ${ratingTask.truth} is not null))`;

/** Chats whose owners allow training and were told that raters read them. */
export const isOpenToRaters = and(eq(conversation.allowTraining, true), eq(conversation.readersNamed, true))!;

export const isServable = sql`(${isOpenToRaters} or ${isUploadedTask})`;

/** What raters may read of a conversation whose task is over: feedback on it is in no check, whose answers are none. */
export const isReadByRaters = sql`(${isOpenToRaters}
  or (${conversation.promptSetId} is not null and ${conversation.allowTraining}))`;

/** Whether a rater may still read what others wrote, as far as it `isServable`: the role is still theirs, and no ban. */
export const mayReadOthers = (userId: string) => sql<boolean>`(exists (select from ${user} reader
  where reader.id = ${userId} and reader.role in ('rater', 'admin')) and not exists (select from ${raterStanding} word
  where word.user_id = ${userId} and word.standing = 'banned'))`;

/** A check with a known answer, which counts neither for training nor for the places of a task. */
export const isCheck = (task: Pick<Task, 'truth' | 'closedAt'>) => task.truth !== null && task.closedAt === null;

/** Calls of one rater take turns: a second click finds the task of the first. */
export async function takeTurn(tx: Executor, rater: Rater): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`rating ${rater.id}`}, 0))`);
}

/**
 * Keeps accounts from being deleted until the transaction ends. Admins come first, by id, in the order in which a
 * removal locks them, so that neither waits for the other. Returns the ids of those who are still there.
 */
export async function holdPeople(tx: Executor, ids: string[]): Promise<string[]> {
  const held = await tx
    .select({ id: user.id })
    .from(user)
    .where(inArray(user.id, ids))
    .orderBy(sql`${user.role} <> 'admin'`, user.id)
    .for('key share');
  return held.map(({ id }) => id);
}

/**
 * Locks the task, so that its places are counted by one at a time, and reads both anew. The people and the conversation
 * are locked first, as a deletion does; then what a review or decision acts on, as an answer to it does.
 */
export async function holdAssignment(tx: Executor, rater: Rater, assignmentId: string): Promise<Held> {
  const mine = and(eq(ratingAssignment.id, assignmentId), eq(ratingAssignment.userId, rater.id))!;
  const [found] = await tx
    .select({ taskId: ratingTask.id, conversationId: conversation.id, ownerId: conversation.userId })
    .from(ratingAssignment)
    .innerJoin(ratingTask, eq(ratingTask.id, ratingAssignment.taskId))
    .innerJoin(message, eq(message.id, ratingTask.messageId))
    .innerJoin(conversation, eq(conversation.id, message.conversationId))
    .where(mine);
  if (found) {
    await holdPeople(tx, [rater.id, found.ownerId]);
    const { id } = conversation;
    await tx.select({ id }).from(conversation).where(eq(id, found.conversationId)).for('key share');
    await holdParent(tx, found.taskId);
  }
  const task = found && (await holdTask(tx, found.taskId));
  const [assignment] = task ? await tx.select().from(ratingAssignment).where(mine).for('update') : [];
  if (!task || !assignment) throw new AttuneError('NOT_FOUND', `You have no task ${assignmentId}; it may be removed.`);
  return { assignment, task };
}

async function holdParent(tx: Executor, taskId: string): Promise<void> {
  const reviewed = sql`(select ${ratingAssignment.taskId} from ${ratingAssignment}
    where ${ratingAssignment.id} = child.reviews_assignment_id)`;
  await tx.execute(sql`select ${ratingTask.id} from ${ratingTask} where ${ratingTask.id} =
    (select coalesce(child.adjudicates_task_id, ${reviewed}) from ${ratingTask} child where child.id = ${taskId})
    for update`);
}

async function holdTask(tx: Executor, taskId: string): Promise<Task | undefined> {
  const [task] = await tx.select().from(ratingTask).where(eq(ratingTask.id, taskId)).for('update');
  return task;
}

/** Throws CONFLICT once the owner of the chat has withdrawn it, or the answers are gone. */
export async function checkServable(tx: Executor, taskId: string): Promise<void> {
  const [row] = await tx
    .select({ id: ratingTask.id })
    .from(ratingTask)
    .innerJoin(message, eq(message.id, ratingTask.messageId))
    .innerJoin(conversation, eq(conversation.id, message.conversationId))
    .where(and(eq(ratingTask.id, taskId), isServable));
  if (!row)
    throw new AttuneError('CONFLICT', 'The person who wrote this withdrew it from training. Take the next task.', {
      param: 'assignmentId',
    });
}

export async function countTaken(tx: Executor, taskId: string, exceptUserId: string): Promise<number> {
  const [row] = await tx
    .select({ n: sql<number>`count(*)`.mapWith(Number) })
    .from(ratingAssignment)
    .where(and(eq(ratingAssignment.taskId, taskId), sql`${ratingAssignment.userId} <> ${exceptUserId}`, isTaken));
  return row!.n;
}

/** Whether this rater settles disagreements: an admin, or one whom an admin trusts. Throws FORBIDDEN for a banned one. */
export async function checkStanding(db: Executor, rater: Rater): Promise<{ maySettle: boolean }> {
  const [row] = await db.select().from(raterStanding).where(eq(raterStanding.userId, rater.id));
  if (row?.standing === 'banned')
    throw new AttuneError('FORBIDDEN', 'An admin has ended your work as a rater; ask an admin why.');
  return { maySettle: rater.role === 'admin' || row?.standing === 'trusted' };
}

export const inMinutes = (minutes: number): SQL<Date> => sql`now() + make_interval(mins => ${minutes})`;
