// Freezes snapshots of what people said in a test's world, as a training run does.
import { dataPaths } from '@/core/paths';
import * as schema from '@/db/schema';
import { freezeSnapshot } from '@/trainer/data/freeze/freeze';
import type { Snapshot } from '@/trainer/data/snapshot';
import { claimRun, RunLease } from '@/trainer/runs/lease';
import { readSnapshot } from '@/trainer/runs/snapshots/read';
import { addRun, type World } from './process-support';

export const snapshotFolderOf = (world: World) => dataPaths(world.settings.dataFolder).snapshots;

/** Removes what was said and every run, so that the next snapshot begins empty. */
export async function clearConversations(world: World): Promise<void> {
  await world.db.delete(schema.conversation);
  await world.db.delete(schema.trainingRun);
}

export async function freezeSnapshotOf(world: World, config?: Record<string, unknown>): Promise<Snapshot> {
  const folder = snapshotFolderOf(world);
  await addRun(world, config);
  const run = (await claimRun(world.db, 'test'))!;
  const lease = new RunLease(world.db, run, 'test');
  try {
    const id = await freezeSnapshot(lease, folder, world.base);
    return await readSnapshot(world.db, folder, id);
  } finally {
    await lease.finish('done', 'test');
    lease.close();
  }
}
