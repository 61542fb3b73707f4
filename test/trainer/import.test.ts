// An adapter from elsewhere goes through the gates of a run that trains nothing, and keeps where it came from.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Adapter, ALL_TARGETS, loraKey } from '@/core/artifact/adapter';
import { encodeAdapter } from '@/core/artifact/adapter-files';
import { artifactDirectory, readArtifact } from '@/core/artifact/artifact';
import { projectionShape } from '@/core/base/model-config';
import { writeDurably } from '@/core/durable-file';
import { hasFailed } from '@/core/gates/state';
import { dataPaths } from '@/core/paths';
import { Rng } from '@/core/rng';
import { countUnusedFeedback } from '@/db/feedback/unused-feedback';
import * as schema from '@/db/schema';
import { writeSetting } from '@/db/settings';
import { importAdapter } from '@/server/services/version/import/import';
import { runTrainer } from '@/trainer/main';
import { addVotes, createWorld, FAST, problem, silent, untilEnd, type World } from './process-support';

let world: World;
let folder: string;
beforeAll(async () => {
  world = await createWorld();
  folder = await mkdtemp(path.join(os.tmpdir(), 'attune-theirs-'));
  await addVotes(world, 80);
}, 600_000);
afterAll(async () => {
  await world?.close();
  await rm(folder, { recursive: true, force: true });
});

/** As PEFT leaves it before training: A is random and B is 0, so that it changes nothing. */
function untrained(): Adapter {
  const { config } = world.base.weights;
  const rng = new Rng(4);
  const pairs: Adapter['pairs'] = new Map();
  for (let layer = 0; layer < config.layers; layer++) {
    for (const projection of ALL_TARGETS) {
      const [out, in_] = projectionShape(config, projection);
      const a = Float32Array.from({ length: 4 * in_ }, () => 0.1 * rng.normal());
      pairs.set(loraKey(layer, projection), { a, b: new Float32Array(4 * out) });
    }
  }
  return { rank: 4, alpha: 8, targets: ALL_TARGETS, pairs };
}

describe.skipIf(problem)('an adapter from elsewhere', () => {
  it('that changes nothing passes every gate but the gain, uses up no vote, and is published with its lineage', async () => {
    const { db, base, settings } = world;
    const { runs } = dataPaths(settings.dataFolder);
    const adapter = untrained();
    for (const [name, content] of Object.entries(encodeAdapter(adapter, 'somewhere/else')))
      await writeDurably(path.join(folder, name), content);
    await writeSetting(db, 'autoCanary', true);
    const unused = await countUnusedFeedback(db);
    const config = { preset: 'tiny' };
    const order = { versionId: 'theirs', fileName: 'theirs.tar', folder, config };
    const { runId } = await importAdapter({ db, base, runs, maxRank: 64 }, null, order);
    const controller = new AbortController();
    const trainer = runTrainer({ settings, log: silent, signal: controller.signal, times: FAST });
    const run = await untilEnd(world, runId).finally(() => controller.abort());
    await trainer;

    expect(run).toMatchObject({ status: 'rejected', resultVersionId: 'theirs', kind: 'judge' });
    expect(run.verdict).toContain('The adapter came from theirs.tar, and nothing was trained.');
    const [row] = await db.select().from(schema.version).where(eq(schema.version.id, 'theirs'));
    expect(row).toMatchObject({ status: 'rejected', parentId: 'base', runId, snapshotId: run.snapshotId });
    expect(row!.gates.filter(hasFailed).map(({ name }) => name)).toEqual(['heldout_reward_gain']);
    expect(row!.manifest!.imported).toEqual(run.imported);
    const published = await readArtifact(artifactDirectory(settings.artifacts, 'theirs'), { verify: true, base });
    expect(published.adapter).toEqual(adapter);
    // Rewards were learnt, a policy was not.
    const metrics = await db.select({ stage: schema.runMetric.stage }).from(schema.runMetric);
    const stages = new Set(metrics.map(({ stage }) => stage));
    expect([stages.has('reward_model'), stages.has('ppo'), stages.has('parity')]).toEqual([true, false, true]);
    expect(await db.select().from(schema.versionFeedback)).toEqual([]);
    expect(await countUnusedFeedback(db)).toBe(unused);
    expect(await readdir(path.join(runs, runId))).not.toContain('imported');
  }, 600_000);
});
