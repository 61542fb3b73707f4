// All that is known of one version: what it was made from, what came of it, and when it served.
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { asc, desc, eq, or } from 'drizzle-orm';
import { artifactDirectory } from '@/core/artifact/artifact';
import { BASE_VERSION_ID } from '@/core/artifact/manifest';
import { AttuneError } from '@/core/errors';
import type { Executor } from '@/db/client';
import { champion } from '@/db/release';
import { canary, experiment, release, trainingRun, version } from '@/db/schema';
import type { Product } from '@/server/services/product';
import { readServed } from '../release';
import { nameView, rowView, tagsOf } from './list';
import { useOf } from './retire';
import type { ServiceView, VersionDetailView } from './views';

const MOST_LISTED = 50;

export async function getVersion({ db, artifacts }: Product, id: string): Promise<VersionDetailView> {
  const [row] = await db.select().from(version).where(eq(version.id, id));
  if (!row) throw new AttuneError('NOT_FOUND', `There is no version ${id}.`);
  const now = await champion(db);
  const [tags, children, run, experiments, canaries, services, inUse, served] = await Promise.all([
    tagsOf(db, [id]),
    db
      .select({ id: version.id, status: version.status, retiredAt: version.retiredAt })
      .from(version)
      .where(eq(version.parentId, id))
      .orderBy(desc(version.createdAt))
      .limit(MOST_LISTED),
    row.runId ? readRun(db, row.runId) : null,
    db
      .select()
      .from(experiment)
      .where(or(eq(experiment.candidateVersionId, id), eq(experiment.championVersionId, id)))
      .orderBy(desc(experiment.createdAt))
      .limit(MOST_LISTED),
    db
      .select({ id: canary.id, phase: canary.phase, createdAt: canary.createdAt, endedAt: canary.endedAt })
      .from(canary)
      .where(eq(canary.candidateVersionId, id))
      .orderBy(desc(canary.createdAt))
      .limit(MOST_LISTED),
    readServices(db, id),
    useOf(db, id),
    readServed(db),
  ]);
  const { manifest, retiredAt, retiredReason, filesDeletedAt, baseId, baseSha256 } = row;
  const files = manifest?.files ?? {};
  const directory = id === BASE_VERSION_ID ? null : artifactDirectory(artifacts, id);
  const hasFiles = directory !== null && existsSync(directory);
  return {
    ...rowView(row, now.versionId, tags.get(id) ?? []),
    ...{ baseId, baseSha256, files, filesDeletedAt, inUse, services, canaries, hasFiles },
    bytes: hasFiles ? await sizeOf(directory, Object.keys(files)) : null,
    imported: manifest?.imported ?? null,
    retired: retiredAt && { at: retiredAt, reason: retiredReason! },
    children: children.map((child) => nameView(child, now.versionId)),
    run,
    experiments: experiments.map(({ id: experimentId, name, candidateVersionId, status, createdAt }) => ({
      ...{ id: experimentId, name, status, createdAt },
      isCandidate: candidateVersionId === id,
    })),
    examples: manifest?.examples ?? [],
    isPrevious: served.previous === id,
  };
}

async function readRun(db: Executor, id: string): Promise<VersionDetailView['run']> {
  const { kind, status, config } = trainingRun;
  const [run] = await db
    .select({ id: trainingRun.id, kind, status, config })
    .from(trainingRun)
    .where(eq(trainingRun.id, id));
  return run ?? null;
}

/** The newest first; each ends where the next release begins. */
async function readServices(db: Executor, id: string): Promise<ServiceView[]> {
  const all = await db
    .select({ versionId: release.versionId, action: release.action, from: release.createdAt })
    .from(release)
    .orderBy(asc(release.seq));
  return all
    .map((row, at) => ({ ...row, to: all[at + 1]?.from ?? null }))
    .filter(({ versionId }) => versionId === id)
    .map(({ action, from, to }) => ({ action, from, to }))
    .reverse()
    .slice(0, MOST_LISTED);
}

async function sizeOf(directory: string, names: readonly string[]): Promise<number> {
  const sizes = await Promise.all(
    names.map((name) =>
      stat(path.join(directory, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((a, b) => a + b, 0);
}
