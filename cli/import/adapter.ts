// `attune import adapter`: makes an adapter from elsewhere or from `attune train` a version that an admin can promote.
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readAdapterFolder } from '@/cli/adapter-source';
import { findDatabase } from '@/cli/database';
import { writeArtifact } from '@/core/artifact/artifact';
import { BASE_VERSION_ID } from '@/core/artifact/manifest';
import { AttuneError } from '@/core/errors';
import { dataPaths } from '@/core/paths';
import { findHolder } from '@/core/process/folder-lock';
import { closeDatabase, getDatabase } from '@/db/client';
import { recordImport } from '@/db/imported-version';
import { loadChosenBase } from '@/product/base';
import { env } from '@/product/env';
import { productLock } from '@/product/folders';

export const ADAPTER_USAGE = `attune import adapter DIR [--name NAME] [--artifacts DIR] [--model PATH]

DIR          a folder in PEFT's format, a version's directory, or the folder of an attune train run
--name       the version's id; without it, the folder's name or the version's own
--artifacts  writes the version into this folder and leaves the product alone
--model      the adapter's base; ATTUNE_MODEL or the downloaded base without one

The version enters the product as imported: it serves once an admin promotes it.`;

export async function importAdapter(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { name: { type: 'string' }, artifacts: { type: 'string' }, model: { type: 'string' } },
  });
  const [given, ...others] = positionals;
  if (!given || others.length > 0) throw new AttuneError('BAD_INPUT', `Name one folder.\n\n${ADAPTER_USAGE}`);
  const { base } = await loadChosenBase(values.model);
  const { directory, adapter, manifest } = await readAdapterFolder(given, base);
  if (adapter.rank > env.ATTUNE_ENGINE_MAX_RANK) {
    const most = `the engine takes ${env.ATTUNE_ENGINE_MAX_RANK} (ATTUNE_ENGINE_MAX_RANK)`;
    throw new AttuneError('UNSUPPORTED', `The adapter of ${directory} has rank ${adapter.rank}; ${most}.`);
  }
  const root = path.resolve(values.artifacts ?? dataPaths(env.dataFolder).artifacts);
  const written = await writeArtifact(
    root,
    {
      versionId: values.name ?? manifest?.versionId ?? path.basename(directory),
      baseId: base.id,
      baseSha256: base.sha256,
      parentVersionId: BASE_VERSION_ID,
      // The run and its snapshot belong to another product, or do not exist.
      runId: null,
      snapshotId: null,
      snapshotSha256: manifest?.snapshotSha256 ?? null,
      gates: manifest?.gates ?? [],
      createdAt: new Date().toISOString(),
    },
    adapter,
  );
  if (values.artifacts === undefined) await enter(written);
  console.log(`${written.manifest.versionId} is in ${written.directory}.`);
  return 0;
}

/** If the database takes no row, the directory is removed, so that it does not block another attempt. */
async function enter({ manifest, directory }: Awaited<ReturnType<typeof writeArtifact>>): Promise<void> {
  try {
    const database = await findDatabase(findHolder(productLock(env.dataFolder)) !== null);
    try {
      await recordImport(getDatabase(database.url), manifest);
    } finally {
      await closeDatabase(database.url);
      await database.stop();
    }
  } catch (error) {
    await rm(directory, { recursive: true });
    throw error;
  }
}
