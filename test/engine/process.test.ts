// The real engine process over the tiny Llama: concurrency, swaps, aborts, overload, crashes and bad clients.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Adapter, ALL_TARGETS, loraKey } from '@/core/adapter';
import { ADAPTER_WEIGHTS_FILE } from '@/core/adapter-files';
import { writeArtifact } from '@/core/artifact';
import { loadBase } from '@/core/load-base';
import { type ModelConfig, projectionShape } from '@/core/model-config';
import { Rng } from '@/core/rng';
import { Sampling } from '@/core/sampling';
import { writeTinyLlama } from '@/core/tiny-llama';
import { EngineClient, type FinishedEvent } from '@/engine/client';
import { engineEnvironment } from '@/engine/env';
import type { GenerateRequest } from '@/engine/protocol';
import { type SpawnEngineOptions, type SpawnedEngine, spawnEngine } from '@/engine/spawn';

const VERSIONS = ['v1', 'v2', 'v3'];
const PROMPT = [256, 117, 115, 101, 114, 10, 104, 105, 257, 10];
let folder: string;
let options: SpawnEngineOptions;
let engine: SpawnedEngine;
let client: EngineClient;

/** Random, and strong enough that every version gives other answers. */
function randomAdapter(config: ModelConfig, seed: number): Adapter {
  const rng = new Rng(seed);
  const normals = (length: number, deviation: number) => Float32Array.from({ length }, () => deviation * rng.normal());
  const pairs: Adapter['pairs'] = new Map();
  for (let layer = 0; layer < config.layers; layer++) {
    for (const projection of ALL_TARGETS) {
      const [out, in_] = projectionShape(config, projection);
      pairs.set(loraKey(layer, projection), { a: normals(4 * in_, in_ ** -0.5), b: normals(out * 4, 0.3) });
    }
  }
  return { rank: 4, alpha: 4, targets: ALL_TARGETS, pairs };
}

async function writeVersion(versionId: string, seed: number, baseSha256?: string): Promise<string> {
  const base = await loadBase(options.modelPath);
  const manifest = {
    versionId,
    baseId: base.id,
    baseSha256: baseSha256 ?? base.sha256,
    parentVersionId: null,
    runId: null,
    snapshotId: null,
    snapshotSha256: null,
    gates: [],
    createdAt: '2025-01-01T00:00:00Z',
  };
  return (await writeArtifact(options.artifacts, manifest, randomAdapter(base.weights.config, seed))).directory;
}

interface Answer {
  ids: number[];
  logprobs: number[];
  finished: FinishedEvent;
}

/** The whole answer; checks on the way that no token is lost or doubled. */
async function answer(
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
  for await (const event of (extra.by ?? client).generate(request, extra.signal)) {
    if (event.type === 'finished') return { ids, logprobs, finished: event };
    expect(event.offset).toBe(ids.length);
    ids.push(...event.ids);
    logprobs.push(...event.logprobs);
    extra.onTokens?.(ids.length);
  }
  throw new Error('The stream ended without `finished`.');
}

function expectSame(found: Answer, expected: Answer): void {
  expect(found.ids).toEqual(expected.ids);
  expect(found.finished).toEqual(expected.finished);
  for (const [i, logprob] of found.logprobs.entries()) expect(logprob).toBeCloseTo(expected.logprobs[i]!, 3);
}

async function until(condition: () => Promise<boolean> | boolean, ms = 5000): Promise<void> {
  for (const end = Date.now() + ms; !(await condition()); ) {
    if (Date.now() > end) throw new Error('The condition did not come true in time.');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'engine-'));
  options = {
    modelPath: path.join(folder, 'base'),
    artifacts: path.join(folder, 'artifacts'),
    cache: path.join(folder, 'cache'),
    socketPath: path.join(folder, 'engine.sock'),
    precision: 'fp32',
    threads: 1,
  };
  await writeTinyLlama(options.modelPath, { seed: 3 });
  for (const [i, versionId] of VERSIONS.entries()) await writeVersion(versionId, i + 1);
  engine = await spawnEngine({ ...options, restart: true });
  client = engine.client;
});

afterAll(async () => {
  await engine?.close();
  await rm(folder, { recursive: true, force: true });
});

