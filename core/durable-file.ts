// Writes a file so that it has either the old content or all of the new one, even after a power cut.
import { open, rename, rm } from 'node:fs/promises';
import { fileTrouble } from './errors';

/** Turns a full disk and similar trouble into an error that names the path; returns every other error unchanged. */
export const explainWriteError = (error: unknown, path: string): unknown => fileTrouble(error, path) ?? error;

/** Flushes a folder's entries, so that a rename in it survives a power cut. */
export async function syncFolder(path: string): Promise<void> {
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
