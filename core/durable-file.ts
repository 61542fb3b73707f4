// Writes a file so that it has either the old content or all of the new one, and a folder whole or not at all, even after a
// power cut.
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileTrouble } from './errors';

/** Turns a full disk and similar trouble into an error that names the path; returns every other error unchanged. */
export const explainWriteError = (error: unknown, path: string): unknown => fileTrouble(error, path) ?? error;

/** Flushes a file, or a folder's entries, so that what was written survives a power cut. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const handle = await open(temporary, 'w');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw explainWriteError(error, path);
  }
}

/** A new folder with all that `fill` writes into the folder that it is given, or none. */
export async function writeFolder(path: string, fill: (temporary: string) => Promise<void>): Promise<void> {
  const parent = dirname(path);
  const temporary = join(parent, `.${basename(path)}.${process.pid}.tmp`);
  try {
    await mkdir(parent, { recursive: true });
    await rm(temporary, { recursive: true, force: true }); // left by a killed process with this id
    await mkdir(temporary);
    await fill(temporary);
    await syncPath(temporary);
    await rename(temporary, path);
    await syncPath(parent);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw explainWriteError(error, path);
  }
}
