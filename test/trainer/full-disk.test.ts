// A disk that is full while a run writes: the run fails with a sentence that says so, and nothing half-written stays.
import { type FileHandle, mkdir, open, readdir, readlink } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { dataPaths } from '@/core/paths';
import * as schema from '@/db/schema';
import { startBackend } from '@/trainer/backend';
import { runTrainer } from '@/trainer/main';
import { addRun, addVotes, createWorld, problem, QUICK, readRun, silent, until, type World } from './process-support';

describe.skipIf(problem)('a full disk', () => {
  let world: World;
  beforeAll(async () => {
    await startBackend();
    world = await createWorld();
    await addVotes(world, 80);
  }, 600_000);
  afterAll(() => world?.close());
  afterEach(() => vi.restoreAllMocks());

  /** As a real one: the first half of a file gets written, and then no space is left. */
  async function fillDisk(isFull: (file: string) => boolean): Promise<void> {
    const handle = await open(path.join(world.settings.dataFolder, 'probe'), 'w');
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const write = prototype.writeFile;
    vi.spyOn(prototype, 'writeFile').mockImplementation(async function (this: FileHandle, content) {
      if (!isFull(await readlink(`/proc/self/fd/${this.fd}`))) return write.call(this, content);
      await write.call(this, Buffer.from(content as string | Uint8Array).subarray(0, 10));
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    });
  }

  async function runToItsEnd() {
    const id = await addRun(world, QUICK);
    const stop = new AbortController();
    const trainer = runTrainer({ settings: world.settings, log: silent, signal: stop.signal });
    try {
      return await until(
        'the run to end',
        async () => {
          const run = await readRun(world, id);
          return run.finishedAt ? run : null;
        },
        300_000,
      );
    } finally {
      stop.abort();
      await trainer;
    }
  }

  const inFolder = async (folder: string) => {
    await mkdir(folder, { recursive: true });
    return readdir(folder);
  };

  it('while a snapshot is frozen leaves neither a file nor a row', async () => {
    const { snapshots } = dataPaths(world.settings.dataFolder);
    await fillDisk((file) => file.startsWith(snapshots));
    const run = await runToItsEnd();
    expect(run).toMatchObject({ status: 'failed', snapshotId: null, resultVersionId: null });
    expect(run.verdict).toMatch(/^.*\.jsonl cannot be written: no space is left\. Free some space and try again\./);
    expect(await inFolder(snapshots)).toEqual([]);
    expect(await world.db.select().from(schema.snapshot)).toEqual([]);
  }, 600_000);

  it('while a version is written leaves no artifact, not even under a temporary name, and no version', async () => {
    const { artifacts } = world.settings;
    await fillDisk((file) => file.startsWith(artifacts));
    const run = await runToItsEnd();
    expect(run).toMatchObject({ status: 'failed', resultVersionId: null });
    expect(run.verdict).toMatch(/cannot be written: no space is left\. Free some space and try again\./);
    expect(await inFolder(artifacts)).toEqual([]);
    expect((await world.db.select().from(schema.version)).map(({ id }) => id)).toEqual(['base']);
  }, 600_000);
});
