// Writes a version's directory whole (temporary name, hashes, rename), and reads it only if its hashes agree.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ModelConfig } from '@/core/base/model-config';
import { writeDurably, writeFolder } from '@/core/durable-file';
import { AttuneError } from '@/core/errors';
import { sha256, sha256File } from '@/core/hash';
import { type Adapter, checkAdapter } from './adapter';
import { ADAPTER_CONFIG_FILE, ADAPTER_WEIGHTS_FILE, encodeAdapter, readAdapter } from './adapter-files';
import { BASE_VERSION_ID, Manifest } from './manifest';

export const MANIFEST_FILE = 'manifest.json';

/** A name that is a single path segment and not hidden. */
const SAFE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

function checkName(kind: string, name: string): void {
  if (SAFE_NAME.test(name)) return;
  throw new AttuneError(
    'BAD_INPUT',
    `The ${kind} ${JSON.stringify(name)} is not a plain name (letters, digits, . _ -).`,
  );
}

/** The directory of a version; refuses ids that would lead out of the folder. */
export function artifactDirectory(root: string, versionId: string): string {
  checkName('version id', versionId);
  return join(root, versionId);
}

/** Returns the directory and the manifest. When it fails, it leaves nothing under `root`. */
export async function writeArtifact(
  root: string,
  manifest: Omit<Manifest, 'format' | 'files'>,
  adapter: Adapter,
  extraFiles: Record<string, string | Uint8Array> = {},
): Promise<{ directory: string; manifest: Manifest }> {
  const directory = artifactDirectory(root, manifest.versionId);
  if (manifest.versionId === BASE_VERSION_ID || existsSync(directory)) {
    throw new AttuneError('CONFLICT', `The version ${manifest.versionId} exists already; versions are immutable.`);
  }
  const contents = { ...extraFiles, ...encodeAdapter(adapter, manifest.baseId) };
  for (const name of Object.keys(extraFiles)) checkName('file name', name);
  const files = Object.fromEntries(Object.entries(contents).map(([name, content]) => [name, sha256(content)]));
  const whole = Manifest.parse({ ...manifest, format: 1, files });

  await writeFolder(directory, async (temporary) => {
    for (const [name, content] of Object.entries(contents)) await writeDurably(join(temporary, name), content);
    await writeDurably(join(temporary, MANIFEST_FILE), `${JSON.stringify(whole, null, 2)}\n`);
  });
  return { directory, manifest: whole };
}

/** The fields of a loaded base that decide whether a version belongs to it. */
export interface FittingBase {
  sha256: string;
  weights: { config: ModelConfig };
}

export async function readManifest(directory: string): Promise<Manifest> {
  const path = join(directory, MANIFEST_FILE);
  let raw: unknown;
  try {
    raw = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'NOT_FOUND' : 'CORRUPT';
    throw new AttuneError(code, `Cannot read ${path}: ${(cause as Error).message}. Export the version again.`, {
      cause,
    });
  }
  const parsed = Manifest.safeParse(raw);
  if (!parsed.success) throw new AttuneError('CORRUPT', `${path}: ${z.prettifyError(parsed.error)}`);
  for (const name of [ADAPTER_CONFIG_FILE, ADAPTER_WEIGHTS_FILE]) {
    if (!parsed.data.files[name])
      throw new AttuneError('CORRUPT', `${path} lists no ${name}. Export the version again.`);
  }
  const unsafe = Object.keys(parsed.data.files).find((name) => !SAFE_NAME.test(name));
  if (unsafe)
    throw new AttuneError('CORRUPT', `${path} names the file ${JSON.stringify(unsafe)}, which is not a plain name.`);
  return parsed.data;
}

/** `verify` reads and hashes every file. If `base` is given, a version that does not fit it is refused. */
export async function readArtifact(
  directory: string,
  { verify, base }: { verify: boolean; base?: FittingBase },
): Promise<{ manifest: Manifest; adapter: Adapter }> {
  const manifest = await readManifest(directory);
  if (base && manifest.baseSha256 !== base.sha256) {
    throw new AttuneError(
      'CORRUPT',
      `${directory} was trained on the base ${manifest.baseId} (${manifest.baseSha256.slice(0, 12)}…), ` +
        `but the loaded one is ${base.sha256.slice(0, 12)}…. Load that base, or train the version again.`,
    );
  }
  if (verify) {
    for (const [name, expected] of Object.entries(manifest.files)) {
      const path = join(directory, name);
      const found = await sha256File(path);
      if (found !== expected) {
        throw new AttuneError(
          'CORRUPT',
          `${path} has the sha256 ${found.slice(0, 12)}…, the manifest says ${expected.slice(0, 12)}…. Restore the file.`,
        );
      }
    }
  }
  const adapter = await readAdapter(directory);
  if (base) checkAdapter(adapter, base.weights.config);
  return { manifest, adapter };
}
