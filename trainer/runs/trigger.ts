// Starts training automatically: enough unused feedback, or a schedule, queues one run.
import { desc, sql } from 'drizzle-orm';
import { JUDGED_STATUSES } from '@/core/contract';
import type { TriggerSettings } from '@/core/settings';
import type { Database, Executor } from '@/db/client';
import { findLiveRun, lockRuns, queueRun } from '@/db/run-queue';
import { trainingRun } from '@/db/schema';
import { readSettings } from '@/db/settings';
import { countUnusedFeedback } from '@/db/unused-feedback';

/** After a run that ended without a verdict, the next one waits this long, and for new feedback. */
const RETRY_HOURS = 1;

export interface TriggerState {
  setting: TriggerSettings;
  unused: number;
  hasLiveRun: boolean;
  /** null if there was no run before. */
  last: {
    /** Hours since the run was requested. */
    hoursAgo: number;
    /** Whether its version was judged; false if the run failed or was cancelled. */
    isJudged: boolean;
    /** Unused feedback that came after the run was requested. */
    newSince: number;
  } | null;
}

/** The pure part: why a run is due, or null. */
export function decideTrigger({
  setting,
  unused,
  hasLiveRun,
  last,
}: TriggerState): 'feedback_count' | 'schedule' | null {
  if (hasLiveRun || unused === 0) return null;
  if (last && !last.isJudged && (last.newSince === 0 || last.hoursAgo < RETRY_HOURS)) return null;
  if (setting.feedbackCount && unused >= setting.feedbackCount) return 'feedback_count';
  if (setting.scheduleHours && (!last || last.hoursAgo >= setting.scheduleHours)) return 'schedule';
  return null;
}

/** Queues at most one run, however many trainers ask at once; returns its id. */
export async function evaluateTrigger(db: Database): Promise<string | null> {
  const { trigger: setting } = await readSettings(db);
  if (!setting.feedbackCount && !setting.scheduleHours) return null;
  return db.transaction(async (tx) => {
    await lockRuns(tx);
    const trigger = decideTrigger({ setting, ...(await readState(tx)) });
    return trigger && (await queueRun(tx, { trigger, requestedBy: null, config: {} })).id;
  });
}

async function readState(tx: Executor): Promise<Omit<TriggerState, 'setting'>> {
  const [last] = await tx
    .select({
      status: trainingRun.status,
      createdAt: trainingRun.createdAt,
      hoursAgo: sql<number>`extract(epoch from now() - ${trainingRun.createdAt}) / 3600`.mapWith(Number),
    })
    .from(trainingRun)
    .orderBy(desc(trainingRun.createdAt))
    .limit(1);
  return {
    unused: await countUnusedFeedback(tx),
    hasLiveRun: (await findLiveRun(tx)) !== null,
    last: last
      ? {
          hoursAgo: last.hoursAgo,
          isJudged: JUDGED_STATUSES.some((status) => status === last.status),
          newSince: await countUnusedFeedback(tx, last.createdAt),
        }
      : null,
  };
}
