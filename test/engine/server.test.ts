// The real engine process as its clients see it: batches, changing versions, aborts, refusals and slow readers.
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ADAPTER_WEIGHTS_FILE } from '@/core/artifact/adapter-files';
import { loadBase } from '@/core/base/load-base';
import { EngineClient } from '@/engine/client';
import type { SpawnEngineOptions } from '@/engine/spawn';
import {
  type Answer,
  answer,
  expectSame,
  PROMPT,
  until,
  useEngine,
  VERSIONS,
  world,
  writeVersion,
} from './engine-process';

useEngine();
let options: SpawnEngineOptions;
let client: EngineClient;
beforeAll(() => {
  ({ options, client } = world);
});

describe('answers', () => {
  it('are the same in a batch of several versions as alone', async () => {
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

  it('are not affected by versions that are loaded, unloaded or evicted meanwhile', async () => {
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

  it('stop immediately when aborted, and free their place when the run in progress ends', async () => {
    const stop = new AbortController();
    const { ids, finished } = await answer(1, {}, { signal: stop.signal, onTokens: () => stop.abort() });
    expect(finished).toMatchObject({ reason: 'aborted', completionTokens: ids.length });
    await until(async () => {
      const { running, waiting } = await client.status();
      return running + waiting === 0;
    });
    const again = await answer(1); // the same requestId, immediately afterwards
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
  it('is refused with a clear error, and the engine keeps serving', async () => {
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

  it('that is not a message ends only its own connection', async () => {
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
  it('is dropped, and delays no one else', async () => {
    const alone = await answer(21);
    const slow = net.connect(options.socketPath);
    slow.pause();
    slow.on('error', () => {}); // EPIPE once it is dropped
    // A reply has about 300 bytes: 20 000 of them exceed the 2 MiB that a client may leave unread.
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
