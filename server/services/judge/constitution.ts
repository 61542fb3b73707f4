// The principles by which judges label: an edit is a new version, and so is a return to an old one.
import { desc, eq } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import type { Principle } from '@/core/judging/constitution';
import { recordAudit } from '@/db/audit';
import type { Executor } from '@/db/client';
import { constitution, user } from '@/db/schema';
import type { Product } from '@/server/services/product';
import { checkText } from '@/server/services/text';
import type { ConstitutionView } from './views';

const MOST_SHOWN = 50;

/** Newest first; the first is in force. */
export async function listConstitutions({ db }: Product): Promise<ConstitutionView[]> {
  const { version, principles, restores, createdAt } = constitution;
  return db
    .select({ version, principles, restores, createdAt, author: user.name })
    .from(constitution)
    .leftJoin(user, eq(user.id, constitution.createdBy))
    .orderBy(desc(version))
    .limit(MOST_SHOWN);
}

export async function readConstitution(db: Executor): Promise<{ version: number; principles: Principle[] } | null> {
  const [row] = await db.select().from(constitution).orderBy(desc(constitution.version)).limit(1);
  return row ? { version: row.version, principles: row.principles } : null;
}

/** `basedOn` is the version that the admin edited, so that the second of two edits at once is refused. */
export async function writeConstitution(
  { db }: Product,
  actorId: string,
  { principles, basedOn }: { principles: Principle[]; basedOn: number | null },
): Promise<{ version: number }> {
  for (const { text } of principles) checkText(text, 'principle');
  return db.transaction(async (tx) => {
    await lockConstitutions(tx);
    const now = await readConstitution(tx);
    if ((now?.version ?? null) !== basedOn)
      throw new AttuneError('CONFLICT', 'Someone else has changed the principles. Reload the page and edit again.');
    return insertVersion(tx, actorId, principles, now, null);
  });
}

/** Makes a new version of the principles of an old one. */
export async function restoreConstitution(
  { db }: Product,
  actorId: string,
  version: number,
): Promise<{ version: number }> {
  return db.transaction(async (tx) => {
    await lockConstitutions(tx);
    const [old] = await tx.select().from(constitution).where(eq(constitution.version, version));
    if (!old) throw new AttuneError('NOT_FOUND', `There is no version ${version} of the principles.`);
    return insertVersion(tx, actorId, old.principles, await readConstitution(tx), version);
  });
}

async function lockConstitutions(tx: Executor): Promise<void> {
  await tx.execute(`lock table constitution in share row exclusive mode`);
}

async function insertVersion(
  tx: Executor,
  actorId: string,
  principles: Principle[],
  before: { version: number; principles: Principle[] } | null,
  restores: number | null,
): Promise<{ version: number }> {
  const [row] = await tx.insert(constitution).values({ principles, restores, createdBy: actorId }).returning();
  const { version } = row!;
  await recordAudit(tx, actorId, restores === null ? 'constitution.write' : 'constitution.restore', String(version), {
    from: before,
    to: principles,
    ...(restores !== null && { restores }),
  });
  return { version };
}