describe('answers', () => {
  it('are the same together as alone, over several versions in one batch', async () => {
    const jobs = Array.from({ length: 9 }, (_, i) => [i, ['base', ...VERSIONS][i % 4]!] as const);
    const alone: Answer[] = [];
    for (const [seed, versionId] of jobs) alone.push(await answer(seed, { versionId }));
    const together = await Promise.all(jobs.map(([seed, versionId]) => answer(seed, { versionId })));
    for (const i of jobs.keys()) expectSame(together[i]!, alone[i]!);
    const texts = await Promise.all(['base', ...VERSIONS].map((versionId) => answer(1, { versionId })));
    expect(new Set(texts.map(({ ids }) => ids.join())).size).toBe(4);
  });

  it('carry the log-probabilities that scoring gives', async () => {
    const { ids, logprobs } = await answer(4, { versionId: 'v1' });
    const scored = await client.score({ versionId: 'v1', promptIds: PROMPT, completionIds: ids });
    expect(scored).toHaveLength(ids.length);
    for (const [i, logprob] of scored.entries()) expect(logprob).toBeCloseTo(logprobs[i]!, 3);
  });

  it('end with a stop string, and with a stop id', async () => {
    const whole = await answer(2);
    const tokenizer = (await loadBase(options.modelPath)).tokenizer;
    const stop = tokenizer.decode(whole.ids.slice(10, 12));
    const cut = await answer(2, { sampling: { stop: [stop] } });
    expect(cut.finished.reason).toBe('stop');
    expect(cut.ids).toEqual(whole.ids.slice(0, cut.ids.length));
    expect(tokenizer.decode(cut.ids).endsWith(stop)).toBe(true);
    const ended = (await Promise.all([...Array(12).keys()].map((seed) => answer(seed)))).filter(
      ({ finished }) => finished.reason === 'stop',
    );
    expect(ended.length).toBeGreaterThan(0); // 200 draws, each the stop id with a chance of about 1/288
    for (const { ids } of ended) expect(ids.indexOf(257)).toBe(ids.length - 1);
  });

  it('are not touched by loading, unloading and evicting versions meanwhile', async () => {
    const alone = await answer(11, { versionId: 'v1' });
    let swaps = 0;
    const swap = async () => {
      await client.unload('v1');
      await client.load('v2');
      await client.unload('v2');
      await client.load('v3');
      swaps++;
    };
    let swapping: Promise<void> | null = null;
    const onTokens = () => {
      swapping ??= swap();
    };
    const [streamed] = await Promise.all([
      answer(11, { versionId: 'v1' }, { onTokens }),
      answer(12, { versionId: 'v3' }),
    ]);
    await swapping;
    expectSame(streamed, alone);
    expect(swaps).toBe(1);
    const { versions } = await client.status();
    expect(versions).toContain('v3');
    expect(versions).not.toContain('v1');
  });

  it('stop at an abort at once, and free their place when the run in progress ends', async () => {
    const stop = new AbortController();
    const { ids, finished } = await answer(1, {}, { signal: stop.signal, onTokens: () => stop.abort() });
    expect(finished).toMatchObject({ reason: 'aborted', completionTokens: ids.length });
    await until(async () => {
      const { running, waiting } = await client.status();
      return running + waiting === 0;
    });
    const again = await answer(1); // the same requestId, straight afterwards
    expect(again.ids.slice(0, ids.length)).toEqual(ids);
  });

  it('end when their client goes away', async () => {
    const other = new EngineClient(options.socketPath);
    const lost = answer(1, { sampling: { maxTokens: 900 } }, { by: other, onTokens: () => other.close() });
    await expect(lost).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await until(async () => (await client.status()).running === 0);
  });
});

