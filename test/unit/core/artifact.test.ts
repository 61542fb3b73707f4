// Versions on disk: whole or absent, verified by hash, bound to their base.
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Adapter, checkAdapter, loraKey } from '@/core/artifact/adapter';
import { readAdapter } from '@/core/artifact/adapter-files';
import { artifactDirectory, readArtifact, writeArtifact } from '@/core/artifact/artifact';
import type { Manifest } from '@/core/artifact/manifest';
import { type Projection, projectionShape } from '@/core/base/model-config';
import { readSafetensors } from '@/core/formats/safetensors';
import { sha256 } from '@/core/hash';
import { Rng } from '@/core/rng';
import { tinyLlamaConfig } from '@/test/tiny-llama';
import { failure, temporaryFolder, writeAdapter } from './files';

const root = temporaryFolder();
const config = tinyLlamaConfig();

function makeAdapter(targets: Projection[], rank = 4): Adapter {
  const rng = new Rng(9);
  const pairs: Adapter['pairs'] = new Map();
  for (let layer = 0; layer < config.layers; layer++) {
    for (const projection of targets) {
      const [out, in_] = projectionShape(config, projection);
      const normals = (length: number) => Float32Array.from({ length }, () => rng.normal());
      pairs.set(loraKey(layer, projection), { a: normals(rank * in_), b: normals(out * rank) });
    }
  }
  return { rank, alpha: 8, targets, pairs };
}
const adapter = makeAdapter(['self_attn.q_proj', 'mlp.down_proj']);
const base = (name = 'base') => ({ sha256: sha256(name), weights: { config } });
const manifest = (versionId: string): Omit<Manifest, 'format' | 'files'> => ({
  versionId,
  baseId: 'tiny',
  baseSha256: sha256('base'),
  parentVersionId: null,
  runId: null,
  snapshotId: null,
  snapshotSha256: null,
  gates: [{ name: 'kl', value: 0.1, threshold: 0.2, bound: 'max', passed: true }],
  createdAt: new Date(0).toISOString(),
});

test("an adapter is read back bit for bit, with PEFT's names and shapes", async () => {
  writeAdapter(root, adapter, 'tiny');
  const back = await readAdapter(root);
  expect(back).toEqual(adapter);
  checkAdapter(back, config);
  const file = readSafetensors(join(root, 'adapter_model.safetensors'));
  expect(file.tensors.get('base_model.model.model.layers.1.mlp.down_proj.lora_A.weight')!.shape).toEqual([4, 128]);
  expect(file.tensors.get('base_model.model.model.layers.1.mlp.down_proj.lora_B.weight')!.shape).toEqual([64, 4]);
  file.close();
  expect(JSON.parse(readFileSync(join(root, 'adapter_config.json'), 'utf8'))).toMatchObject({
    peft_type: 'LORA',
    r: 4,
    lora_alpha: 8,
    target_modules: ['q_proj', 'down_proj'],
  });
});

test('a rank that contradicts the tensors is corrupt', async () => {
  writeAdapter(root, adapter, 'tiny');
  const path = join(root, 'adapter_config.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace('"r": 4', '"r": 5'));
  expect(await failure(() => readAdapter(root))).toMatchObject({
    code: 'CORRUPT',
    message: expect.stringContaining('rank is 5'),
  });
});

test('a version is written whole, hashed, and read back', async () => {
  const { directory, manifest: written } = await writeArtifact(root, manifest('v1'), adapter, { 'report.json': '{}' });
  expect(readdirSync(directory).sort()).toEqual([
    'adapter_config.json',
    'adapter_model.safetensors',
    'manifest.json',
    'report.json',
  ]);
  for (const [name, digest] of Object.entries(written.files))
    expect(sha256(readFileSync(join(directory, name)))).toBe(digest);
  const back = await readArtifact(directory, { verify: true, base: base() });
  expect(back).toEqual({ manifest: written, adapter });
});

test('a version cannot be written twice', async () => {
  await writeArtifact(root, manifest('once'), adapter);
  expect((await failure(() => writeArtifact(root, manifest('once'), adapter))).code).toBe('CONFLICT');
  expect((await failure(() => writeArtifact(root, manifest('base'), adapter))).code).toBe('CONFLICT');
});

test.each(['../out', 'a/b', '.hidden', '', 'x'.repeat(200)])(
  'the version id %j is refused before anything is written',
  async (id) => {
    expect((await failure(() => artifactDirectory(root, id))).code).toBe('BAD_INPUT');
    expect((await failure(() => writeArtifact(root, manifest(id), adapter))).code).toBe('BAD_INPUT');
  },
);

test('a failed write leaves nothing behind', async () => {
  const folder = join(root, 'failing');
  await expect(writeArtifact(folder, { ...manifest('bad'), baseSha256: 'x' }, adapter)).rejects.toThrow();
  expect(existsSync(folder)).toBe(false);
  mkdirSync(folder);
  // A dangling link blocks only the last rename.
  symlinkSync('nowhere', join(folder, 'v9'));
  await expect(writeArtifact(folder, manifest('v9'), adapter)).rejects.toThrow(/ENOTDIR/);
  expect(readdirSync(folder)).toEqual(['v9']);
});

test('leftovers of a killed writer with the same process id do not block a write', async () => {
  const folder = join(root, 'killed');
  const leftover = join(folder, `.v9.${process.pid}.tmp`);
  mkdirSync(leftover, { recursive: true });
  writeFileSync(join(leftover, 'half'), '');
  const { directory } = await writeArtifact(folder, manifest('v9'), adapter);
  expect(readdirSync(folder)).toEqual(['v9']);
  expect(readdirSync(directory)).not.toContain('half');
});

test('a changed byte, a missing file, a foreign base and a damaged manifest are refused by name', async () => {
  const { directory } = await writeArtifact(root, manifest('v2'), adapter);
  const weights = join(directory, 'adapter_model.safetensors');
  const bytes = readFileSync(weights);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(weights, bytes);
  expect(await failure(() => readArtifact(directory, { verify: true }))).toMatchObject({
    code: 'CORRUPT',
    message: expect.stringContaining('adapter_model.safetensors'),
  });
  expect(await failure(() => readArtifact(directory, { verify: false, base: base('other') }))).toMatchObject({
    code: 'CORRUPT',
    message: expect.stringContaining('base tiny'),
  });
  unlinkSync(weights);
  expect((await failure(() => readArtifact(directory, { verify: true }))).code).toBe('NOT_FOUND');
  writeFileSync(join(directory, 'manifest.json'), '{}');
  expect((await failure(() => readArtifact(directory, { verify: true }))).code).toBe('CORRUPT');
  expect((await failure(() => readArtifact(join(root, 'v3'), { verify: true }))).code).toBe('NOT_FOUND');
});
