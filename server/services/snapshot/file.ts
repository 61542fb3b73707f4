// Reads the file of a frozen data set, without the lines that were blanked.
import { readFile } from 'node:fs/promises';
import { eq } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import { openFrozen } from '@/core/snapshot/frozen';
import { snapshotFile } from '@/core/snapshot/snapshot';
import type { Executor } from '@/db/client';
import { snapshot } from '@/db/schema';

export async function findSnapshot(db: Executor, id: string): Promise<typeof snapshot.$inferSelect> {
  const [row] = await db.select().from(snapshot).where(eq(snapshot.id, id));
  if (!row) throw new AttuneError('NOT_FOUND', `There is no snapshot ${id}.`);
  return row;
}

/**
 * Throws NOT_FOUND if the file is gone, and CORRUPT if it is not what was frozen. The file is read before the row, which
 * lists lines before the trainer blanks them: so the row knows of every blank line.
 */
export async function readFrozenLines(db: Executor, folder: string, id: string): Promise<string[]> {
  const file = snapshotFile(folder, id);
  const content = await readFile(file).catch((cause: NodeJS.ErrnoException) => cause);
  const row = await findSnapshot(db, id);
  if (content instanceof Error) throw goneError(id, content);
  return openFrozen(row, content, file).lines;
}

export const goneError = (id: string, cause: Error) =>
  new AttuneError('NOT_FOUND', `The file of snapshot ${id} cannot be read. Restore it from a backup.`, { cause });
