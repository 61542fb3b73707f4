// Takes a version out of use, brings it back, and deletes its files; nothing that serves or may serve again is touched.
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { and, eq, inArray, or, sql } from 'drizzle-orm';
import { artifactDirectory } from '@/core/artifact/artifact';
import { BASE_VERSION_ID } from '@/core/artifact/manifest';
import { LIVE_STATUSES } from '@/core/contract';
import { AttuneError } from '@/core/errors';
import { recordAudit } from '@/db/audit';
import type { Executor } from '@/db/client';
import { champion, lockReleases } from '@/db/release';
import { lockRuns } from '@/db/runs/queue';
import { experiment, trainingRun, version } from '@/db/schema';
import type { Product } from '@/server/services/product';
import { checkText } from '@/server/services/text';
import { lockVersion } from './labels';
import type { VersionDetailView } from './views';

/** From now on it cannot be promoted, tried or named in a request; a rollback passes it over. */
export async function retire({ db }: Product, actorId: string, input: { id: string; reason: string }): Promise<void> {
  const { id } = input;
  const reason = input.reason.trim();
  checkText(reason, 'reason');
  await db.transaction(async (tx) => {
    // In this order everywhere, so that no two wait for each other; no champion, arm or run can change meanwhile.
    await lockReleases(tx);
    await lockRuns(tx);
    const row = await lockVersion(tx, id);
    if (row.retiredAt) throw new AttuneError('CONFLICT', `Version ${id} is retired already.`);
    const use = await useOf(tx, id);
    if (use) throw new AttuneError('CONFLICT', `Version ${id} ${WHY[use]}`);
    await tx.update(version).set({ retiredAt: sql`now()`, retiredReason: reason }).where(eq(version.id, id));
    await recordAudit(tx, actorId, 'version.retire', id, { reason });
  });
}

const WHY: Record<NonNullable<VersionDetailView['inUse']>, string> = {
  base: 'is the base, which every version needs.',
  champion: 'is the champion; promote another one first.',
  arm: 'is in a running experiment; stop that first.',
  run: 'is the parent of a run that has not ended; wait for it, or cancel it.',
};

/** What keeps a version from being retired. */
export async function useOf(db: Executor, id: string): Promise<VersionDetailView['inUse']> {
  if (id === BASE_VERSION_ID) return 'base';
  if ((await champion(db)).versionId === id) return 'champion';
  const isArm = or(eq(experiment.championVersionId, id), eq(experiment.candidateVersionId, id));
  const [arm] = await db
    .select({ id: experiment.id })
    .from(experiment)
    .where(and(eq(experiment.status, 'running'), isArm))
    .limit(1);
  if (arm) return 'arm';
  const [run] = await db
    .select({ id: trainingRun.id })
    .from(trainingRun)
    .where(and(inArray(trainingRun.status, [...LIVE_STATUSES]), eq(trainingRun.parentVersionId, id)))
    .limit(1);
  return run ? 'run' : null;
}

/** Only while its files exist. */
export async function restore({ db, artifacts }: Product, actorId: string, id: string): Promise<void> {
  await db.transaction(async (tx) => {
    const row = await lockVersion(tx, id);
    if (!row.retiredAt) throw new AttuneError('CONFLICT', `Version ${id} is not retired.`);
    if (row.filesDeletedAt || !existsSync(artifactDirectory(artifacts, id)))
      throw new AttuneError('CONFLICT', `The files of version ${id} were deleted, so it cannot come back.`);
    await tx.update(version).set({ retiredAt: null, retiredReason: null }).where(eq(version.id, id));
    await recordAudit(tx, actorId, 'version.restore', id, { was: row.retiredReason });
  });
}

/** Frees the disk; the row with its gates and figures stays. */
export async function deleteFiles({ db, artifacts }: Product, actorId: string, id: string): Promise<void> {
  await db.transaction(async (tx) => {
    const row = await lockVersion(tx, id);
    if (!row.retiredAt) throw new AttuneError('CONFLICT', `Version ${id} is in use; retire it first.`);
    if (row.filesDeletedAt) throw new AttuneError('CONFLICT', `The files of version ${id} were deleted already.`);
    await tx.update(version).set({ filesDeletedAt: sql`now()` }).where(eq(version.id, id));
    await recordAudit(tx, actorId, 'version.delete_files', id);
    // Last: a failure leaves the row as it was, and a process that dies here leaves files that can be deleted again.
    await rm(artifactDirectory(artifacts, id), { recursive: true, force: true });
  });
}
