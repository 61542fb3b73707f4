// What people and rules say of the newest answers of each version.
import type { Database } from '@/db/client';
import { readTrust } from '@/db/raters/trust';
import { version } from '@/db/schema';
import { type Judgement, judgeVersion, NO_JUDGEMENT } from '@/server/rollout/metrics';
import { hitsOfVersion, NO_HITS, type RuleHits } from '@/server/rollout/rule-hits';

export interface VersionFigures extends Judgement {
  rules: RuleHits;
}

export const NO_FIGURES: VersionFigures = { ...NO_JUDGEMENT, rules: NO_HITS };

/** By version id; one after the other, so that no statement takes longer with more versions. */
export async function countVersionFigures(db: Database): Promise<Map<string, VersionFigures>> {
  const trustOf = await readTrust(db);
  const figures = new Map<string, VersionFigures>();
  for (const { id } of await db.select({ id: version.id }).from(version))
    figures.set(id, { ...(await judgeVersion(db, id, trustOf)), rules: await hitsOfVersion(db, id) });
  return figures;
}
