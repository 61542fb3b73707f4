// Queues training runs, both for the admin's button and for the trainer's own trigger.
import { inArray, sql } from 'drizzle-orm';
import { CHANNELS, LIVE_STATUSES } from '@/core/contract';
import { recordAudit } from '../audit';
import type { Executor } from '../client';
import { champion } from '../release';
import { trainingRun } from '../schema';

export type RunRow = typeof trainingRun.$inferSelect;

/**
 * No other process can insert a run between the check for a live run and the insert; the lock ends with the
 * transaction.
 */
export async function lockRuns(tx: Executor): Promise<void> {
  await tx.execute(sql`lock table ${trainingRun} in share row exclusive mode`);
}

/** Runs of any kind that have not ended. */
export async function countLiveRuns(tx: Executor): Promise<number> {
  return tx.$count(trainingRun, inArray(trainingRun.status, [...LIVE_STATUSES]));
}

/** Queues a run; until it starts, its parent is the champion of now. Call it under `lockRuns`. */
export async function queueRun(
  tx: Executor,
  asked: Pick<RunRow, 'trigger' | 'requestedBy' | 'config'> & Partial<Pick<RunRow, 'id' | 'kind' | 'imported'>>,
): Promise<RunRow> {
  const { versionId: parentVersionId } = await champion(tx);
  const [row] = await tx
    .insert(trainingRun)
    .values({ ...asked, parentVersionId })
    .returning();
  const { trigger, config, requestedBy } = asked;
  await recordAudit(tx, requestedBy, 'run.start', row!.id, { trigger, config, parentVersionId });
  await announceRun(tx, row!.id);
  return row!;
}

/** Wakes the trainer. */
export async function announceRun(tx: Executor, id: string): Promise<void> {
  await tx.execute(sql`select pg_notify(${CHANNELS.trainingRun}, ${id})`);
}
