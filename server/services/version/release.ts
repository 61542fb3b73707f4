// Promotion and rollback by an admin: loads the version, then lets `db/release.ts` change the champion, as a canary does.
import { asc, eq } from 'drizzle-orm';
import { AttuneError, toAttuneError } from '@/core/errors';
import type { Executor } from '@/db/client';
import { champion, changeChampion, type ReleaseChange } from '@/db/release';
import { release, version } from '@/db/schema';
import { refuseRetired, requireServable } from '@/db/servable-version';
import type { Product } from '@/server/services/product';
import { loadVersion } from './load';

/** A null `actorId` is the product itself. `expectedChampionId` defaults to the champion at the time of the call. */
export async function promote(
  product: Product,
  actorId: string | null,
  input: { versionId: string; expectedChampionId?: string; reason?: string },
): Promise<{ versionId: string }> {
  const expected = input.expectedChampionId ?? (await champion(product.db)).versionId;
  await requireServable(product.db, input.versionId);
  // Loaded first, so that the first answer does not wait and a version that cannot be loaded never serves.
  await loadVersion(product, input.versionId);
  return change(product, actorId, {
    action: 'promote',
    versionId: input.versionId,
    expectedChampionId: expected,
    reason: input.reason,
  });
}

/** Without a target, returns to the version that served before the current champion was promoted and is not retired. */
export async function rollback(
  product: Product,
  actorId: string | null,
  input: { toVersionId?: string; expectedChampionId?: string; reason?: string },
): Promise<{ versionId: string }> {
  const { served, current, previous } = await readServed(product.db);
  const expected = input.expectedChampionId ?? current;
  const target = input.toVersionId ?? previous;
  if (!target)
    throw new AttuneError('CONFLICT', `Nothing served before ${expected}, so there is nothing to go back to.`);
  if (!served.has(target))
    throw new AttuneError('NOT_FOUND', `Version ${target} has never served; promote it instead.`);
  await refuseRetired(product.db, target);
  try {
    await loadVersion(product, target);
  } catch (error) {
    // A rollback must not wait for an engine that is in trouble; the engine loads the version when it is back.
    if (toAttuneError(error).code !== 'UNAVAILABLE') throw error;
    product.log.warn({ err: error, target }, 'the engine is not available; rolling back without it');
  }
  return change(product, actorId, {
    action: 'rollback',
    versionId: target,
    expectedChampionId: expected,
    reason: input.reason,
  });
}

/** What has served, what serves, and where a rollback leads: null if nothing that may serve again served before. */
export async function readServed(
  db: Executor,
): Promise<{ served: Set<string>; current: string; previous: string | null }> {
  const history = await db
    .select({ action: release.action, versionId: release.versionId, retiredAt: version.retiredAt })
    .from(release)
    .innerJoin(version, eq(version.id, release.versionId))
    .orderBy(asc(release.seq));
  const stack: string[] = [];
  for (const { action, versionId } of history) {
    const at = action === 'rollback' ? stack.lastIndexOf(versionId) : -1;
    if (at >= 0) stack.length = at + 1;
    else stack.push(versionId);
  }
  const retired = new Set(history.filter(({ retiredAt }) => retiredAt).map(({ versionId }) => versionId));
  return {
    served: new Set(history.map(({ versionId }) => versionId)),
    current: stack.at(-1)!,
    previous: stack.slice(0, -1).findLast((id) => !retired.has(id)) ?? null,
  };
}

async function change(
  { db }: Product,
  actorId: string | null,
  asked: Omit<ReleaseChange, 'actorId'>,
): Promise<{ versionId: string }> {
  await db.transaction((tx) => changeChampion(tx, { ...asked, actorId }));
  return { versionId: asked.versionId };
}
