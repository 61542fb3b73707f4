// Finds the adapter that an argument names: a version's directory, a run's folder, or a folder in PEFT's format.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Adapter, checkAdapter } from '@/core/artifact/adapter';
import { ADAPTER_CONFIG_FILE, readAdapter } from '@/core/artifact/adapter-files';
import { MANIFEST_FILE, readArtifact } from '@/core/artifact/artifact';
import type { Manifest } from '@/core/artifact/manifest';
import type { Base } from '@/core/base/base';
import { AttuneError } from '@/core/errors';
import { readResult } from '@/trainer/runs/folder-store';

export interface AdapterSource {
  directory: string;
  adapter: Adapter;
  /** null if the adapter was made elsewhere. */
  manifest: Manifest | null;
}

/** Throws NOT_FOUND if the folder has no adapter, and another error with the reason if it does not fit the base. */
export async function readAdapterFolder(given: string, base: Base): Promise<AdapterSource> {
  const folder = path.resolve(given);
  const result = await readResult(folder);
  const directory = result ? path.join(folder, 'artifacts', result.versionId) : folder;
  if (existsSync(path.join(directory, MANIFEST_FILE))) {
    return { directory, ...(await readArtifact(directory, { verify: true, base })) };
  }
  if (!existsSync(path.join(directory, ADAPTER_CONFIG_FILE))) {
    throw new AttuneError('NOT_FOUND', `${directory} has neither ${MANIFEST_FILE} nor ${ADAPTER_CONFIG_FILE}.`);
  }
  const adapter = await readAdapter(directory);
  checkAdapter(adapter, base.weights.config);
  return { directory, adapter, manifest: null };
}
