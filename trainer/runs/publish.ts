// Publishes a judged version: its row and the run's end in one transaction.
import { sql } from 'drizzle-orm';
import { artifactDirectory, readArtifact } from '@/core/artifact/artifact';
import type { Manifest } from '@/core/artifact/manifest';
import { CHANNELS } from '@/core/contract';
import { isAccepted } from '@/core/gates/state';
import { type Statement, sayVerdict } from '@/core/verdict';
import type { Executor } from '@/db/client';
import { feedback, version, versionFeedback } from '@/db/schema';
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
