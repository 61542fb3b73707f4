// The versions that were trained on people's feedback, and which of them have served.
import { asc, desc, eq, min, sql } from 'drizzle-orm';
import type { Executor } from '@/db/client';
import { champion } from '@/db/release';
import { release, trainingRun, version, versionFeedback } from '@/db/schema';
import type { LearnerView } from './views';

/** Oldest first: every version that a run has made. */
export async function readTrained(db: Executor): Promise<LearnerView[]> {
  const rows = await db
    .select({
      versionId: version.id,
      status: version.status,
      runId: trainingRun.id,
      createdAt: version.createdAt,
    })
    .from(trainingRun)
    .innerJoin(version, eq(version.id, trainingRun.resultVersionId))
    .orderBy(asc(version.createdAt), asc(version.id));
  const served = await db
    .select({ versionId: release.versionId, since: min(release.createdAt) })
    .from(release)
    .groupBy(release.versionId)
    .orderBy(desc(release.versionId));
  const since = new Map(served.map((row) => [row.versionId, row.since]));
  const now = await champion(db);
  return rows.map((row) => ({
    ...row,
    championSince: since.get(row.versionId) ?? null,
    isChampion: row.versionId === now.versionId,
  }));
}

/** By feedback id, oldest first: the versions whose runs really learned from it. */
export async function readLearners(db: Executor, feedbackIds: readonly string[]): Promise<Map<string, LearnerView[]>> {
  const learned = await db
    .select()
    .from(versionFeedback)
    .where(sql`${versionFeedback.feedbackId} = any(${sql.param([...feedbackIds])}::uuid[])`);
  const trained = learned.length > 0 ? await readTrained(db) : [];
  return new Map(
    feedbackIds.map((id) => {
      const own = new Set(learned.flatMap(({ versionId, feedbackId }) => (feedbackId === id ? [versionId] : [])));
      return [id, trained.filter(({ versionId }) => own.has(versionId))];
    }),
  );
}