describe('bad input', () => {
  it('is refused with a clear error, and the engine goes on', async () => {
    const directory = await writeVersion('damaged', 9);
    const file = path.join(directory, ADAPTER_WEIGHTS_FILE);
    const bytes = await readFile(file);
    bytes[bytes.length - 1]! ^= 1; // one bit
    await writeFile(file, bytes);
    await writeVersion('foreign', 9, 'f'.repeat(64));
    await expect(client.load('../v1')).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(client.load('absent')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(client.load('damaged')).rejects.toMatchObject({ code: 'CORRUPT', message: /sha256/ });
    await expect(answer(1, { versionId: 'foreign' })).rejects.toMatchObject({ code: 'CORRUPT', message: /base/ });
    await expect(answer(1, { promptIds: Array(1024).fill(1) })).rejects.toMatchObject({
      code: 'TOO_LONG',
      message: expect.stringMatching(/1024 tokens .* 1024/),
    });
    await expect(answer(1, { promptIds: [288] })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    expect((await answer(1)).ids.length).toBeGreaterThan(0);
  });

  it('that is no message ends its own connection alone', async () => {
    const socket = net.connect(options.socketPath).setEncoding('utf8');
    socket.write('hello\n');
    let text = '';
    socket.on('data', (chunk) => (text += chunk));
    await once(socket, 'end');
    expect(JSON.parse(text)).toMatchObject({ type: 'failed', requestId: '', code: 'BAD_INPUT' });
    socket.destroy();
  });
});

describe('a client that does not read', () => {
  it('is dropped, and delays nobody', async () => {
    const alone = await answer(21);
    const slow = net.connect(options.socketPath);
    slow.pause();
    slow.on('error', () => {}); // EPIPE once it is dropped
    // About 300 bytes an answer: 20 000 of them pass the 2 MiB that a client may leave unread.
    for (let i = 0; i < 20_000; i++) slow.write(`{"type":"status","requestId":"s${i}"}\n`);
    const streamed = await answer(21);
    expectSame(streamed, alone);
    const closed = once(slow, 'close');
    let bytes = 0;
    slow.on('data', (chunk) => (bytes += chunk.length));
    slow.resume();
    await closed;
    expect(bytes).toBeLessThan(4 * 1024 * 1024);
    expect((await client.status()).residentBytes).toBeGreaterThan(0);
  });
});

describe('the process', () => {
  it('killed in mid-answer and started again loses and doubles no token', async () => {
    const request = (seed: number) => ({ versionId: seed % 2 ? 'v1' : 'base', sampling: { maxTokens: 900 } });
    const answers: { seed: number; whole: Answer }[] = [];
    for (let seed = 0; seed < 12; seed++) answers.push({ seed, whole: await answer(seed, request(seed)) });
    answers.sort((a, b) => b.whole.ids.length - a.whole.ids.length);
    const longest = answers.slice(0, 4);
    expect(longest[0]!.whole.ids.length).toBeGreaterThan(200);
    const before = await client.status();
    let deaths = 0;
    const kill = (count: number) => {
      // Twice: the second process goes on behind what two former ones emitted.
      if ((deaths === 0 && count > 30) || (deaths === 1 && count > 60)) {
        deaths++;
        engine.child().kill('SIGKILL');
      }
    };
    const streamed = await Promise.all(
      longest.map(({ seed }, i) => answer(seed, request(seed), i === 0 ? { onTokens: kill } : {})),
    );
    for (const [i, { whole }] of longest.entries()) expectSame(streamed[i]!, whole);
    expect(deaths).toBe(2);
    expect((await client.status()).startedAt).not.toBe(before.startedAt);
  });

  it('refuses the request that its queue does not hold', async () => {
    const socketPath = path.join(folder, 'small.sock');
    const small = await spawnEngine({ ...options, socketPath, maxRows: 1, maxWaiting: 1 });
    try {
      const results = await Promise.allSettled([1, 2, 3].map((seed) => answer(seed, {}, { by: small.client })));
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
      expect((results[2] as PromiseRejectedResult).reason).toMatchObject({ code: 'OVERLOADED' });
      // Nobody starts this one again, so its death is not waited for.
      const kill = () => void small.child().kill('SIGKILL');
      const lost = answer(1, { sampling: { maxTokens: 900 } }, { by: small.client, onTokens: kill });
      await expect(lost).rejects.toMatchObject({ code: 'UNAVAILABLE', message: /SIGKILL/ });
    } finally {
      await small.close();
    }
  });

  it('does not start beside another on the same socket', async () => {
    await expect(spawnEngine(options)).rejects.toMatchObject({ code: 'CONFLICT' });
    const second = spawn(process.execPath, ['--import', 'tsx', 'engine/process.ts'], {
      env: engineEnvironment(options),
    });
    const [[message], [code]] = await Promise.all([once(second.stderr, 'data'), once(second, 'exit')]);
    expect(String(message)).toMatch(/CONFLICT: Another engine answers/);
    expect(code).toBe(1);
    expect((await answer(1)).ids.length).toBeGreaterThan(0);
  });

  it('says what is wrong when it cannot start', async () => {
    const broken = {
      ...options,
      modelPath: path.join(folder, 'nothing'),
      socketPath: path.join(folder, 'broken.sock'),
    };
    await expect(spawnEngine(broken)).rejects.toMatchObject({ code: 'UNAVAILABLE', message: /no model at/ });
  });

  it('dies with its parent, however that ends', async () => {
    const child = { ...options, socketPath: path.join(folder, 'orphan.sock') };
    const script = `import { spawnEngine } from './engine/spawn.ts';
      const engine = await spawnEngine(${JSON.stringify(child)});
      console.log((await engine.client.status()).pid);
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]);
    parent.stderr.on('data', (chunk) => process.stderr.write(chunk));
    const pid = Number(String((await once(parent.stdout, 'data'))[0]));
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await until(() => !isAlive(pid));
  });
});

it('a client without an engine gives up after its deadline', async () => {
  const lonely = new EngineClient(path.join(folder, 'nobody.sock'), { deadlineMs: 300 });
  const started = Date.now();
  await expect(lonely.status()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(Date.now() - started).toBeGreaterThanOrEqual(300);
  lonely.close();
});
