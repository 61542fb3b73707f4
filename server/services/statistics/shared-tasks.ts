// Reads the tasks that several raters answered.
import { groupBy } from '@/core/group-by';
import { NEWEST_TASKS } from '@/core/statistics/newest';
import type { Executor } from '@/db/client';
import { type Given, readBanned, readGiven } from '@/server/services/rating/evidence';

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
    .slice(0, NEWEST_TASKS)
    .map(([taskId, answers]) => ({ taskId, answers }));
}
