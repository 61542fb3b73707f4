// Experiments: a share of the users gets a candidate instead of the champion.
import { randomUUID } from 'node:crypto';
import { and, desc, eq, isNull, sql } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import { recordAudit } from '@/db/audit';
import type { Executor } from '@/db/client';
import { champion, lockReleases } from '@/db/release';
import { canary, experiment } from '@/db/schema';
import { refuseRetired, requireServable } from '@/db/servable-version';
import type { Experiment } from '@/server/rollout/assign';
import { countMoved, countPeople } from '@/server/rollout/assign';
import { judgeArms, NO_JUDGEMENT } from '@/server/rollout/metrics';
import { hitsOfArms, NO_HITS } from '@/server/rollout/rule-hits';
import type { Product } from '@/server/services/product';
import type { ArmView, ExperimentResultsView, ExperimentView } from './views';

export async function runningExperiment(db: Executor): Promise<Experiment | null> {
  const [row] = await db.select().from(experiment).where(eq(experiment.status, 'running'));
  return row ?? null;
}

export async function list({ db }: Product): Promise<ExperimentView[]> {
  return (await db.select().from(experiment).orderBy(desc(experiment.createdAt))).map(view);
}

export async function start(
  product: Product,
  actorId: string,
  input: { candidateVersionId: string; share: number; name: string },
): Promise<ExperimentView> {
  await checkCandidate(product, input.candidateVersionId);
  return product.db.transaction(async (tx) => view(await open(tx, actorId, input)));
}

/** Loads the version, so that one that cannot be loaded meets nobody. */
export async function checkCandidate({ db, engine }: Product, versionId: string): Promise<void> {
  await requireServable(db, versionId);
  await engine.load(versionId);
}

/** Between the champion of this moment and the candidate. */
export async function open(
  tx: Executor,
  actorId: string | null,
  { candidateVersionId, share, name }: { candidateVersionId: string; share: number; name: string },
): Promise<Experiment> {
  await lockReleases(tx);
  await refuseRetired(tx, candidateVersionId);
  const { versionId: championVersionId } = await champion(tx);
  if (championVersionId === candidateVersionId) {
    throw new AttuneError('CONFLICT', `${candidateVersionId} is already the champion; choose another candidate.`);
  }
  const running = await runningExperiment(tx);
  if (running) throw new AttuneError('CONFLICT', `The experiment "${running.name}" is running; stop it first.`);
  const [row] = await tx
    .insert(experiment)
    .values({ name, share, championVersionId, candidateVersionId, salt: randomUUID(), createdBy: actorId })
    .returning();
  await recordAudit(tx, actorId, 'experiment.start', row!.id, { championVersionId, candidateVersionId, share });
  return row!;
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

export async function moveShare(tx: Executor, actorId: string | null, id: string, share: number) {
  const before = await lockRunning(tx, id);
  const [row] = await tx.update(experiment).set({ share }).where(eq(experiment.id, id)).returning();
  const movedUsers = await countMoved(tx, id, before.share, share);
  await recordAudit(tx, actorId, 'experiment.share', id, { from: before.share, to: share, movedUsers });
  return { ...view(row!), movedUsers };
}

export async function stop({ db }: Product, actorId: string, id: string): Promise<ExperimentView> {
  return db.transaction(async (tx) => {
    await refuseCanary(tx, id);
    return view(await close(tx, actorId, id));
  });
}

/** From now on everybody gets the champion. */
export async function close(tx: Executor, actorId: string | null, id: string): Promise<Experiment> {
  await lockRunning(tx, id);
  const [row] = await tx
    .update(experiment)
    .set({ status: 'stopped', stoppedAt: sql`now()` })
    .where(eq(experiment.id, id))
    .returning();
  await recordAudit(tx, actorId, 'experiment.stop', id);
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

export async function results({ db }: Product, id: string): Promise<ExperimentResultsView> {
  const [row] = await db.select().from(experiment).where(eq(experiment.id, id));
  if (!row) throw new AttuneError('NOT_FOUND', `There is no experiment ${id}.`);
  const [judged, hits, people] = await Promise.all([judgeArms(db, id), hitsOfArms(db, id), countPeople(db, row)]);
  const arm = (name: 'champion' | 'candidate', versionId: string): ArmView => ({
    versionId,
    users: people[name],
    ...(judged.get(name) ?? NO_JUDGEMENT),
    rules: hits.get(name) ?? NO_HITS,
  });
  return {
    experiment: view(row),
    champion: arm('champion', row.championVersionId),
    candidate: arm('candidate', row.candidateVersionId),
  };
}

/** Assignments read the row under the same lock, so no user gets an arm by the old share after the move. */
async function lockRunning(tx: Executor, id: string): Promise<Experiment> {
  const [row] = await tx.select().from(experiment).where(eq(experiment.id, id)).for('update');
  if (!row) throw new AttuneError('NOT_FOUND', `There is no experiment ${id}.`);
  if (row.status !== 'running') throw new AttuneError('CONFLICT', `The experiment "${row.name}" has been stopped.`);
  return row;
}

/** The running experiment, locked against a change of its share until the transaction ends. */
export async function holdRunning(tx: Executor): Promise<Experiment | null> {
  const [row] = await tx
    .select()
    .from(experiment)
    .where(and(eq(experiment.status, 'running')))
    .for('share');
  return row ?? null;
}

function view({ salt: _salt, createdBy: _createdBy, ...row }: Experiment): ExperimentView {
  return row;
}
