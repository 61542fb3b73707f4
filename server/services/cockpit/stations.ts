// Reads the newest snapshot, run, trained version and canary for the picture of the loop.
import { desc, eq, exists, isNotNull, sql } from 'drizzle-orm';
import type { LoopFacts } from '@/core/cockpit/loop';
import type { Executor } from '@/db/client';
import { canary, release, snapshot, trainingRun, version } from '@/db/schema';

/** Counts of votes; prompts and logged answers are no votes. */
const OF_VOTES = /^(?!prompt\/|generation\/)\w+\/(train|heldout)$/;

export async function readSnapshot(db: Executor): Promise<LoopFacts['snapshot']> {
  const [row] = await db
    .select({ id: snapshot.id, counts: snapshot.counts })
    .from(snapshot)
    .orderBy(desc(snapshot.createdAt))
    .limit(1);
  if (!row) return null;
  const votes = Object.entries(row.counts).reduce((sum, [name, n]) => (OF_VOTES.test(name) ? sum + n : sum), 0);
  return { id: row.id, votes };
}

export async function readRun(db: Executor): Promise<LoopFacts['run']> {
  const [row] = await db
    .select({
      id: trainingRun.id,
      status: trainingRun.status,
      stage: trainingRun.stage,
      progress: trainingRun.progress,
      secondsLeft: trainingRun.secondsLeft,
    })
    .from(trainingRun)
    .orderBy(desc(trainingRun.createdAt))
    .limit(1);
  return row ?? null;
}

export async function readVersion(db: Executor): Promise<LoopFacts['version']> {
  const [row] = await db
    .select({
      id: version.id,
      status: version.status,
      gates: version.gates,
      runId: version.runId,
      hasBeenTried: sql<boolean>`${exists(db.select({ one: sql`1` }).from(canary).where(eq(canary.candidateVersionId, version.id)))}
        or ${exists(db.select({ one: sql`1` }).from(release).where(eq(release.versionId, version.id)))}`,
    })
    .from(version)
    .where(isNotNull(version.runId))
    .orderBy(desc(version.createdAt))
    .limit(1);
  return row ? { ...row, isAccepted: row.status === 'accepted' } : null;
}

export async function readCanary(db: Executor): Promise<LoopFacts['canary']> {
  const [row] = await db
    .select({
      candidateVersionId: canary.candidateVersionId,
      phase: canary.phase,
      isPaused: canary.isPaused,
      verdict: canary.verdict,
    })
    .from(canary)
    .orderBy(desc(canary.createdAt))
    .limit(1);
  return row ? { ...row, because: row.verdict?.because ?? null } : null;
}
