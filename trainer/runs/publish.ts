// Makes a judged version known: its row, the run's end and, where the admin wants it, its promotion, in one transaction.
import { eq, sql } from 'drizzle-orm';
import type { Manifest } from '@/core/artifact/manifest';
import type { Executor } from '@/db/client';
import { audit, experiment, release, version } from '@/db/schema';
import { type RunLease, readSetting } from './lease';
import type { Outcome } from './store';
import { championId } from './trigger';

/** The artifact is in place already; throws CONFLICT, with nothing written, when the lease is no longer ours. */
export async function publishVersion(lease: RunLease, manifest: Manifest, verdict: string): Promise<Outcome> {
  const { versionId, gates } = manifest;
  const isAccepted = gates.every((gate) => gate.passed);
  const status = isAccepted ? 'done' : 'rejected';
  await lease.flush();
  await lease.transaction(async (tx) => {
    await tx.insert(version).values({
      id: versionId,
      parentId: manifest.parentVersionId,
      runId: lease.run.id,
      snapshotId: manifest.snapshotId,
      baseId: manifest.baseId,
      baseSha256: manifest.baseSha256,
      status: isAccepted ? 'accepted' : 'rejected',
      manifest,
      gates,
    });
    if (isAccepted && (await readSetting(tx, 'autoPromote')) === true) {
      await promote(tx, versionId, lease.run.parentVersionId);
    }
    await tx.execute(sql`select pg_notify('version_published', ${versionId})`);
    return {
      status,
      verdict,
      resultVersionId: versionId,
      stage: 'publish',
      progress: 1,
      secondsLeft: null,
      leaseOwner: null,
      leaseExpiresAt: null,
      finishedAt: sql`now()`,
    };
  });
  return { status, versionId, verdict };
}

/** Only over the version that it was trained and judged against: anything newer was somebody's decision. */
async function promote(tx: Executor, versionId: string, expectedChampion: string): Promise<void> {
  // The lock under which every change of what serves takes its turn.
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('attune release', 0))`);
  if ((await championId(tx)) !== expectedChampion) return;
  await tx.insert(release).values({ versionId, previousVersionId: expectedChampion, action: 'promote' });
  await tx.update(experiment).set({ status: 'stopped', stoppedAt: sql`now()` }).where(eq(experiment.status, 'running'));
  const detail = { from: expectedChampion, because: 'autoPromote' };
  await tx.insert(audit).values({ actorId: null, action: 'release.promote', subject: versionId, detail });
  await tx.execute(sql`select pg_notify('release', ${versionId})`);
}
