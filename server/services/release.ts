// What serves: promotion and rollback, each one transaction guarded by the champion that it expects.
import { asc, desc, eq, sql } from 'drizzle-orm';
import { BASE_VERSION_ID } from '@/core/artifact/manifest';
import { AttuneError, toAttuneError } from '@/core/errors';
import type { Executor } from '@/db/client';
import { experiment, release, version } from '@/db/schema';
import { record } from './audit';
import { CHANNELS, type Product } from './product';

export interface Champion {
  versionId: string;
  since: Date;
}

export async function champion(db: Executor): Promise<Champion> {
  const [row] = await db.select().from(release).orderBy(desc(release.seq)).limit(1);
  if (!row) throw new AttuneError('INTERNAL', 'No version has been released; the product was not seeded.');
  return { versionId: row.versionId, since: row.createdAt };
}

/** Changes of what serves take turns; the lock ends with the transaction. */
export async function lockReleases(tx: Executor): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('attune release', 0))`);
}

/** The base as version `base`, and its release, where the database is new. */
export async function seed({ db, base }: Pick<Product, 'db' | 'base'>): Promise<void> {
  await db.transaction(async (tx) => {
    await lockReleases(tx);
    await tx
      .insert(version)
      .values({ id: BASE_VERSION_ID, baseId: base.id, baseSha256: base.sha256, status: 'accepted' })
      .onConflictDoNothing();
    const [row] = await tx.select({ seq: release.seq }).from(release).limit(1);
    if (!row) await tx.insert(release).values({ versionId: BASE_VERSION_ID, action: 'initial' });
  });
}

/** `actorId` null is the product itself. Without `expectedChampionId` the champion at the moment of the call is meant. */
export async function promote(
  product: Product,
  actorId: string | null,
  input: { versionId: string; expectedChampionId?: string },
): Promise<{ versionId: string }> {
  const expected = input.expectedChampionId ?? (await champion(product.db)).versionId;
  const [row] = await product.db.select().from(version).where(eq(version.id, input.versionId));
  if (!row) throw new AttuneError('NOT_FOUND', `There is no version ${input.versionId}.`);
  if (row.status !== 'accepted') {
    const failed = row.gates.find((gate) => !gate.passed)?.name ?? 'a gate';
    throw new AttuneError('CONFLICT', `Version ${row.id} was rejected by ${failed} and cannot serve; train another.`);
  }
  // Loaded ahead, so that the first answer does not wait, and a version that cannot be loaded never serves.
  await product.engine.load(row.id);
  return change(product, actorId, 'promote', row.id, expected);
}

/** Without a target, back to what served before the present champion was promoted. */
export async function rollback(
  product: Product,
  actorId: string | null,
  input: { toVersionId?: string; expectedChampionId?: string },
): Promise<{ versionId: string }> {
  const history = await product.db.select().from(release).orderBy(asc(release.seq));
  const stack: string[] = [];
  for (const { action, versionId } of history) {
    const at = action === 'rollback' ? stack.lastIndexOf(versionId) : -1;
    if (at >= 0) stack.length = at + 1;
    else stack.push(versionId);
  }
  const expected = input.expectedChampionId ?? stack.at(-1)!;
  const target = input.toVersionId ?? stack.at(-2);
  if (!target)
    throw new AttuneError('CONFLICT', `Nothing served before ${expected}, so there is nothing to go back to.`);
  if (!history.some((row) => row.versionId === target)) {
    throw new AttuneError('NOT_FOUND', `Version ${target} never served; promote it instead.`);
  }
  try {
    await product.engine.load(target);
  } catch (error) {
    // A rollback must not wait for an engine that is in trouble; it loads the version when it is back.
    if (toAttuneError(error).code !== 'UNAVAILABLE') throw error;
    product.log.warn({ err: error, target }, 'rolling back without the engine');
  }
  return change(product, actorId, 'rollback', target, expected);
}

async function change(
  { db }: Product,
  actorId: string | null,
  action: 'promote' | 'rollback',
  versionId: string,
  expected: string,
): Promise<{ versionId: string }> {
  return db.transaction(async (tx) => {
    await lockReleases(tx);
    const current = (await champion(tx)).versionId;
    if (current !== expected) {
      throw new AttuneError('CONFLICT', `${current} serves now, not ${expected}; look again and decide again.`);
    }
    if (current === versionId) throw new AttuneError('CONFLICT', `${versionId} serves already.`);
    await tx.insert(release).values({ versionId, previousVersionId: current, action, actorId });
    // An experiment against a champion that is none any more would answer a question nobody asked.
    const stopped = await tx
      .update(experiment)
      .set({ status: 'stopped', stoppedAt: sql`now()` })
      .where(eq(experiment.status, 'running'))
      .returning({ id: experiment.id });
    await record(tx, actorId, `release.${action}`, versionId, {
      from: current,
      stoppedExperiments: stopped.map((row) => row.id),
    });
    await tx.execute(sql`select pg_notify(${CHANNELS.release}, ${versionId})`);
    return { versionId };
  });
}
