// Decides which version answers a person: sticky per user, with the probability of the arm.
import { and, eq, sql } from 'drizzle-orm';
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

/** The stored arm, or else the arm of the user's bucket, which is stored now. */
export async function assignArm(tx: Executor, running: Experiment, userId: string): Promise<Assignment> {
  const bucket = bucketOf(running.salt, userId);
  const arm = armOf(bucket, running.share);
  const mine = and(eq(assignment.experimentId, running.id), eq(assignment.userId, userId));
  let [row] = await tx.select().from(assignment).where(mine);
  if (!row) {
    await tx
      .insert(assignment)
      .values({ experimentId: running.id, userId, arm, bucket, propensity: propensityOf(arm, running.share) })
      .onConflictDoNothing();
    [row] = await tx.select().from(assignment).where(mine);
  }
  return ofArm(running, row!.arm, row!.propensity);
}

export function ofArm(running: Experiment, arm: Arm, propensity: number): Assignment {
  const versionId = arm === 'candidate' ? running.candidateVersionId : running.championVersionId;
  return { versionId, experimentId: running.id, arm, propensity };
}

/** Moves the users whose bucket is between the two shares; the others keep their arm, with its new probability. */
export async function moveUsers(tx: Executor, experimentId: string, from: number, to: number): Promise<number> {
  const low = Math.min(from, to);
  const high = Math.max(from, to);
  const moved = await tx
    .update(assignment)
    .set({ arm: to > from ? 'candidate' : 'champion', updatedAt: sql`now()` })
    .where(
      and(
        eq(assignment.experimentId, experimentId),
        sql`${assignment.bucket} >= ${low} and ${assignment.bucket} < ${high}`,
        eq(assignment.arm, to > from ? 'champion' : 'candidate'),
      ),
    )
    .returning({ userId: assignment.userId });
  await tx
    .update(assignment)
    .set({
      propensity: sql`case ${assignment.arm} when 'candidate' then ${to}::float8 else ${1 - to}::float8 end`,
    })
    .where(eq(assignment.experimentId, experimentId));
  return moved.length;
}
