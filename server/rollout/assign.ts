// Decides which version and which settings answer a person: sticky per user, with the probability of the arm.
import { and, count, eq, inArray, isNull, sql } from 'drizzle-orm';
import { type SettingsChange, VERSION_LAYER } from '@/core/rollout/layers';
import { bucketOf } from '@/core/statistics/bucket';
import type { Executor } from '@/db/client';
import { assignment, type experiment } from '@/db/schema';

export type Arm = 'champion' | 'candidate';
export type Experiment = typeof experiment.$inferSelect;

/** An arm of an experiment, with the probability that it was given. */
export interface GivenArm {
  experiment: Experiment;
  arm: Arm;
  propensity: number;
}

/** What a generation records about why its version and its settings were chosen. */
export interface Assignment {
  versionId: string;
  /** Of the experiment on versions. */
  experimentId: string | null;
  arm: Arm;
  propensity: number;
  /** Of each experiment on settings. */
  settings: SettingsArm[];
}

export interface SettingsArm {
  experimentId: string;
  arm: Arm;
  propensity: number;
  /** In place of the product's settings; empty in the champion's arm. */
  change: SettingsChange;
}

/** A version that was asked for by its name, or a task of raters, is no part of any experiment. */
export const outside = (versionId: string): Assignment => ({
  ...{ versionId, experimentId: null, arm: 'champion', propensity: 1, settings: [] },
});

/** Buckets are uniform in [0, 1), so a share of 0 takes no user and 1 takes all. */
export function armOf(bucket: number, share: number): Arm {
  return bucket < share ? 'candidate' : 'champion';
}

/** Probability that a user is in the arm, at the current share. */
export function propensityOf(arm: Arm, share: number): number {
  return arm === 'candidate' ? share : 1 - share;
}

/** A person's own arm of each experiment that they take part in, by the stored bucket or the one of the salt. */
export async function assignArms(
  tx: Executor,
  experiments: readonly Experiment[],
  userId: string,
  { isExposed }: { isExposed: boolean },
): Promise<GivenArm[]> {
  if (experiments.length === 0) return [];
  const among = and(
    eq(assignment.userId, userId),
    inArray(
      assignment.experimentId,
      experiments.map(({ id }) => id),
    ),
  );
  const stored = new Map((await tx.select().from(assignment).where(among)).map((row) => [row.experimentId, row]));
  const given = experiments.map((experiment) => {
    const bucket = stored.get(experiment.id)?.bucket ?? bucketOf(experiment.salt, userId);
    return { experiment, bucket, ...armFor(experiment, armOf(bucket, experiment.share)) };
  });
  const added = given.filter(({ experiment }) => !stored.has(experiment.id));
  const exposedAt = isExposed ? sql`now()` : null;
  if (added.length > 0) {
    const rows = added.map(({ experiment, bucket, arm, propensity }) => ({
      ...{ experimentId: experiment.id, userId, arm, bucket, propensity, exposedAt },
    }));
    await tx.insert(assignment).values(rows).onConflictDoNothing();
  }
  const isFirst = [...stored.values()].some((row) => row.exposedAt === null);
  if (isExposed && isFirst)
    await tx
      .update(assignment)
      .set({ exposedAt })
      .where(and(among, isNull(assignment.exposedAt)));
  return given.map(({ experiment, arm, propensity }) => ({ experiment, arm, propensity }));
}

const armFor = ({ share }: Experiment, arm: Arm) => ({ arm, propensity: propensityOf(arm, share) });

/** Both arms side by side; everybody who is shown them sees both. */
export const bothArms = (experiment: Experiment): [GivenArm, GivenArm] => [
  { experiment, arm: 'champion', propensity: 1 },
  { experiment, arm: 'candidate', propensity: 1 },
];

/** What an answer is made with; the version is the champion's unless an arm gives another. */
export function combineArms(championId: string, arms: readonly GivenArm[]): Assignment {
  const onVersions = arms.find(({ experiment }) => experiment.layer === VERSION_LAYER);
  const version = onVersions && versionOf(onVersions);
  const settings = arms
    .filter(({ experiment }) => experiment.change !== null)
    .map(({ experiment, arm, propensity }) => ({
      ...{ experimentId: experiment.id, arm, propensity },
      change: arm === 'candidate' ? experiment.change! : {},
    }));
  const own = { versionId: championId, experimentId: null, arm: 'champion' as const, propensity: 1 };
  return { ...own, ...version, settings };
}

const versionOf = ({ experiment, arm, propensity }: GivenArm) => ({
  // A check of the table keeps it non-null where the arms differ in the version.
  versionId: arm === 'candidate' ? experiment.candidateVersionId! : experiment.championVersionId,
  ...{ experimentId: experiment.id, arm, propensity },
});

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
