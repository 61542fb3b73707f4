// Promotion and rollback by an admin: loads the version, then lets `db/release.ts` change the champion, as auto-promotion does.
import { asc, eq } from 'drizzle-orm';
import { AttuneError, toAttuneError } from '@/core/errors';
import { champion, changeChampion } from '@/db/release';
import { release, version } from '@/db/schema';
import type { Product } from '@/server/services/product';

/** A null `actorId` is the product itself. `expectedChampionId` defaults to the champion at the time of the call. */
export async function promote(
  product: Product,
  actorId: string | null,
  input: { versionId: string; expectedChampionId?: string },
): Promise<{ versionId: string }> {
  const expected = input.expectedChampionId ?? (await champion(product.db)).versionId;
  const [row] = await product.db.select().from(version).where(eq(version.id, input.versionId));
  if (!row) throw new AttuneError('NOT_FOUND', `There is no version ${input.versionId}.`);
  if (row.status === 'rejected') {
    const failed = row.gates.find((gate) => !gate.passed)?.name ?? 'a gate';
    throw new AttuneError('CONFLICT', `Version ${row.id} was rejected by ${failed} and cannot serve; train another.`);
  }
  // Loaded first, so that the first answer does not wait and a version that cannot be loaded never serves.
  await product.engine.load(row.id);
  return change(product, actorId, 'promote', row.id, expected);
}

/** Without a target, returns to the version that served before the current champion was promoted. */
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
    throw new AttuneError('NOT_FOUND', `Version ${target} has never served; promote it instead.`);
  }
  try {
    await product.engine.load(target);
  } catch (error) {
    // A rollback must not wait for an engine that is in trouble; the engine loads the version when it is back.
    if (toAttuneError(error).code !== 'UNAVAILABLE') throw error;
    product.log.warn({ err: error, target }, 'the engine is not available; rolling back without it');
  }
  return change(product, actorId, 'rollback', target, expected);
}

async function change(
  { db }: Product,
  actorId: string | null,
  action: 'promote' | 'rollback',
  versionId: string,
  expectedChampionId: string,
): Promise<{ versionId: string }> {
  await db.transaction((tx) => changeChampion(tx, { action, versionId, expectedChampionId, actorId }));
  return { versionId };
}
