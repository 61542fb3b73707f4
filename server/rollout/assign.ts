// Decides which version answers a person: sticky per user, with the probability of the arm.
import { and, count, eq, sql } from 'drizzle-orm';
import { bucketOf } from '@/core/statistics/bucket';
import type { Executor } from '@/db/client';
import { assignment, type experiment } from '@/db/schema';

export type Arm = 'champion' | 'candidate';
export type Experiment = typeof experiment.$inferSelect;

/** What a generation records about why its version was chosen. */
export interface Assignment {
  versionId: string;
  experimentId: string | null;
  arm: Arm;
  propensity: number;
}

/** Buckets are uniform in [0, 1), so a share of 0 takes no user and 1 takes all. */
export function armOf(bucket: number, share: number): Arm {
  return bucket < share ? 'candidate' : 'champion';
}

/** Probability that a user is in the arm, at the current share. */
export function propensityOf(arm: Arm, share: number): number {
  return arm === 'candidate' ? share : 1 - share;
}

/** By the person's stored bucket, or else by the bucket of the salt, which is stored now with the arm that it first gave. */
export async function assignArm(tx: Executor, running: Experiment, userId: string): Promise<Assignment> {
  const { id: experimentId, share } = running;
  const mine = and(eq(assignment.experimentId, experimentId), eq(assignment.userId, userId));
  const [stored] = await tx.select({ bucket: assignment.bucket }).from(assignment).where(mine);
  const bucket = stored?.bucket ?? bucketOf(running.salt, userId);
  const arm = armOf(bucket, share);
  const propensity = propensityOf(arm, share);
  if (!stored)
    await tx.insert(assignment).values({ experimentId, userId, arm, bucket, propensity }).onConflictDoNothing();
  return ofArm(running, arm, propensity);
}

export function ofArm(running: Experiment, arm: Arm, propensity: number): Assignment {
  const versionId = arm === 'candidate' ? running.candidateVersionId : running.championVersionId;
  return { versionId, experimentId: running.id, arm, propensity };
}

/** A change of the share moves those whose bucket is between the two; no row of theirs is written. */
export async function countMoved(tx: Executor, experimentId: string, from: number, to: number): Promise<number> {
  const isBetween = sql`${assignment.bucket} >= ${Math.min(from, to)} and ${assignment.bucket} < ${Math.max(from, to)}`;
  const [row] = await tx
    .select({ moved: count() })
    .from(assignment)
    .where(and(eq(assignment.experimentId, experimentId), isBetween));
  return row!.moved;
}

/** People who have been asked for an answer, by the arm that they have now. */
export async function countPeople(db: Executor, { id, share }: Pick<Experiment, 'id' | 'share'>) {
  const [row] = await db
    .select({
      candidate: sql`count(*) filter (where ${assignment.bucket} < ${share})`.mapWith(Number),
      people: count(),
    })
    .from(assignment)
    .where(eq(assignment.experimentId, id));
  const { candidate, people } = row!;
  return { champion: people - candidate, candidate };
}
