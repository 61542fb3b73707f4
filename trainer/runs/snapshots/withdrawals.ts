// Blanks the rows of frozen data sets that people took back: a conversation deleted, consent withdrawn, a vote undone.
import path from 'node:path';
import { notInArray, sql } from 'drizzle-orm';
import { LIVE_STATUSES } from '@/core/contract';
import type { Logger } from '@/core/logger';
import { dataPaths } from '@/core/paths';
import type { Database } from '@/db/client';
import { snapshot, trainingRun, withdrawal } from '@/db/schema';
import { removeCheckpoints } from '../checkpoint';
import { readSnapshot } from './read';

/**
 * Handles the withdrawals that the database's triggers have noted since the last time; false if there were none. A data
 * set that cannot be read now is logged: it is read by the same rule before anything is trained on it.
 */
export async function honourWithdrawals(db: Database, dataFolder: string, log: Logger): Promise<boolean> {
  const noted = await db.select({ id: withdrawal.id }).from(withdrawal);
  if (noted.length === 0) return false;
  const folders = dataPaths(dataFolder);
  for (const { id } of await db.select({ id: snapshot.id }).from(snapshot)) {
    await readSnapshot(db, folders.snapshots, id).catch((error: unknown) => {
      log.warn({ err: error, snapshotId: id }, 'a data set may hold words that were taken back');
    });
  }
  await removeEndedCheckpoints(db, folders.runs);
  // One with a lower id may have been committed since, by a transaction that began earlier.
  const ids = noted.map(({ id }) => id);
  await db.delete(withdrawal).where(sql`${withdrawal.id} = any(${sql.param(ids)})`);
  return true;
}

/** Checkpoints contain samples for prompts, and a run that has ended, in whatever way, does not need them. */
async function removeEndedCheckpoints(db: Database, runs: string): Promise<void> {
  const ended = await db
    .select({ id: trainingRun.id })
    .from(trainingRun)
    .where(notInArray(trainingRun.status, [...LIVE_STATUSES]));
  for (const { id } of ended) await removeCheckpoints(path.join(runs, id));
}
