// Reads a frozen data set back, without the rows that people have taken back since it was frozen.
import { readFile } from 'node:fs/promises';
import { eq } from 'drizzle-orm';
import { writeDurably } from '@/core/durable-file';
import { AttuneError } from '@/core/errors';
import { sha256 } from '@/core/hash';
import { openFrozen } from '@/core/snapshot/frozen';
import { parseRow, snapshotFile } from '@/core/snapshot/snapshot';
import type { Database, Executor } from '@/db/client';
import { findWithdrawn } from '@/db/feedback/withdrawn-rows';
import { snapshot } from '@/db/schema';
import type { Snapshot } from '@/trainer/data/snapshot';

/**
 * First lists the lines that are no longer covered by any consent, then blanks them in the file, so that a process
 * killed in between leaves a list from which the next one continues. Throws CORRUPT unless the file equals the frozen
 * one without the listed lines.
 */
export async function readSnapshot(db: Database, folder: string, id: string): Promise<Snapshot> {
  const file = snapshotFile(folder, id);
  await db.transaction(async (tx) => {
    const frozen = await lockSnapshot(tx, id);
    const { lines } = openFrozen(frozen, await readFrozen(file), file);
    const gone = await findWithdrawn(tx, lines);
    if (gone.length === 0) return;
    for (const line of gone) lines[line] = '';
    const tombstone = { at: new Date().toISOString(), lines: gone, sha256: sha256(lines.join('\n')) };
    await tx
      .update(snapshot)
      .set({ tombstones: [...frozen.tombstones, tombstone] })
      .where(eq(snapshot.id, id));
  });
  return db.transaction(async (tx) => {
    const frozen = await lockSnapshot(tx, id);
    const { lines, isBehind, contentSha256 } = openFrozen(frozen, await readFrozen(file), file);
    if (isBehind) await writeDurably(file, lines.join('\n'));
    const rows = lines.filter(Boolean).map(parseRow);
    return { id, sha256: frozen.sha256, contentSha256, counts: frozen.counts, rows };
  });
}

async function lockSnapshot(tx: Executor, id: string) {
  const [row] = await tx.select().from(snapshot).where(eq(snapshot.id, id)).for('update');
  if (!row) throw new AttuneError('NOT_FOUND', `There is no snapshot ${id}. Start another run.`);
  return row;
}

async function readFrozen(file: string): Promise<Buffer> {
  return readFile(file).catch((cause: Error) => {
    throw new AttuneError('NOT_FOUND', `Cannot read ${file}: ${cause.message}. Restore it, or start another run.`, {
      cause,
    });
  });
}
