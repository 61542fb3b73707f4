// Starts training automatically: what the settings name as a trigger queues one run.
import type { Drift } from '@/core/runs/drift';
import { decideTrigger } from '@/core/runs/trigger';
import type { Database } from '@/db/client';
import { lockRuns, queueRun } from '@/db/runs/queue';
import { readDrift, readTriggerState } from '@/db/runs/trigger';
import { readSettings } from '@/db/settings';

/** Votes come slowly, and all of a champion's are read. */
const DRIFT_MS = 5 * 60_000;

/** What a trainer keeps from one look to the next. */
export interface DriftMemory {
  readAt: number;
  drift: Drift | null;
}

/** Queues at most one run, however many trainers ask at once; returns its id. */
export async function evaluateTrigger(
  db: Database,
  memory: DriftMemory = { readAt: Number.NEGATIVE_INFINITY, drift: null },
): Promise<string | null> {
  const { trigger: setting } = await readSettings(db);
  const { feedbackCount, scheduleHours, scheduleHour, onDrift, preset } = setting;
  if (feedbackCount === null && scheduleHours === null && scheduleHour === null && !onDrift) return null;
  if (onDrift && Date.now() - memory.readAt > DRIFT_MS)
    Object.assign(memory, { readAt: Date.now(), drift: await readDrift(db) });
  return db.transaction(async (tx) => {
    await lockRuns(tx);
    const { due } = decideTrigger({ setting, drift: memory.drift, ...(await readTriggerState(tx)) });
    if (due === null) return null;
    return (await queueRun(tx, { trigger: due, requestedBy: null, config: { preset } })).id;
  });
}
