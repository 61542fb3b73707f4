// The one writer of what serves: who the champion is, and each change of it, guarded by the champion that it expects.
import { desc, eq, sql } from 'drizzle-orm';
import { BASE_VERSION_ID } from '@/core/artifact/manifest';
import { CHANNELS } from '@/core/contract';
import { AttuneError } from '@/core/errors';
import { recordAudit } from './audit';
import type { Database, Executor } from './client';
import { experiment, release, version } from './schema';

export interface Champion {
  versionId: string;
  since: Date;
}

export async function champion(db: Executor): Promise<Champion> {
  const [row] = await db.select().from(release).orderBy(desc(release.seq)).limit(1);
  if (!row) throw new AttuneError('INTERNAL', 'No version has been released; the product was not seeded.');
  return { versionId: row.versionId, since: row.createdAt };
}

/** Changes of what serves, and starts of experiments against it, take turns; the lock ends with the transaction. */
export async function lockReleases(tx: Executor): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('attune release', 0))`);
}

/** The base as version `base`, and its release, where the database is new. */
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
  /** CONFLICT where another version serves by now. */
  expectedChampionId: string;
  /** null is the product itself. */
  actorId: string | null;
  /** Why, where no person asked for it. */
  because?: string;
}

/**
 * Whoever calls it has made sure that the version can be loaded. Ends the running experiment, whose question was about
 * the former champion, and leaves an audit row for each.
 */
export async function changeChampion(tx: Executor, change: ReleaseChange): Promise<void> {
  const { action, versionId, expectedChampionId, actorId, because } = change;
  await lockReleases(tx);
  const { versionId: former } = await champion(tx);
  if (former !== expectedChampionId) {
    throw new AttuneError('CONFLICT', `${former} serves now, not ${expectedChampionId}; look again and decide again.`);
  }
  if (former === versionId) throw new AttuneError('CONFLICT', `${versionId} serves already.`);
  await tx.insert(release).values({ versionId, previousVersionId: former, action, actorId });
  const stopped = await tx
    .update(experiment)
    .set({ status: 'stopped', stoppedAt: sql`now()` })
    .where(eq(experiment.status, 'running'))
    .returning({ id: experiment.id });
  const stoppedExperiments = stopped.map((row) => row.id);
  for (const id of stoppedExperiments) await recordAudit(tx, actorId, 'experiment.stop', id, { because: action });
  await recordAudit(tx, actorId, `release.${action}`, versionId, {
    from: former,
    stoppedExperiments,
    ...(because && { because }),
  });
  await tx.execute(sql`select pg_notify(${CHANNELS.release}, ${versionId})`);
}
