// Finds the version that is on its way to users in place of the champion, or next in line.
import { and, desc, eq, gt, isNull, notExists, sql } from 'drizzle-orm';
import type { Executor } from './client';
import { champion } from './release';
import { canary, version } from './schema';
import { readSettings } from './settings';

/** The newest accepted version that was trained from the champion and has never been a canary. */
export async function nextCandidate(db: Executor): Promise<string | null> {
  const now = await champion(db);
  const [next] = await db
    .select({ id: version.id })
    .from(version)
    .where(
      and(
        eq(version.status, 'accepted'),
        isNull(version.retiredAt),
        // A person brought an adapter from elsewhere, and a person decides about it.
        sql`${version.manifest} -> 'imported' is null`,
        eq(version.parentId, now.versionId),
        gt(version.createdAt, now.since),
        notExists(db.select({ one: sql`1` }).from(canary).where(eq(canary.candidateVersionId, version.id))),
      ),
    )
    .orderBy(desc(version.createdAt))
    .limit(1);
  return next?.id ?? null;
}

/** The running canary's candidate, or the version with which one is about to begin by itself. */
export async function candidateOnItsWay(db: Executor): Promise<string | null> {
  const [running] = await db.select({ id: canary.candidateVersionId }).from(canary).where(isNull(canary.endedAt));
  if (running) return running.id;
  return (await readSettings(db)).autoCanary ? nextCandidate(db) : null;
}
