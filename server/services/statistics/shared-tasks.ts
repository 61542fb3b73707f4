// Reads the tasks that several raters answered.
import { groupBy } from '@/core/group-by';
import type { Executor } from '@/db/client';
import { type Given, readBanned, readGiven } from '@/server/services/rating/evidence';

/** The newest: more would hold up chats. */
const MOST_TASKS = 1000;

export interface SharedTask {
  taskId: string;
  /** One answer of each rater. */
  answers: Given[];
}

/** Without repeats and the answers of banned raters. */
export async function readSharedTasks(db: Executor): Promise<SharedTask[]> {
  const banned = await readBanned(db);
  const given = (await readGiven(db)).filter(({ userId, isRepeat }) => !isRepeat && !banned.has(userId));
  return [...groupBy(given, ({ taskId }) => taskId)]
    .filter(([, answers]) => answers.length >= 2)
    .slice(0, MOST_TASKS)
    .map(([taskId, answers]) => ({ taskId, answers }));
}
