// Plants bad versions in a running product: one that the gates must refuse, and one that only a canary can stop.
import { eq } from 'drizzle-orm';
import { artifactDirectory, readArtifact, writeArtifact } from '@/core/artifact/artifact';
import { dataPaths } from '@/core/paths';
import { getDatabase } from '@/db/client';
import { version } from '@/db/schema';
import type { World } from './world';

/** Settings of a run whose steps are a hundred times too large, with nothing that holds the policy. */
export const RECKLESS = {
  ppo: { iterations: 2, learningRate: 2e-2, klCoefficient: 0, klBudget: 1e6, eosPenalty: 0, minWords: 0 },
  trialAnswers: 0,
};

/**
 * A child of the champion with the sign of everything that the champion has learnt turned over, entered as accepted, as if
 * its gates had been blind. Returns its id.
 */
export async function plantAccepted({ databaseUrl, dataFolder }: World, championId: string): Promise<string> {
  const db = getDatabase(databaseUrl);
  const { artifacts } = dataPaths(dataFolder);
  const [parent] = await db.select().from(version).where(eq(version.id, championId));
  const { manifest, adapter } = await readArtifact(artifactDirectory(artifacts, championId), { verify: true });
  const versionId = `${championId}-planted`;
  const pairs = new Map([...adapter.pairs].map(([key, { a, b }]) => [key, { a, b: b.map((x) => -x) }]));
  const { format: _format, files: _files, examples: _examples, ...origin } = manifest;
  const written = await writeArtifact(
    artifacts,
    { ...origin, versionId, parentVersionId: championId, createdAt: new Date().toISOString() },
    { ...adapter, pairs },
  );
  const { id: _id, createdAt: _createdAt, ...row } = parent!;
  await db.insert(version).values({ ...row, id: versionId, parentId: championId, manifest: written.manifest });
  return versionId;
}
