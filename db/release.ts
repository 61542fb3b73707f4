// Decides which version is the champion: the only writer of releases, each guarded by the champion that it expects.
import { and, desc, eq, isNull, sql } from 'drizzle-orm';
import { BASE_VERSION_ID } from '@/core/artifact/manifest';
import { CHANNELS } from '@/core/contract';
import { AttuneError } from '@/core/errors';
import { VERSION_LAYER } from '@/core/rollout/layers';
import { recordAudit } from './audit';
import type { Database, Executor } from './client';
import { canary, experiment, release, version } from './schema';
import { refuseRetired } from './servable-version';

export interface Champion {
  versionId: string;
  since: Date;
}

export async function champion(db: Executor): Promise<Champion> {
  const [row] = await db.select().from(release).orderBy(desc(release.seq)).limit(1);
  if (!row) throw new AttuneError('INTERNAL', 'No version has been released; the product was not seeded.');
  return { versionId: row.versionId, since: row.createdAt };
}

/** Makes releases and starts of experiments take turns; the lock ends with the transaction. */
export async function lockReleases(tx: Executor): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('attune release', 0))`);
}

/** In a new database, adds the base as version `base` and releases it. */
export async function seedBase(db: Database, base: { id: string; sha256: string }): Promise<void> {
  await db.transaction(async (tx) => {
    await lockReleases(tx);
    await tx
      .insert(version)
      .values({ id: BASE_VERSION_ID, baseId: base.id, baseSha256: base.sha256, status: 'accepted' })
      .onConflictDoNothing();
    const [row] = await tx.select({ seq: release.seq }).from(release).limit(1);
    if (!row) await tx.insert(release).values({ versionId: BASE_VERSION_ID, action: 'initial' });
  });
}

export interface ReleaseChange {
  action: 'promote' | 'rollback';
  versionId: string;
  /** Throws CONFLICT if another version serves by now. */
  expectedChampionId: string;
  /** null is the product itself. */
  actorId: string | null;
  /** The reason, if no person asked for the change. */
  because?: string;
  /** A person's words. */
  reason?: string;
}

/**
 * The caller has made sure that the version can be loaded. Ends running experiments on versions, which compared with the
 * previous champion, and adds an audit row for each change.
 */
export async function changeChampion(tx: Executor, change: ReleaseChange): Promise<void> {
  const { action, versionId, expectedChampionId, actorId, because, reason } = change;
  await lockReleases(tx);
  const { versionId: former } = await champion(tx);
  if (former !== expectedChampionId) {
    throw new AttuneError('CONFLICT', `${former} serves now, not ${expectedChampionId}; look again and decide again.`);
  }
  if (former === versionId) throw new AttuneError('CONFLICT', `${versionId} serves already.`);
  await refuseRetired(tx, versionId);
  await tx.insert(release).values({ versionId, previousVersionId: former, action, actorId });
  const stopped = await tx
    .update(experiment)
    .set({ status: 'stopped', stoppedAt: sql`now()` })
    .where(and(eq(experiment.status, 'running'), eq(experiment.layer, VERSION_LAYER)))
    .returning({ id: experiment.id });
  const stoppedExperiments = stopped.map((row) => row.id);
  for (const id of stoppedExperiments) await recordAudit(tx, actorId, 'experiment.stop', id, { because: action });
  await endCanary(tx, versionId);
  await recordAudit(tx, actorId, `release.${action}`, versionId, {
    from: former,
    stoppedExperiments,
    ...(because && { because }),
    ...(reason && { reason }),
  });
  await tx.execute(sql`select pg_notify(${CHANNELS.release}, ${versionId})`);
}

/** A canary ends with any change of the champion: promoted if it is the new one, and else taken back. */
async function endCanary(tx: Executor, versionId: string): Promise<void> {
  await tx
    .update(canary)
    .set({
      phase: sql`(case when ${canary.candidateVersionId} = ${versionId} then 'promoted' else 'rolled_back' end)::canary_phase`,
      phaseSince: sql`now()`,
      endedAt: sql`now()`,
    })
    .where(isNull(canary.endedAt));
}
