// Records versions that this product did not train; nothing else writes them.
import { sql } from 'drizzle-orm';
import type { Manifest } from '@/core/artifact/manifest';
import { CHANNELS } from '@/core/contract';
import { AttuneError } from '@/core/errors';
import { recordAudit } from './audit';
import type { Database } from './client';
import { version } from './schema';

/** The artifact is already in place. The version serves once an admin promotes it. */
export async function recordImport(db: Database, manifest: Manifest): Promise<void> {
  const { versionId, parentVersionId, baseId, baseSha256, gates } = manifest;
  await db.transaction(async (tx) => {
    const rows = await tx
      .insert(version)
      .values({ id: versionId, parentId: parentVersionId, baseId, baseSha256, status: 'imported', manifest, gates })
      .onConflictDoNothing()
      .returning({ id: version.id });
    if (rows.length === 0) {
      throw new AttuneError('CONFLICT', `There is already a version ${versionId}. Choose another name with --name.`);
    }
    await recordAudit(tx, null, 'version.import', versionId, { baseId });
    await tx.execute(sql`select pg_notify(${CHANNELS.versionPublished}, ${versionId})`);
  });
}
