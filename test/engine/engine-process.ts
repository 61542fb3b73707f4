// Starts the real engine process over the tiny Llama, with its own versions, for the tests that talk to it.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { writeArtifact } from '@/core/artifact/artifact';
import type { Fingerprint } from '@/core/artifact/fingerprint';
import { loadBase } from '@/core/base/load-base';
import { Sampling } from '@/core/sampling';
import type { EngineClient, FinishedEvent } from '@/engine/client';
import type { GenerateRequest } from '@/engine/protocol';
import { type SpawnEngineOptions, type SpawnedEngine, spawnEngine } from '@/engine/spawn';
import { writeTinyLlama } from '@/test/tiny-llama';
import { randomAdapter } from './graph-twin';

export const VERSIONS = ['v1', 'v2', 'v3'];
export const PROMPT = [256, 117, 115, 101, 114, 10, 104, 105, 257, 10];

interface World {
  folder: string;
  options: SpawnEngineOptions;
  engine: SpawnedEngine;
  client: EngineClient;
}

/** Filled by `useEngine` before the first test of a file. */
export const world = {} as World;

export function useEngine(): void {
  beforeAll(async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'engine-'));
    const options: SpawnEngineOptions = {
      modelPath: path.join(folder, 'base'),
      artifacts: path.join(folder, 'artifacts'),
      cache: path.join(folder, 'cache'),
      socketPath: path.join(folder, 'engine.sock'),
      precision: 'fp32',
      threads: 1,
    };
    await writeTinyLlama(options.modelPath, { seed: 3 });
    Object.assign(world, { folder, options });
    for (const [i, versionId] of VERSIONS.entries()) await writeVersion(versionId, i + 1);
    world.engine = await spawnEngine({ ...options, restart: true });
    world.client = world.engine.client;
  });

  afterAll(async () => {
    await world.engine?.close();
    await rm(world.folder, { recursive: true, force: true });
  });
}

export async function writeVersion(
  versionId: string,
  seed: number,
  baseSha256?: string,
  fingerprint?: Fingerprint,
): Promise<string> {
  const base = await loadBase(world.options.modelPath);
  const manifest = {
    versionId,
    baseId: base.id,
    baseSha256: baseSha256 ?? base.sha256,
    parentVersionId: null,
    runId: null,
    ...(fingerprint && { fingerprint }),
    snapshotId: null,
    snapshotSha256: null,
    gates: [],
    createdAt: '2025-01-01T00:00:00Z',
  };
  return (await writeArtifact(world.options.artifacts, manifest, randomAdapter(base.weights.config, { seed })))
    .directory;
}

export interface Answer {
  ids: number[];
  logprobs: number[];
  finished: FinishedEvent;
}

/** Asks for an answer and returns all of it; checks on the way that no token is lost or doubled. */
export async function answer(
  seed: number,
  over: Partial<Omit<GenerateRequest, 'sampling'>> & { sampling?: Partial<Sampling> } = {},
  extra: { by?: EngineClient; signal?: AbortSignal; onTokens?: (count: number) => void } = {},
): Promise<Answer> {
  const request = {
    requestId: `r${seed}`,
    versionId: 'base',
    promptIds: PROMPT,
    ...over,
    sampling: Sampling.parse({ seed, temperature: 1, maxTokens: 200, ...over.sampling }),
  };
  const ids: number[] = [];
  const logprobs: number[] = [];
  for await (const event of (extra.by ?? world.client).generate(request, extra.signal)) {
    if (event.type === 'finished') return { ids, logprobs, finished: event };
    expect(event.offset).toBe(ids.length);
    ids.push(...event.ids);
    logprobs.push(...event.logprobs);
    extra.onTokens?.(ids.length);
  }
  throw new Error('The stream ended without `finished`.');
}

export function expectSame(found: Answer, expected: Answer): void {
  expect(found.ids).toEqual(expected.ids);
  expect(found.finished).toEqual(expected.finished);
  for (const [i, logprob] of found.logprobs.entries()) expect(logprob).toBeCloseTo(expected.logprobs[i]!, 3);
}

export async function until(condition: () => Promise<boolean> | boolean, ms = 5000): Promise<void> {
  for (const end = Date.now() + ms; !(await condition()); ) {
    if (Date.now() > end) throw new Error('The condition was not met in time.');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
