// The row of an answer that a version of ours writes, and the lock of whoever writes it.
import { AttuneError } from '@/core/errors';
import type { generation } from '@/db/schema';

/** A generation that one of our versions wrote. */
export type GenerationRow = typeof generation.$inferSelect & { versionId: string };

/** Throws BAD_INPUT for a text that was uploaded: it can be judged, but not streamed or continued. */
export function generated(row: typeof generation.$inferSelect): GenerationRow {
  const { versionId } = row;
  if (versionId === null)
    throw new AttuneError('BAD_INPUT', `${row.id} is an uploaded text and not an answer of ours.`);
  return { ...row, versionId };
}

/** Name of the lock held by the process that receives a generation's tokens. */
export const lockName = (id: string) => `generation ${id}`;
