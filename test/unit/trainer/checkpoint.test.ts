// Checkpoints on disk are exact, whole after any interruption, and verified when they are read.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { directoryCheckpoints } from '@/trainer/runs/checkpoint';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'attune-checkpoint-'));
});
afterEach(() => rm(directory, { recursive: true }));

const tensors = (x: number) => new Map([['a.b', { shape: [2, 2], values: Float32Array.of(x, -0.1, 1e-40, 3) }]]);

test('reads back bit for bit what was written, and keeps one tensor file per stage', async () => {
  const store = directoryCheckpoints<{ coefficient: number }>(directory, 'ppo');
  expect(await store.read()).toBeNull();
  await store.write({ state: { coefficient: 0.1 + 0.2 }, tensors: tensors(1) });
  await store.write({ state: { coefficient: 1 / 3 }, tensors: tensors(2) });
  expect(await store.read()).toEqual({ state: { coefficient: 1 / 3 }, tensors: tensors(2) });
  expect((await readdir(directory)).length).toBe(2);
});

test('a write that died before its last rename leaves the old checkpoint', async () => {
  const store = directoryCheckpoints<number>(directory, 'ppo');
  await store.write({ state: 1, tensors: tensors(1) });
  await writeFile(join(directory, 'ppo.half.safetensors'), 'half a fi');
  expect((await store.read())?.tensors).toEqual(tensors(1));
});

test('a damaged file is refused by name', async () => {
  const store = directoryCheckpoints<number>(directory, 'ppo');
  await store.write({ state: 1, tensors: tensors(1) });
  const file = (await readdir(directory)).find((name) => name.endsWith('.safetensors'))!;
  await writeFile(join(directory, file), 'damaged');
  await expect(store.read()).rejects.toThrow(new RegExp(`${file} has sha256`));
  await writeFile(join(directory, 'ppo.json'), '{');
  await expect(store.read()).rejects.toThrow(/ppo\.json is not a checkpoint/);
});

test('an unfinished stage whose data has lost rows starts over; a finished one keeps its result', async () => {
  const over = (contentSha256: string) =>
    directoryCheckpoints<number>(directory, 'ppo', {
      snapshot: { sha256: 'whole', contentSha256 },
      isFinished: (state) => state === 2,
    });
  await directoryCheckpoints<number>(directory, 'ppo').write({ state: 1, tensors: tensors(1) }); // before tombstones
  expect((await over('whole').read())?.state).toBe(1);
  expect(await over('less').read()).toBeNull();
  expect(await readdir(directory)).toEqual([]);
  await over('less').write({ state: 1, tensors: tensors(1) });
  expect((await over('less').read())?.state).toBe(1);
  await over('less').write({ state: 2, tensors: tensors(2) });
  expect((await over('still less').read())?.tensors).toEqual(tensors(2));
});
