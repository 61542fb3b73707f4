// What the client promises when connections are lost, against sockets that misbehave on purpose.
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sampling } from '@/core/sampling';
import { EngineClient, type GenerateEvent } from '@/engine/client';
import { type ClientMessage, type EngineMessage, encodeLine, LineDecoder } from '@/engine/protocol';

let folder: string;
let socketPath: string;
let server: net.Server;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'client-'));
  socketPath = path.join(folder, 's');
});
afterEach(async () => {
  server.close();
  await rm(folder, { recursive: true, force: true });
});

type Reply = (message: ClientMessage, send: (reply: EngineMessage) => void, socket: net.Socket) => void;

/** Calls `reply` for every message of every connection. */
function listen(reply: Reply): Promise<void> {
  server = net.createServer((socket) => {
    const lines = new LineDecoder();
    socket.on('error', () => {});
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      for (const line of lines.push(chunk))
        reply(JSON.parse(line), (message) => socket.write(encodeLine(message)), socket);
    });
  });
  return new Promise((resolve) => server.listen(socketPath, resolve));
}

const request = { requestId: 'r', versionId: 'base', promptIds: [1], sampling: Sampling.parse({ seed: 1 }) };

describe('EngineClient', () => {
  it('sends a request again with exactly the tokens received, however often the connection breaks', async () => {
    const resumedAt: number[][] = [];
    await listen((message, send, socket) => {
      if (message.type !== 'generate') return;
      const { requestId, emittedIds = [] } = message;
      resumedAt.push(emittedIds);
      const offset = emittedIds.length;
      if (offset === 8)
        return send({ type: 'finished', requestId, reason: 'stop', promptTokens: 1, completionTokens: offset });
      send({ type: 'tokens', requestId, offset, ids: [offset], logprobs: [-offset] });
      // The second event is cut in the middle, so it does not count.
      socket.end('{"type":"tokens","requestId":"');
    });
    const client = new EngineClient(socketPath);
    const events: GenerateEvent[] = [];
    for await (const event of client.generate(request)) events.push(event);
    expect(events.flatMap((event) => (event.type === 'tokens' ? event.ids : []))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(events.at(-1)).toMatchObject({ type: 'finished', requestId: 'r', completionTokens: 8 });
    expect(resumedAt.map((ids) => ids.length)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    client.close();
  });

  it('gives up a request that loses its connection five times without a token', async () => {
    let tries = 0;
    await listen((_message, _send, socket) => {
      tries++;
      socket.destroy();
    });
    const client = new EngineClient(socketPath);
    await expect(client.generate(request).next()).rejects.toMatchObject({ code: 'UNAVAILABLE', message: /5 times/ });
    expect(tries).toBe(5);
    client.close();
  });

  it('waits for an engine that starts later', async () => {
    const client = new EngineClient(socketPath);
    const loaded = client.load('v1');
    await new Promise((resolve) => setTimeout(resolve, 150));
    await listen(({ requestId }, send) => send({ type: 'ok', requestId }));
    await loaded;
    client.close();
  });

  it('aborts at the engine when the reader leaves the loop, and ignores events that still arrive', async () => {
    const seen: string[] = [];
    await listen((message, send) => {
      seen.push(message.type);
      const { requestId } = message;
      if (message.type === 'generate') send({ type: 'tokens', requestId, offset: 0, ids: [5], logprobs: [-1] });
      else send({ type: 'finished', requestId, reason: 'aborted', promptTokens: 1, completionTokens: 1 });
    });
    const client = new EngineClient(socketPath);
    for (let round = 0; round < 2; round++) {
      for await (const event of client.generate(request)) {
        expect(event).toMatchObject({ type: 'tokens', requestId: 'r', ids: [5] });
        break;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(seen).toEqual(['generate', 'abort', 'generate', 'abort']);
    client.close();
  });

  it('reports a failure with its code, and cancels a scoring by its signal', async () => {
    await listen(({ type, requestId }, send) => {
      if (type === 'generate') send({ type: 'failed', requestId, code: 'TOO_LONG', message: 'Too long.' });
    });
    const client = new EngineClient(socketPath);
    await expect(client.generate(request).next()).rejects.toMatchObject({ code: 'TOO_LONG', message: 'Too long.' });
    const stop = new AbortController();
    const scored = client.score({ versionId: 'base', promptIds: [1], completionIds: [2] }, stop.signal);
    stop.abort();
    await expect(scored).rejects.toMatchObject({ code: 'CANCELLED' });
    client.close();
    await expect(client.status()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
