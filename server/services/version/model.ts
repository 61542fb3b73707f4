// The names by which a program asks for a version: each accepted version's id, and an alias for what people get.
import { and, asc, eq, isNull } from 'drizzle-orm';
import { BASE_VERSION_ID } from '@/core/artifact/manifest';
import { AttuneError } from '@/core/errors';
import type { Settings } from '@/core/settings';
import type { Executor } from '@/db/client';
import { champion } from '@/db/release';
import { version } from '@/db/schema';
import { type Assignment, outside } from '@/server/rollout/assign';
import { chooseArms } from '@/server/services/generation/answer';
import type { Product } from '@/server/services/product';
import type { ModelView } from './views';

/** Stands for the version that the rollout gives to the key's owner; every other name is a version's id. */
export const CHAMPION_ALIAS = 'champion';

export async function listModels({ db }: Product): Promise<ModelView[]> {
  const rows = await db
    .select({ id: version.id, parentId: version.parentId, createdAt: version.createdAt })
    .from(version)
    .where(and(eq(version.status, 'accepted'), isNull(version.retiredAt)))
    .orderBy(asc(version.createdAt));
  const now = await champion(db);
  return [{ id: CHAMPION_ALIAS, parentId: now.versionId, createdAt: now.since }, ...rows];
}

export async function getModel(product: Product, id: string): Promise<ModelView> {
  const model = (await listModels(product)).find((known) => known.id === id);
  if (!model) throw noModel(id);
  return model;
}

/** The alias takes part in experiments, sticky per key owner; a version named by its id does not. */
export async function resolveModel(
  tx: Executor,
  { settings, random }: { settings: Pick<Settings, 'holdoutShare'>; random: () => number },
  userId: string,
  model: string,
): Promise<Assignment> {
  if (model === CHAMPION_ALIAS) {
    const [arm] = await chooseArms(tx, userId, { isComparison: false, isChat: false }, settings, random);
    return arm!;
  }
  const [row] = await tx
    .select({ status: version.status, retiredAt: version.retiredAt })
    .from(version)
    .where(eq(version.id, model));
  if (row?.status !== 'accepted' || row.retiredAt) throw noModel(model);
  return outside(model);
}

const noModel = (model: string) =>
  new AttuneError(
    'NOT_FOUND',
    `There is no model "${model.slice(0, 100)}". Use "${CHAMPION_ALIAS}", "${BASE_VERSION_ID}" or another model that /v1/models lists.`,
    { param: 'model' },
  );
