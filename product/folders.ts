// Makes the data folder and its subfolders, and keeps other users of the machine out of what people wrote.
import { chmodSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { explainWriteError } from '@/core/durable-file';
import { AttuneError } from '@/core/errors';
import { dataPaths } from '@/core/paths';

/** The lock of the process that runs on a data folder, for `lockFolder` and `findHolder`. */
export const productLock = (dataFolder: string): string => join(dataPaths(dataFolder).run, 'product');

/**
 * What other users may still do in the data folder: under root, Postgres runs as another user and must pass through it.
 */
const OTHERS = process.getuid?.() === 0 ? 0o001 : 0;

/**
 * New folders are private. Of those that exist, only the ones with people's words are closed to other users: the data
 * folder itself may be one that others use too.
 */
export function makePrivateFolders(dataFolder: string): void {
  const { runs, run, snapshots, artifacts, logs } = dataPaths(dataFolder);
  makeFolder(dataFolder, 0o700 | OTHERS);
  for (const folder of [run, logs]) makeFolder(folder, 0o700);
  for (const folder of [runs, snapshots, artifacts]) closeToOthers(makeFolder(folder, 0o700));
}

function makeFolder(folder: string, mode: number): string {
  try {
    if (!existsSync(folder)) {
      // Not `recursive`: in a system folder like /proc, where nothing can be made, Node 20 would try for ever.
      makeParents(dirname(folder));
      mkdirSync(folder);
      chmodSync(folder, mode); // the process's umask would take rights away from the mode of mkdir
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new AttuneError('BAD_INPUT', `${folder} cannot be made there. Set ATTUNE_DATA to another folder.`);
    throw explainWriteError(error, folder);
  }
  if (!statSync(folder).isDirectory())
    throw new AttuneError('BAD_INPUT', `${folder} is not a folder. Set ATTUNE_DATA to a folder.`);
  return folder;
}

function makeParents(folder: string): void {
  if (existsSync(folder)) return;
  makeParents(dirname(folder));
  mkdirSync(folder);
}

/** Releases before this one left them readable; the group's rights are the owner's decision. */
function closeToOthers(folder: string): void {
  const { mode } = statSync(folder);
  try {
    if (mode & 0o007) chmodSync(folder, mode & 0o770);
  } catch (error) {
    throw explainWriteError(error, folder);
  }
}
