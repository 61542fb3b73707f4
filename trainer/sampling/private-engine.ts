// The pipeline's own fp32 engine process: serves adapters out of the run's folder, samples answers and scores them.
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

/** The engine as experience needs it: plain samples at temperature 1, since truncated ones make negative divergence. */
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
  /** Of the adapters that it serves; emptied by nobody but the run's end. */
  folder: string;
  cache: string;
  threads: number;
  precision: 'fp32' | 'int8';
}

export interface PrivateEngine {
  sample: ExperienceEngine['sample'];
  /** log p of each answer token, temperature 1; a row per answer. */
  score(
    versionId: string,
    completions: readonly { promptIds: Int32Array; completionIds: Int32Array }[],
    signal: AbortSignal,
  ): Promise<number[][]>;
  /** Makes an adapter known under a fresh name beginning with `name`, in place of the one before under that name. */
  serve(name: string, adapter: Adapter): Promise<string>;
  /** Loads a version that lies in the folder already. */
  load(versionId: string): Promise<void>;
  close(): Promise<void>;
}

/** Answers that may wait in the engine: a whole iteration's. */
const MAX_WAITING = 8192;

export async function startPrivateEngine(options: PrivateEngineOptions): Promise<PrivateEngine> {
  const { client, close } = await spawnEngine({
    modelPath: options.modelPath,
    artifacts: options.folder,
    cache: options.cache,
    precision: options.precision,
    threads: options.threads,
    maxWaiting: MAX_WAITING,
    prefixMib: 0, // a resumed run samples to the last bit what the killed one would have
    socketPath: socketPath(options.folder, `${options.precision}-${process.pid}.sock`),
    restart: true, // what was under way goes on from the tokens received
  });
  const served = new Map<string, string>();
  return {
    sample(prompts, adapterId, sampling, seeds, signal) {
      setMaxListeners(0, signal); // every answer under way listens
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
    close,
  };
}

/** Begins all in one tick: a resumed run must sample in the batches of the undisturbed one, or its bits differ. */
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
