// An adapter is found in the folder of a run, of a version, or in PEFT's format.
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { readAdapterFolder } from '@/cli/adapter-source';
import { artifactDirectory, readArtifact, writeArtifact } from '@/core/artifact/artifact';
import type { Base } from '@/core/base/base';
import { loadBase } from '@/core/base/load-base';
import { failure, temporaryFolder } from '../core/files';

const former = join(import.meta.dirname, '../../fixtures/former');
const root = temporaryFolder();
const run = join(root, 'run');
let base: Base;
beforeAll(async () => {
  base = await loadBase(join(former, 'base'));
  cpSync(join(former, 'finished'), run, { recursive: true });
});

test('the folder of a run, its version’s directory and the bare adapter are one adapter', async () => {
  const [versionId] = readdirSync(join(run, 'artifacts'));
  const directory = artifactDirectory(join(run, 'artifacts'), versionId!);
  const ofRun = await readAdapterFolder(run, base);
  expect(ofRun).toMatchObject({ directory, manifest: { versionId } });
  expect((await readAdapterFolder(directory, base)).adapter).toEqual(ofRun.adapter);
  const bare = join(root, 'bare');
  cpSync(directory, bare, { recursive: true });
  rmSync(join(bare, 'manifest.json'));
  expect(await readAdapterFolder(bare, base)).toEqual({ directory: bare, adapter: ofRun.adapter, manifest: null });
  const written = await writeArtifact(
    join(root, 'artifacts'),
    { ...ofRun.manifest!, versionId: 'taken' },
    ofRun.adapter,
  );
  expect((await readArtifact(written.directory, { verify: true, base })).adapter).toEqual(ofRun.adapter);
});

test('a folder without an adapter, and another base, are refused by name', async () => {
  expect((await failure(() => readAdapterFolder(join(former, 'base'), base))).message).toContain('adapter_config.json');
  expect((await failure(() => readAdapterFolder(run, { ...base, sha256: 'f'.repeat(64) }))).code).toBe('CORRUPT');
});
