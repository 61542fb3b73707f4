// Refuses a version that may not serve: one that its gates have not passed, and one that an admin has retired.
import { eq } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import { hasFailed } from '@/core/gates/state';
import type { Executor } from './client';
import { version } from './schema';

/** Throws CONFLICT. Under `lockReleases` no admin can retire it before the transaction ends. */
export async function refuseRetired(db: Executor, versionId: string): Promise<void> {
  const [row] = await db
    .select({ at: version.retiredAt, reason: version.retiredReason })
    .from(version)
    .where(eq(version.id, versionId));
  if (row?.at) {
    throw new AttuneError('CONFLICT', `Version ${versionId} is retired (${row.reason}); restore it on its page first.`);
  }
}

/** Throws NOT_FOUND or CONFLICT with the reason; what it lets through has passed its gates and is in use. */
export async function requireServable(db: Executor, versionId: string): Promise<void> {
  const [row] = await db.select().from(version).where(eq(version.id, versionId));
  if (!row) throw new AttuneError('NOT_FOUND', `There is no version ${versionId}.`);
  await refuseRetired(db, versionId);
  if (row.status === 'rejected') {
    const failed = row.gates.find(hasFailed)?.name ?? 'a gate';
    throw new AttuneError(
      'CONFLICT',
      `Version ${versionId} was rejected by ${failed} and cannot serve; train another.`,
    );
  }
  if (row.status === 'imported') {
    throw new AttuneError('CONFLICT', `No gate has judged version ${versionId}; import its adapter again.`);
  }
}
