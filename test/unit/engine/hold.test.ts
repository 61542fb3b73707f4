// Requests made under a hold begin in one tick, and a hold ends with the connection that made it.
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import type { Tokenizer } from '@/core/base/base';
import type { ModelConfig } from '@/core/base/model-config';
import { Sampling } from '@/core/sampling';
import { AdapterStore } from '@/engine/adapters';
import { PrefixCache } from '@/engine/cache/prefix-cache';
import { EngineClient } from '@/engine/client';
import { Engine } from '@/engine/engine';
import type { ModelRunner, RunRow, SequenceCache } from '@/engine/runner/runner';
import { DEFAULT_LIMITS } from '@/engine/scheduler';
import { serve } from '@/engine/server';

let folder: string;
let socketPath: string;
let server: net.Server;
let stop: AbortController;
/** The number of rows of each run. */
let runs: number[];

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'hold-'));
  socketPath = path.join(folder, 's');
  stop = new AbortController();
  runs = [];
  const cache: SequenceCache = { length: 4, copy: (_start, _count, into) => into, release() {} };
  const runner: ModelRunner = {
    config: { vocabSize: 30, eosTokenIds: [0], maxPositions: 64 } as unknown as ModelConfig,
    precision: 'fp32',
    loadAdapter() {},
    unloadAdapter() {},
    hasAdapter: () => true,
    async dispose() {},
    score: async (rows) => rows.map(({ completionIds }) => new Float32Array(completionIds.length)),
    async run(rows: RunRow[]) {
      runs.push(rows.length);
      return rows.map(() => ({ ids: [0], logprobs: [-1], cache, stopped: true }));
    },
    restore: () => cache,
  };
  const tokenizer: Tokenizer = {
    vocabSize: 30,
    encode: () => [],
    decode: () => '',
    stream: () => ({ push: () => '', end: () => '' }),
    bytesOf: (id: number) => Uint8Array.of(id),
    isSpecial: () => false,
  };
  const read = () => Promise.reject(new Error('none'));
  const adapters = new AdapterStore({ runner, read, prove: async () => {}, capacity: 2, onDrop() {} });
  const prefixes = new PrefixCache({ maxBytes: 0, valuesPerToken: 1 });
  const base = { id: 'tiny', sha256: '0', tokenizer };
  const engine = new Engine({ base, runner, adapters, prefixes, limits: DEFAULT_LIMITS, maxContext: 64, now: () => 0 });
  server = await serve(engine, socketPath, { classify: () => Promise.reject(new Error('none')) });
  void engine.run(stop.signal);
});
afterEach(async () => {
  stop.abort();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

const sampling = Sampling.parse({ seed: 1, maxTokens: 4 });
async function answer(client: EngineClient, requestId: string) {
  for await (const event of client.generate({ requestId, versionId: 'base', promptIds: [1, 2, 3], sampling })) {
    if (event.type === 'finished') return event.reason;
  }
}
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a hold', () => {
  it('lets nothing begin before the last request has come, and then all requests at once', async () => {
    const client = new EngineClient(socketPath);
    await client.hold();
    const answers = [answer(client, 'a'), answer(client, 'b')];
    await pause(50); // an engine that did not wait would have answered by now
    answers.push(answer(client, 'c'));
    await pause(20);
    expect(runs).toEqual([]);
    await client.release();
    expect(await Promise.all(answers)).toEqual(['stop', 'stop', 'stop']);
    expect(runs).toEqual([3]);
    client.close();
  });

  it('is not needed for requests made in one turn of the event loop', async () => {
    const client = new EngineClient(socketPath);
    expect(await answer(client, 'a')).toBe('stop'); // now connected
    const writes = vi.spyOn(net.Socket.prototype, '_writev' as never) as unknown as MockInstance<(lines: []) => void>;
    expect(await Promise.all(['b', 'c', 'd'].map((id) => answer(client, id)))).toEqual(['stop', 'stop', 'stop']);
    expect(runs).toEqual([1, 3]);
    expect(writes.mock.calls.map(([lines]) => lines.length)).toEqual([3]); // one call for all of them
    writes.mockRestore();
    client.close();
  });

  it('of a client that has gone holds no one up', async () => {
    const [holder, other] = [new EngineClient(socketPath), new EngineClient(socketPath)];
    await holder.hold();
    const waiting = answer(other, 'a');
    await pause(30);
    expect(runs).toEqual([]);
    holder.close();
    expect(await waiting).toBe('stop');
    other.close();
  });
});
