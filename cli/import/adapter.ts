// `attune import adapter`: queues an adapter from elsewhere or from `attune train` for the gates, which decide about it.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readAdapterFolder } from '@/cli/adapter-source';
import { findDatabase } from '@/cli/database';
import { writeArtifact } from '@/core/artifact/artifact';
import { BASE_VERSION_ID } from '@/core/artifact/manifest';
import type { Base } from '@/core/base/base';
import { AttuneError } from '@/core/errors';
import { dataPaths } from '@/core/paths';
import { findHolder } from '@/core/process/folder-lock';
import { VersionName } from '@/core/versions';
import { closeDatabase, getDatabase } from '@/db/client';
import { loadChosenBase } from '@/product/base';
import { env } from '@/product/env';
import { productLock } from '@/product/folders';
import { importAdapter as queueImport } from '@/server/services/version/import/import';

export const ADAPTER_USAGE = `attune import adapter DIR [--name NAME] [--preset NAME] [--artifacts DIR] [--model PATH]

DIR          a folder in PEFT's format, a version's directory, or the folder of an attune train run
--name       the version's id; without it, the folder's name or the version's own
--preset     the settings by which a reward model is trained for the gates; the defaults without one
--artifacts  writes the version into this folder, unjudged, and leaves the product alone
--model      the adapter's base; ATTUNE_MODEL or the downloaded base without one

The trainer judges the adapter by the gates of a training run, against the champion. It trains nothing but the reward
model. The version is then accepted or rejected, and serves once an admin promotes it.`;

export async function importAdapter(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      name: { type: 'string' },
      preset: { type: 'string' },
      artifacts: { type: 'string' },
      model: { type: 'string' },
    },
  });
  const [given, ...others] = positionals;
  if (!given || others.length > 0) throw new AttuneError('BAD_INPUT', `Name one folder.\n\n${ADAPTER_USAGE}`);
  const { base } = await loadChosenBase(values.model);
  const { directory, adapter, manifest } = await readAdapterFolder(given, base);
  const name = VersionName.safeParse(values.name ?? manifest?.versionId ?? path.basename(directory));
  if (!name.success)
    throw new AttuneError('BAD_INPUT', 'The version’s id has letters, digits, . _ - only; choose one with --name.');
  const versionId = name.data;
  if (values.artifacts !== undefined) {
    const origin = { versionId, baseId: base.id, baseSha256: base.sha256, parentVersionId: BASE_VERSION_ID };
    // The run and its snapshot belong to another product, or do not exist.
    const none = { runId: null, snapshotId: null, snapshotSha256: manifest?.snapshotSha256 ?? null };
    const report = { gates: manifest?.gates ?? [], createdAt: new Date().toISOString() };
    const written = await writeArtifact(path.resolve(values.artifacts), { ...origin, ...none, ...report }, adapter);
    console.log(`${versionId} is in ${written.directory}.`);
    return 0;
  }
  const config = values.preset === undefined ? {} : { preset: values.preset };
  const runId = await queue(base, {
    versionId,
    fileName: path.basename(path.resolve(given)),
    folder: directory,
    config,
  });
  console.log(`The run ${runId} judges ${versionId}. It waits for the trainer of npm start.`);
  return 0;
}

async function queue(base: Base, order: Parameters<typeof queueImport>[2]): Promise<string> {
  const database = await findDatabase(findHolder(productLock(env.dataFolder)) !== null);
  try {
    const { runs } = dataPaths(env.dataFolder);
    const place = { db: getDatabase(database.url), base, maxRank: env.ATTUNE_ENGINE_MAX_RANK, runs };
    return (await queueImport(place, null, order)).runId;
  } finally {
    await closeDatabase(database.url);
    await database.stop();
  }
}
