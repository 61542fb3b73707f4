// Hands the next task to a rater: a place that is free is locked for a while, and checks and repeats are mixed in.
import { and, desc, eq, gt, sql } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import type { RatingSettings } from '@/core/settings';
import type { Executor } from '@/db/client';
import { conversation, generation, guideline, message, ratingAssignment, ratingTask } from '@/db/schema';
import { readSettings } from '@/db/settings';
import type { Product } from '@/server/services/product';
import {
  type Assignment,
  checkStanding,
  countTaken,
  holdPeople,
  inMinutes,
  isServable,
  isTaken,
  type Rater,
  type Task,
  takeTurn,
} from './assignment';
import { viewTask } from './task-view';
import type { RatingTaskView } from './views';

/** Answers that a rater gives between an answer and its repeat. */
const REPEAT_GAP = 5;

/** The task that the rater holds already, or the next one; null if there is none. An admin may ask for a disagreement. */
export async function claim(
  product: Product,
  rater: Rater,
  { taskId }: { taskId?: string } = {},
): Promise<RatingTaskView | null> {
  const settings = (await readSettings(product.db)).rating;
  return product.db.transaction(async (tx) => {
    await takeTurn(tx, rater);
    if ((await holdPeople(tx, [rater.id])).length === 0)
      throw new AttuneError('UNAUTHENTICATED', 'This account has been removed. Reload the page.');
    const { maySettle } = await checkStanding(tx, rater);
    const current = await findCurrent(tx, rater);
    const held = current && (taskId === undefined || current.task.id === taskId) ? current : null;
    if (held) return viewTask(tx, held);
    await tx
      .update(ratingAssignment)
      .set({ status: 'expired' })
      .where(and(eq(ratingAssignment.userId, rater.id), eq(ratingAssignment.status, 'locked')));
    const picked = await pick(tx, product, rater, settings, { maySettle, taskId });
    if (!picked) return null;
    const assignment = await lock(tx, product, rater, settings, picked);
    return viewTask(tx, { assignment, task: picked.task });
  });
}

/** A lock that has not expired, on a task that may still be shown. */
async function findCurrent(tx: Executor, rater: Rater) {
  const [current] = await tx
    .select({ assignment: ratingAssignment, task: ratingTask })
    .from(ratingAssignment)
    .innerJoin(ratingTask, eq(ratingTask.id, ratingAssignment.taskId))
    .innerJoin(message, eq(message.id, ratingTask.messageId))
    .innerJoin(conversation, eq(conversation.id, message.conversationId))
    .where(
      and(
        eq(ratingAssignment.userId, rater.id),
        eq(ratingAssignment.status, 'locked'),
        gt(ratingAssignment.lockedUntil, sql`now()`),
        isServable,
      ),
    )
    .orderBy(desc(ratingAssignment.createdAt))
    .limit(1);
  return current ?? null;
}

interface Picked {
  task: Task;
  isRepeat: boolean;
}

async function pick(
  tx: Executor,
  { random }: Product,
  rater: Rater,
  { goldShare, repeatShare }: RatingSettings,
  asked: { maySettle: boolean; taskId?: string },
): Promise<Picked | null> {
  // Anything else in place of a task that was asked for would show itself as a check.
  if (asked.taskId !== undefined) return once(await pickOpen(tx, rater, asked));
  const drawn = random();
  const mixedIn = async () => {
    if (drawn < goldShare) return once(await pickCheck(tx, rater));
    return drawn < goldShare + repeatShare ? again(await pickRepeat(tx, rater)) : null;
  };
  return (await mixedIn()) ?? once(await pickOpen(tx, rater, asked)) ?? once(await pickCheck(tx, rater));
}

const once = (task: Task | undefined): Picked | null => (task ? { task, isRepeat: false } : null);
const again = (task: Task | undefined): Picked | null => (task ? { task, isRepeat: true } : null);

/** Not answered, skipped or held by this rater; all of its completions are finished. */
const isNewTo = (rater: Rater) => sql`not exists (
    select from ${ratingAssignment} where ${ratingAssignment.taskId} = ${ratingTask.id}
      and ${ratingAssignment.userId} = ${rater.id} and not ${ratingAssignment.isRepeat}
      and ${ratingAssignment.status} <> 'expired')
  and not exists (
    select from unnest(${ratingTask.generationIds}) shown(id) left join ${generation} on ${generation.id} = shown.id
    where ${generation.status} is null or ${generation.status} not in ('done', 'stopped'))`;

/** People judge neither their own chats nor what they wrote, and settle no disagreement in which they took part. */
const isOfOthers = (
  rater: Rater,
) => sql`(${conversation.promptSetId} is not null or ${conversation.userId} <> ${rater.id})
  and not exists (select from ${ratingAssignment} where ${ratingAssignment.userId} = ${rater.id}
    and (${ratingAssignment.id} = ${ratingTask.reviewsAssignmentId}
      or ${ratingAssignment.taskId} = ${ratingTask.adjudicatesTaskId}))`;

const hasFreePlace = sql`(select count(*) from ${ratingAssignment}
  where ${ratingAssignment.taskId} = ${ratingTask.id} and ${isTaken}) < ${ratingTask.needed}`;

