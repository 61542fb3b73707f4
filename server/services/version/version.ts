// The versions of the policy, with people's feedback on each.
import { desc } from 'drizzle-orm';
import { champion } from '@/db/release';
import { version } from '@/db/schema';
import { judgeVersions, NO_JUDGEMENT } from '@/server/rollout/metrics';
import { hitsOfVersions, NO_HITS } from '@/server/rollout/rule-hits';
import type { Product } from '@/server/services/product';
import type { VersionView } from './views';

export async function listVersions({ db }: Product): Promise<VersionView[]> {
  const [rows, judged, hits, now] = await Promise.all([
    db.select().from(version).orderBy(desc(version.createdAt)),
    judgeVersions(db),
    hitsOfVersions(db),
    champion(db),
  ]);
  return rows.map(({ id, parentId, runId, snapshotId, status, gates, createdAt }) => {
    const { thumbs: thumbRate, sideBySide } = judged.get(id) ?? NO_JUDGEMENT;
    const facts = { id, parentId, runId, snapshotId, status, gates, createdAt };
    const rules = hits.get(id) ?? NO_HITS;
    return { ...facts, isChampion: id === now.versionId, thumbRate, sideBySide, rules };
  });
}
