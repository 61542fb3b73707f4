// Experiments begin, move their shares and end: a share of some users gets a candidate instead of what serves.
import { randomUUID } from 'node:crypto';
import { and, desc, eq, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import { AttuneError } from '@/core/errors';
import { ExperimentPlan } from '@/core/rollout/experiment';
import { changedKeys, findSegment, LayerName, SettingsChange, VERSION_LAYER } from '@/core/rollout/layers';
import { TEXT_LIMITS } from '@/core/text/text-limits';
import { recordAudit } from '@/db/audit';
import type { Executor } from '@/db/client';
import { champion, lockReleases } from '@/db/release';
import { canary, experiment } from '@/db/schema';
import { refuseRetired, requireServable } from '@/db/servable-version';
import type { Experiment } from '@/server/rollout/assign';
import { countMoved } from '@/server/rollout/assign';
import type { Product } from '@/server/services/product';
import { forecast } from './experiment-forecast';
import { loadVersion } from './load';
import type { ExperimentView } from './views';

const MOST_LISTED = 50;

/** One of those on versions, of which a canary is always alone. */
export async function runningExperiment(db: Executor): Promise<Experiment | null> {
  const [row] = await db
    .select()
    .from(experiment)
    .where(and(isRunning, eq(experiment.layer, VERSION_LAYER)));
  return row ?? null;
}

const isRunning = eq(experiment.status, 'running');

/** The running ones first. */
export async function list({ db }: Product): Promise<ExperimentView[]> {
  const rows = await db
    .select()
    .from(experiment)
    .orderBy(desc(isRunning), desc(experiment.createdAt))
    .limit(MOST_LISTED);
  return rows.map(view);
}

/** What somebody may ask for; exactly one of a version and a change of settings. */
export const NewExperiment = z
  .strictObject({
    name: z.string().trim().min(1).max(TEXT_LIMITS.experimentName),
    candidateVersionId: z.string().min(1).max(200).optional(),
    change: SettingsChange.optional(),
    /** For a change of settings; experiments on versions have their own layer. */
    layer: LayerName.default('settings'),
    /** Of the layer's users. */
    part: z.number().min(0.01).max(1).default(1),
    share: z.number().min(0).max(1),
    plan: ExperimentPlan.prefault({}),
  })
  .refine((asked) => (asked.candidateVersionId === undefined) !== (asked.change === undefined), {
    path: ['candidateVersionId'],
    message: 'either a version or a change of settings must be given',
  });
type NewExperiment = z.infer<typeof NewExperiment>;

export async function start(product: Product, actorId: string, asked: NewExperiment): Promise<ExperimentView> {
  const { candidateVersionId, change } = asked;
  if (candidateVersionId !== undefined) await checkCandidate(product, candidateVersionId);
  const { needed } = await forecast(product, asked);
  return product.db.transaction(async (tx) => {
    const row = await open(tx, actorId, {
      ...asked,
      ...{ candidateVersionId: candidateVersionId ?? null, change: change ?? null, needed },
      layer: change ? asked.layer : VERSION_LAYER,
    });
    return view(row);
  });
}

/** Loads the version, so that one that cannot be loaded meets nobody. */
export async function checkCandidate({ db, engine }: Product, versionId: string): Promise<void> {
  await requireServable(db, versionId);
  await loadVersion({ engine }, versionId);
}

type Opened = Pick<Experiment, 'name' | 'share' | 'layer' | 'candidateVersionId' | 'change' | 'plan' | 'needed'> & {
  part: number;
};

/** Between what serves at this moment and the candidate. */
export async function open(tx: Executor, actorId: string | null, { part, ...asked }: Opened): Promise<Experiment> {
  const { candidateVersionId, change, layer, name, share } = asked;
  await lockReleases(tx);
  if (candidateVersionId) await refuseRetired(tx, candidateVersionId);
  const { versionId: championVersionId } = await champion(tx);
  if (championVersionId === candidateVersionId) {
    throw new AttuneError('CONFLICT', `${candidateVersionId} is already the champion; choose another candidate.`);
  }
  const running = await tx.select().from(experiment).where(isRunning);
  if (change) refuseSameSetting(running, layer, change);
  const neighbours = running.filter((one) => one.layer === layer);
  const segment = findSegment(
    neighbours.map(({ segmentFrom: from, segmentTo: to }) => ({ from, to })),
    part,
  );
  if (!segment) {
    const names = neighbours.map((one) => `"${one.name}"`).join(', ');
    throw new AttuneError(
      'CONFLICT',
      `The layer ${layer} has no ${Math.round(part * 100)}% of the users left: ${names} ${neighbours.length > 1 ? 'are' : 'is'} running in it. Ask for fewer, or stop one first.`,
    );
  }
  const { from: segmentFrom, to: segmentTo } = segment;
  const [row] = await tx
    .insert(experiment)
    .values({ ...asked, championVersionId, segmentFrom, segmentTo, salt: randomUUID(), createdBy: actorId })
    .returning();
  const detail = {
    championVersionId,
    candidateVersionId,
    change,
    layer,
    segmentFrom,
    segmentTo,
    share,
    plan: asked.plan,
  };
  await recordAudit(tx, actorId, 'experiment.start', row!.id, { name, ...detail });
  return row!;
}

/** Experiments of different layers meet in one answer, so they must not set the same thing. */
function refuseSameSetting(running: readonly Experiment[], layer: string, change: SettingsChange): void {
  const own = changedKeys(change);
  for (const other of running.filter((one) => one.layer !== layer && one.change !== null)) {
    const both = changedKeys(other.change!).find((key) => own.includes(key));
    if (both)
      throw new AttuneError(
        'CONFLICT',
        `The experiment "${other.name}" in the layer ${other.layer} changes ${both}, too; start this one in that layer.`,
      );
  }
}

export async function setShare(
  { db }: Product,
  actorId: string,
  { id, share }: { id: string; share: number },
): Promise<ExperimentView & { movedUsers: number }> {
  return db.transaction(async (tx) => {
    await refuseCanary(tx, id);
    return moveShare(tx, actorId, id, share);
  });
}

export async function moveShare(
  tx: Executor,
  actorId: string | null,
  id: string,
  share: number,
  detail: Record<string, unknown> = {},
) {
  const before = await lockRunning(tx, id);
  const [row] = await tx
    .update(experiment)
    .set({ share, shareSince: sql`now()` })
    .where(eq(experiment.id, id))
    .returning();
  const movedUsers = await countMoved(tx, id, before.share, share);
  await recordAudit(tx, actorId, 'experiment.share', id, { from: before.share, to: share, movedUsers, ...detail });
  return { ...view(row!), movedUsers };
}

export async function stop({ db }: Product, actorId: string, id: string): Promise<ExperimentView> {
  return db.transaction(async (tx) => {
    await refuseCanary(tx, id);
    return view(await close(tx, actorId, id));
  });
}

/** From now on everybody gets the champion. Answers that are being written end as they began. */
export async function close(
  tx: Executor,
  actorId: string | null,
  id: string,
  detail: Record<string, unknown> = {},
): Promise<Experiment> {
  await lockRunning(tx, id);
  const [row] = await tx
    .update(experiment)
    .set({ status: 'stopped', stoppedAt: sql`now()` })
    .where(eq(experiment.id, id))
    .returning();
  await recordAudit(tx, actorId, 'experiment.stop', id, detail);
  return row!;
}

async function refuseCanary(tx: Executor, experimentId: string): Promise<void> {
  const [own] = await tx
    .select({ candidate: canary.candidateVersionId })
    .from(canary)
    .where(and(eq(canary.experimentId, experimentId), isNull(canary.endedAt)));
  if (own)
    throw new AttuneError(
      'CONFLICT',
      `The users belong to the canary of ${own.candidate}; steer it on /admin/rollout.`,
    );
}

/** Assignments read the row under the same lock, so no user gets an arm by the old share after the move. */
export async function lockRunning(tx: Executor, id: string): Promise<Experiment> {
  const [row] = await tx.select().from(experiment).where(eq(experiment.id, id)).for('update');
  if (!row) throw new AttuneError('NOT_FOUND', `There is no experiment ${id}.`);
  if (row.status !== 'running') throw new AttuneError('CONFLICT', `The experiment "${row.name}" has been stopped.`);
  return row;
}

/** The running experiments, locked against a change of their shares until the transaction ends. */
export async function holdRunning(tx: Executor): Promise<Experiment[]> {
  return tx.select().from(experiment).where(isRunning).orderBy(experiment.createdAt, experiment.id).for('share');
}

export function view({ salt: _salt, createdBy: _createdBy, ...row }: Experiment): ExperimentView {
  return row;
}