/** Those that this rater may get next; the order is that of `priority`. */
export const isOpenTo = (rater: Rater, maySettle: boolean) => sql`${ratingTask.closedAt} is null
  and ${ratingTask.truth} is null and cardinality(${ratingTask.pendingVersionIds}) = 0 and ${isServable}
  and ${maySettle ? sql`true` : sql`${ratingTask.kind} <> 'adjudicate'`}
  and ${isNewTo(rater)} and ${isOfOthers(rater)} and ${hasFreePlace}`;

/**
 * Tasks that others are taking are passed over; if nothing is left, the second round waits for them, because a place may
 * remain. The count of places is of before the row was locked, so it is taken again.
 */
async function pickOpen(
  tx: Executor,
  rater: Rater,
  { maySettle, taskId }: { maySettle: boolean; taskId?: string },
): Promise<Task | undefined> {
  const full: string[] = [];
  for (const skipLocked of [true, false] as const) {
    for (;;) {
      const [found] = await tx
        .select({ task: ratingTask })
        .from(ratingTask)
        .innerJoin(message, eq(message.id, ratingTask.messageId))
        .innerJoin(conversation, eq(conversation.id, message.conversationId))
        .where(
          and(
            isOpenTo(rater, maySettle),
            taskId === undefined ? undefined : eq(ratingTask.id, taskId),
            full.length > 0 ? sql`not ${ratingTask.id} = any(${sql.param(full)}::uuid[])` : undefined,
          ),
        )
        .orderBy(desc(ratingTask.priority), ratingTask.createdAt, ratingTask.id)
        .limit(1)
        .for('update', skipLocked ? { of: ratingTask, skipLocked } : { of: ratingTask });
      if (!found) break;
      if ((await countTaken(tx, found.task.id, rater.id)) < found.task.needed) return found.task;
      full.push(found.task.id);
    }
  }
  return undefined;
}

async function pickCheck(tx: Executor, rater: Rater): Promise<Task | undefined> {
  const [found] = await tx
    .select({ task: ratingTask })
    .from(ratingTask)
    .innerJoin(message, eq(message.id, ratingTask.messageId))
    .innerJoin(conversation, eq(conversation.id, message.conversationId))
    .where(
      and(
        sql`${ratingTask.closedAt} is null and ${ratingTask.truth} is not null`,
        sql`cardinality(${ratingTask.pendingVersionIds}) = 0`,
        isServable,
        isNewTo(rater),
        isOfOthers(rater),
      ),
    )
    // Each rater has another order, so that raters cannot tell each other which items are checks.
    .orderBy(sql`md5(${ratingTask.id}::text || ${rater.id})`)
    .limit(1);
  return found?.task;
}

async function pickRepeat(tx: Executor, rater: Rater): Promise<Task | undefined> {
  const [found] = await tx
    .select({ task: ratingTask })
    .from(ratingAssignment)
    .innerJoin(ratingTask, eq(ratingTask.id, ratingAssignment.taskId))
    .innerJoin(message, eq(message.id, ratingTask.messageId))
    .innerJoin(conversation, eq(conversation.id, message.conversationId))
    .where(
      and(
        sql`${ratingAssignment.userId} = ${rater.id} and ${ratingAssignment.status} = 'done'`,
        sql`not ${ratingAssignment.isRepeat} and ${ratingTask.kind} in ('compare', 'rate', 'rank', 'questionnaire')`,
        isServable,
        sql`not exists (select from ${ratingAssignment} again where again.task_id = ${ratingTask.id}
          and again.user_id = ${rater.id} and again.is_repeat and again.status <> 'expired')`,
        sql`(select count(*) from ${ratingAssignment} later where later.user_id = ${rater.id}
          and later.status = 'done' and later.finished_at > ${ratingAssignment.finishedAt}) >= ${REPEAT_GAP}`,
      ),
    )
    .orderBy(ratingAssignment.finishedAt)
    .limit(1);
  return found?.task;
}

/** A rater whose lock expired may get the same task again, with a new clock. */
async function lock(
  tx: Executor,
  { random }: Product,
  rater: Rater,
  { lockMinutes }: RatingSettings,
  { task, isRepeat }: Picked,
): Promise<Assignment> {
  const [rules] = await tx
    .select({ version: guideline.version })
    .from(guideline)
    .orderBy(desc(guideline.version))
    .limit(1);
  const fresh = {
    status: 'locked',
    lockedUntil: inMinutes(lockMinutes),
    shown: shuffle(task.generationIds, random),
    guidelineVersion: rules?.version ?? null,
    createdAt: sql`now()`,
  } as const;
  const [row] = await tx
    .insert(ratingAssignment)
    .values({ taskId: task.id, userId: rater.id, isRepeat, ...fresh })
    .onConflictDoUpdate({
      target: [ratingAssignment.taskId, ratingAssignment.userId, ratingAssignment.isRepeat],
      set: fresh,
    })
    .returning();
  return row!;
}

function shuffle<T>(items: readonly T[], random: () => number): T[] {
  const shuffled = [...items];
  for (let at = shuffled.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [shuffled[at], shuffled[other]] = [shuffled[other]!, shuffled[at]!];
  }
  return shuffled;
}
