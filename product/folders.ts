// Makes the data folder and its subfolders, and keeps other users of the machine out of what people wrote.
import { chmodSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { explainWriteError } from '@/core/durable-file';
import { dataPaths } from '@/core/paths';

/** The lock of the process that runs on a data folder, for `lockFolder` and `findHolder`. */
export const productLock = (dataFolder: string): string => join(dataPaths(dataFolder).run, 'product');

/**
 * What other users may still do in the data folder: under root, Postgres runs as another user and must pass through it.
 */
const OTHERS = process.getuid?.() === 0 ? 0o001 : 0;

/** Removes other users' rights from existing folders too; the group's rights are the owner's decision. */
export function makePrivateFolders(dataFolder: string): void {
  const { runs, run, snapshots, artifacts, logs } = dataPaths(dataFolder);
  makePrivate(dataFolder, OTHERS);
  for (const folder of [runs, run, snapshots, artifacts, logs]) makePrivate(folder, 0);
}

function makePrivate(folder: string, others: number): void {
  try {
    if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { mode } = statSync(folder);
    const wanted = (mode & 0o770) | others;
    if ((mode & 0o777) !== wanted) chmodSync(folder, wanted);
  } catch (error) {
    throw explainWriteError(error, folder);
  }
}
