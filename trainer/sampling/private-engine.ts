// The pipeline's own engine process: serves adapters from the run's folder, samples completions and scores them.
import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Adapter } from '@/core/artifact/adapter';
import { writeArtifact } from '@/core/artifact/artifact';
import type { Base } from '@/core/base/base';
import { socketPath } from '@/core/process/sockets';
import type { EngineClient } from '@/engine/client';
import { spawnEngine } from '@/engine/spawn';

/** The engine for experience: plain samples at temperature 1, because truncated ones give negative divergence. */
export interface ExperienceEngine {
  sample(
    prompts: readonly Int32Array[],
    adapterId: string,
    sampling: { temperature: 1; topK: 0; topP: 1; maxTokens: number },
    seeds: readonly number[],
    signal: AbortSignal,
  ): Promise<{ ids: readonly number[]; logprobs: readonly number[] }[]>;
}

export interface PrivateEngineOptions {
  modelPath: string;
  base: Pick<Base, 'id' | 'sha256'>;
  /** Folder of the adapters that it serves. */
  folder: string;
  cache: string;
  threads: number;
  precision: 'fp32' | 'int8';
}

export interface PrivateEngine {
  sample: ExperienceEngine['sample'];
  /** log p of each completion token at temperature 1; one row per completion. */
  score(
    versionId: string,
    completions: readonly { promptIds: Int32Array; completionIds: Int32Array }[],
    signal: AbortSignal,
  ): Promise<number[][]>;
  /** Loads an adapter under a new id that begins with `name`, in place of the previous one of that name. */
  serve(name: string, adapter: Adapter): Promise<string>;
  /** Loads a version that is already in the folder. */
  load(versionId: string): Promise<void>;
  classify: EngineClient['classify'];
  close(): Promise<void>;
}

/** Requests that may wait in the engine: a whole iteration's. */
const MAX_WAITING = 8192;

export async function startPrivateEngine(options: PrivateEngineOptions): Promise<PrivateEngine> {
  const { client, close } = await spawnEngine({
    modelPath: options.modelPath,
    artifacts: options.folder,
    cache: options.cache,
    precision: options.precision,
    threads: options.threads,
    maxWaiting: MAX_WAITING,
    prefixMib: 0, // a resumed run must sample the same, bit for bit, as the killed one would have
    socketPath: socketPath(options.folder, `${options.precision}-${process.pid}.sock`),
    restart: true, // requests in progress continue from the tokens received
  });
  const served = new Map<string, string>();
  return {
    sample(prompts, adapterId, sampling, seeds, signal) {
      setMaxListeners(0, signal); // every request in progress listens
      return together(client, () =>
        prompts.map((promptIds, row) =>
          sampleOne(client, adapterId, promptIds, { ...sampling, seed: seeds[row]! }, signal),
        ),
      );
    },
    score(versionId, completions, signal) {
      setMaxListeners(0, signal);
      return together(client, () =>
        completions.map(({ promptIds, completionIds }) =>
          client.score({ versionId, promptIds: [...promptIds], completionIds: [...completionIds] }, signal),
        ),
      );
    },
    async serve(name, adapter) {
      const versionId = `${name}-${randomBytes(4).toString('hex')}`;
      await writeArtifact(
        options.folder,
        {
          versionId,
          baseId: options.base.id,
          baseSha256: options.base.sha256,
          parentVersionId: null,
          runId: null,
          snapshotId: null,
          snapshotSha256: null,
          gates: [],
          createdAt: new Date().toISOString(),
        },
        adapter,
      );
      await client.load(versionId);
      const before = served.get(name);
      served.set(name, versionId);
      if (before) {
        await client.unload(before);
        await rm(path.join(options.folder, before), { recursive: true, force: true });
      }
      return versionId;
    },
    load: (versionId) => client.load(versionId),
    classify: (...asked) => client.classify(...asked),
    close,
  };
}

/**
 * Starts all requests in one tick: a resumed run must sample in the same batches as an undisturbed one to match its
 * bits.
 */
async function together<T>(client: EngineClient, begin: () => Promise<T>[]): Promise<T[]> {
  await client.hold();
  const all = Promise.all(begin());
  const released = client.release();
  return (await Promise.all([all, released]))[0];
}

async function sampleOne(
  client: EngineClient,
  versionId: string,
  promptIds: Int32Array,
  sampling: { temperature: number; topK: number; topP: number; maxTokens: number; seed: number },
  signal: AbortSignal,
) {
  const ids: number[] = [];
  const logprobs: number[] = [];
  const request = {
    requestId: `experience-${sampling.seed}`,
    versionId,
    promptIds: [...promptIds],
    sampling: { ...sampling, repetitionPenalty: 1, stop: [] },
    priority: 'batch' as const,
  };
  for await (const event of client.generate(request, signal)) {
    if (event.type !== 'tokens') continue;
    ids.push(...event.ids);
    logprobs.push(...event.logprobs);
  }
  signal.throwIfAborted();
  return { ids, logprobs };
}
