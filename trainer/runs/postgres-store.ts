// A run from the database: its order is the leased row, and its snapshot and result are other rows.
import path from 'node:path';
import { artifactDirectory } from '@/core/artifact/artifact';
import { BASE_VERSION_ID } from '@/core/artifact/manifest';
import { dataPaths, importFolder } from '@/core/paths';
import { readRules } from '@/db/rules';
import { freezeSnapshot } from '@/trainer/data/freeze/freeze';
import type { TrainerSettings } from '@/trainer/env';
import type { RunLease } from './lease';
import { publishVersion } from './publish';
import { readSnapshot } from './snapshots/read';
import type { RunHome } from './store';
import { orderTasks, readOpenTasks } from './tasks';

export function leasedHome(lease: RunLease, { dataFolder, artifacts }: TrainerSettings): RunHome {
  const { id, createdAt, config, parentVersionId, imported: facts } = lease.run;
  const folders = dataPaths(dataFolder);
  const isBase = parentVersionId === BASE_VERSION_ID;
  const parentDirectory = isBase ? null : artifactDirectory(artifacts, parentVersionId);
  const folder = path.join(folders.runs, id);
  const imported = facts && { facts, directory: importFolder(folder) };
  let { snapshotId } = lease.run;
  return {
    order: { id, createdAt, config, parentVersionId, parentDirectory, imported },
    folder,
    artifacts,
    signal: lease.signal,
    progress: (...figures) => lease.progress(...figures),
    metrics: (...figures) => lease.metrics(...figures),
    flush: () => lease.flush(),
    async snapshot(base) {
      snapshotId ??= await freezeSnapshot(lease, folders.snapshots, base);
      return readSnapshot(lease.db, folders.snapshots, snapshotId);
    },
    rules: () => readRules(lease.db),
    openTasks: () => readOpenTasks(lease.db),
    orderTasks: (ids) => orderTasks(lease, ids),
    publish: (manifest, statements, learned) => publishVersion(lease, artifacts, { manifest, statements, learned }),
  };
}
