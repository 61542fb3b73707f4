// Reads the rating tasks that wait for answers, and writes the order in which raters get them.
import { and, asc, eq, inArray, isNull, sql } from 'drizzle-orm';
import type { Executor } from '@/db/client';
import { conversation, generation, message, ratingAssignment, ratingTask } from '@/db/schema';
import type { RunLease } from './lease';
import type { OpenTask } from './store';

/** Tasks in which people judge completions; the others ask for a text, or settle earlier answers. */
const JUDGING = ['compare', 'rate', 'rank', 'questionnaire'] as const;
/** Oldest first; more would cost a run too many passes through the base. */
const MOST_TASKS = 1000;

/** Of consented conversations; tasks with a known answer are mixed in blind and have no order. */
export async function readOpenTasks(db: Executor): Promise<OpenTask[]> {
  const answers = sql<number>`(select count(*) from ${ratingAssignment}
    where ${ratingAssignment.taskId} = ${ratingTask.id} and ${ratingAssignment.status} = 'done'
      and not ${ratingAssignment.isRepeat})`.mapWith(Number);
  const tasks = await db
    .select({ id: ratingTask.id, generationIds: ratingTask.generationIds, set: ratingTask.promptSetId, answers })
    .from(ratingTask)
    .innerJoin(message, eq(message.id, ratingTask.messageId))
    .innerJoin(conversation, eq(conversation.id, message.conversationId))
    .where(
      and(
        isNull(ratingTask.closedAt),
        isNull(ratingTask.truth),
        inArray(ratingTask.kind, JUDGING),
        eq(conversation.allowTraining, true),
      ),
    )
    .orderBy(asc(ratingTask.createdAt), asc(ratingTask.id))
    .limit(MOST_TASKS);
  const wanted = [...new Set(tasks.flatMap(({ generationIds }) => generationIds))];
  if (wanted.length === 0) return [];
  const rows = await db
    .select({ id: generation.id, promptIds: generation.promptIds, completionIds: generation.completionIds })
    .from(generation)
    .where(and(inArray(generation.id, wanted), inArray(generation.status, ['done', 'stopped'])));
  const known = new Map(rows.map((row) => [row.id, row]));
  return tasks.flatMap(({ id, generationIds, set, answers }) => {
    const judged = generationIds.map((generationId) => known.get(generationId));
    const isComplete = judged.length > 0 && judged.every((row) => row !== undefined);
    if (!isComplete) return [];
    const promptIds = Int32Array.from(judged[0]!.promptIds);
    const completions = judged.map((row) => Int32Array.from(row!.completionIds));
    return [{ id, promptIds, completions, groups: [set ?? 'served'], answers }];
  });
}

/**
 * Ordered tasks have priorities from 1 down to above 0, so one that is made later, with 0, follows them until the next
 * run. Tasks that were closed meanwhile keep theirs.
 */
export async function orderTasks(lease: RunLease, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await lease.transaction(async (tx) => {
    await tx.execute(sql`update ${ratingTask} set priority = 1 - (place - 1)::real / ${ids.length}
      from unnest(${sql.param([...ids])}::uuid[]) with ordinality as ordered(task_id, place)
      where ${ratingTask.id} = ordered.task_id and ${isNull(ratingTask.closedAt)}`);
    return {};
  });
}
