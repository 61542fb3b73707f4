// An admin's words on a version: its tags and its note.
import { and, count, eq } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import { MOST_TAGS } from '@/core/versions';
import { recordAudit } from '@/db/audit';
import type { Executor } from '@/db/client';
import { version, versionTag } from '@/db/schema';
import type { Product } from '@/server/services/product';
import { checkText } from '@/server/services/text';

interface Tagged {
  id: string;
  tag: string;
}

/** Nothing happens if the version has the tag. */
export async function addTag({ db }: Product, actorId: string, { id, tag }: Tagged): Promise<void> {
  await db.transaction(async (tx) => {
    await lockVersion(tx, id);
    const rows = await tx.insert(versionTag).values({ versionId: id, tag }).onConflictDoNothing().returning();
    if (rows.length === 0) return;
    const [now] = await tx.select({ n: count() }).from(versionTag).where(eq(versionTag.versionId, id));
    if (now!.n > MOST_TAGS)
      throw new AttuneError('CONFLICT', `${id} has ${MOST_TAGS} tags, which is the most; remove one first.`);
    await recordAudit(tx, actorId, 'version.tag', id, { tag });
  });
}

/** Nothing happens if the version does not have the tag. */
export async function removeTag({ db }: Product, actorId: string, { id, tag }: Tagged): Promise<void> {
  await db.transaction(async (tx) => {
    await lockVersion(tx, id);
    const rows = await tx
      .delete(versionTag)
      .where(and(eq(versionTag.versionId, id), eq(versionTag.tag, tag)))
      .returning();
    if (rows.length > 0) await recordAudit(tx, actorId, 'version.untag', id, { tag });
  });
}

export async function setNote({ db }: Product, actorId: string, input: { id: string; note: string }): Promise<void> {
  const note = input.note.trim();
  if (note) checkText(note, 'note');
  await db.transaction(async (tx) => {
    const former = await lockVersion(tx, input.id);
    if (former.note === note) return;
    await tx.update(version).set({ note }).where(eq(version.id, input.id));
    await recordAudit(tx, actorId, 'version.note', input.id, { from: former.note, to: note });
  });
}

/** Changes of one version take turns. */
export async function lockVersion(tx: Executor, id: string): Promise<typeof version.$inferSelect> {
  const [row] = await tx.select().from(version).where(eq(version.id, id)).for('update');
  if (!row) throw new AttuneError('NOT_FOUND', `There is no version ${id}.`);
  return row;
}
