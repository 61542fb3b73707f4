// Publishes a judged version: its row, the run's end and, if the admin chose so, its promotion, in one transaction.
import { sql } from 'drizzle-orm';
import { artifactDirectory, readArtifact } from '@/core/artifact/artifact';
import type { Manifest } from '@/core/artifact/manifest';
import { CHANNELS } from '@/core/contract';
import { isAccepted } from '@/core/gates/state';
import { type Statement, sayVerdict } from '@/core/verdict';
import type { Executor } from '@/db/client';
import { champion, changeChampion, lockReleases } from '@/db/release';
import { feedback, version, versionFeedback } from '@/db/schema';
import { readSettings } from '@/db/settings';
import type { RunLease } from './lease';
import type { Outcome } from './store';

interface Publication {
  manifest: Manifest;
  statements: Statement[];
  /** Ids of feedback, as `learnedFeedback` finds them. */
  learned: readonly string[];
}

/**
 * The artifact is already in place, and is read in full once more, because a version that cannot be loaded must never
 * serve. Throws CONFLICT, with nothing written, when the lease is no longer ours.
 */
export async function publishVersion(
  lease: RunLease,
  artifacts: string,
  { manifest, statements, learned }: Publication,
): Promise<Outcome> {
  const { versionId, gates, baseSha256 } = manifest;
  await readArtifact(artifactDirectory(artifacts, versionId), { verify: true });
  const passes = isAccepted(gates);
  const verdict = sayVerdict(statements);
  const status = passes ? 'done' : 'rejected';
  await lease.flush();
  await lease.transaction(async (tx) => {
    await tx.insert(version).values({
      id: versionId,
      parentId: manifest.parentVersionId,
      runId: lease.run.id,
      snapshotId: manifest.snapshotId,
      baseId: manifest.baseId,
      baseSha256,
      status: passes ? 'accepted' : 'rejected',
      manifest,
      gates,
    });
    await recordLearned(tx, versionId, learned);
    // A person brought an adapter from elsewhere, and a person decides about it.
    const mayPromote = passes && manifest.imported === undefined;
    if (mayPromote && (await readSettings(tx)).autoPromote) await promote(tx, versionId, lease.run.parentVersionId);
    await tx.execute(sql`select pg_notify(${CHANNELS.versionPublished}, ${versionId})`);
    return {
      status,
      verdict,
      statements,
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

/** What a person takes back at this moment is waited for, and left out. */
async function recordLearned(tx: Executor, versionId: string, learned: readonly string[]): Promise<void> {
  await tx.execute(sql`insert into ${versionFeedback} (version_id, feedback_id)
    select ${versionId}, f.id from (
      select id from ${feedback} where id = any(${sql.param([...learned])}::uuid[]) order by id for key share
    ) f`);
}

/** Replaces only the version that it was trained and judged against: any newer champion was a person's decision. */
async function promote(tx: Executor, versionId: string, expectedChampionId: string): Promise<void> {
  await lockReleases(tx);
  if ((await champion(tx)).versionId !== expectedChampionId) return;
  const because = 'autoPromote';
  await changeChampion(tx, { action: 'promote', versionId, expectedChampionId, actorId: null, because });
}
