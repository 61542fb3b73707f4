// The versions that were trained on people's feedback, and which of them have served.
import { asc, desc, eq, min } from 'drizzle-orm';
import type { Executor } from '@/db/client';
import { champion } from '@/db/release';
import { release, snapshot, trainingRun, version } from '@/db/schema';
import { type Exclusion, isExcludedAt } from './exclusion';
import type { LearnerView } from './views';

interface Learner extends LearnerView {
  frozenUpTo: Date;
}

/** Oldest first: every version that a run has made, with the time up to which its feedback was frozen. */
export async function readLearners(db: Executor): Promise<Learner[]> {
  const rows = await db
    .select({
      versionId: version.id,
      status: version.status,
      runId: trainingRun.id,
      frozenUpTo: snapshot.frozenUpTo,
      createdAt: version.createdAt,
    })
    .from(trainingRun)
    .innerJoin(snapshot, eq(snapshot.id, trainingRun.snapshotId))
    .innerJoin(version, eq(version.id, trainingRun.resultVersionId))
    .orderBy(asc(snapshot.frozenUpTo), asc(version.createdAt));
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

interface Learned {
  feedback: { createdAt: Date };
  allowTraining: boolean;
  consentedAt: Date | null;
}

/** Those whose data was frozen after the feedback and the consent, while nobody had excluded it. */
export function learnersOf(
  learners: readonly Learner[],
  { feedback, allowTraining, consentedAt }: Learned,
  exclusions: readonly Exclusion[],
): LearnerView[] {
  if (!allowTraining) return [];
  const from = Math.max(feedback.createdAt.getTime(), consentedAt?.getTime() ?? 0);
  return learners
    .filter(({ frozenUpTo }) => frozenUpTo.getTime() >= from && !isExcludedAt(exclusions, frozenUpTo))
    .map(({ frozenUpTo: _, ...view }) => view);
}
