// A request repeated under one key gets one answer: finished or running, in this process, another, or after a restart.
import { randomUUID } from 'node:crypto';
import { count, eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { conversation, generation, idempotencyKey } from '@/db/schema';
import { ChatCompletion, ChatCompletionChunk } from '@/server/api/openapi/responses';
import type { WebProcess } from '@/server/product';
import { type ApiClient, createClient, errorOf, routeTo } from './api-client';
import { createWorld, type World } from './world';

const CHAT = '/v1/chat/completions';

let world: World;
let client: ApiClient;
let endless: Record<string, number>;
beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  const { eosTokenIds } = world.web.product.base.weights.config;
  endless = Object.fromEntries(eosTokenIds.map((id) => [id, -100]));
});
afterAll(() => world?.close());
afterEach(() => {
  world.engine.child().kill('SIGCONT');
  routeTo(world.web);
});

const begin = async () => {
  routeTo(world.web);
  client = await createClient(world.web);
};
const body = (more: object = {}) => ({
  ...{ model: 'champion', max_tokens: 12, temperature: 1.2, messages: [{ role: 'user', content: 'Hello.' }] },
  ...more,
});
const send = (key: string, more: object = {}) => client.post(CHAT, body(more), { 'idempotency-key': key });
const answersOf = async () => {
  const rows = await world.web.product.db
    .select({ n: count() })
    .from(generation)
    .where(eq(generation.userId, client.userId));
  return rows[0]!.n;
};
const wholeOf = async (response: Response) => {
  expect(response.status, await response.clone().text()).toBe(200);
  return ChatCompletion.parse(await response.json());
};
async function streamed(response: Response) {
  const chunks = [...(await response.text()).matchAll(/^data: (\{.*)$/gm)].map((match) =>
    ChatCompletionChunk.parse(JSON.parse(match[1]!)),
  );
  return {
    text: chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta.content ?? '')).join(''),
    ids: chunks[0]!.attune!.generation_ids,
  };
}

describe('one key', () => {
  it('returns the finished answer again, to the letter', async () => {
    await begin();
    const more = { n: 2, logprobs: true, top_logprobs: 2 };
    const first = await send('a', more);
    const again = await send('a', more);
    expect([first.headers.get('idempotency-replayed'), again.headers.get('idempotency-replayed')]).toEqual([
      null,
      'true',
    ]);
    expect(await wholeOf(again)).toEqual(await wholeOf(first));
    expect(await answersOf()).toBe(2);
  });

  it('joins the running answer, so that all get the same and it is written once', async () => {
    await begin();
    const responses = await Promise.all(Array.from({ length: 5 }, () => send('b', { max_tokens: 60 })));
    const all = await Promise.all(responses.map(wholeOf));
    for (const one of all) expect(one).toEqual(all[0]);
    expect(await answersOf()).toBe(1);
  });

  it('joins the running answer of another process', async () => {
    await begin();
    const other = await world.startWeb();
    world.engine.child().kill('SIGSTOP');
    const first = await send('c', { stream: true });
    routeTo(other);
    const second = await send('c', { stream: true });
    world.engine.child().kill('SIGCONT');
    const [one, two] = await Promise.all([streamed(first), streamed(second)]);
    expect(two).toEqual(one);
    expect(await answersOf()).toBe(1);
  });

  it('finds its answer after the process that began it has gone', async () => {
    await begin();
    const doomed: WebProcess = await world.startWeb();
    routeTo(doomed);
    world.engine.child().kill('SIGSTOP');
    const cut = await send('d', { stream: true, max_tokens: 40, logit_bias: endless });
    await doomed.close();
    expect(await cut.text()).toContain('"error"');
    world.engine.child().kill('SIGCONT');
    routeTo(await world.startWeb());
    const { text } = await streamed(await send('d', { stream: true, max_tokens: 40, logit_bias: endless }));
    const [row] = await world.web.product.db.select().from(generation).where(eq(generation.userId, client.userId));
    expect(row).toMatchObject({ status: 'done', finishReason: 'length' });
    expect(text.length).toBeGreaterThan(0);
    expect(await answersOf()).toBe(1);
  });

  it('keeps its answer running when the reader leaves; without a key the answer is stopped', async () => {
    await begin();
    const long = { stream: true, max_tokens: 200, logit_bias: endless };
    world.engine.child().kill('SIGSTOP');
    const kept = await send('e', long);
    const left = await client.post(CHAT, body(long));
    await kept.body!.cancel();
    await left.body!.cancel();
    world.engine.child().kill('SIGCONT');
    const statuses = async () => {
      const rows = await world.web.product.db.select().from(generation).where(eq(generation.userId, client.userId));
      return rows.map(({ status, completionIds }) => [status, completionIds.length === 200]).sort();
    };
    await expect.poll(statuses).toEqual([
      ['done', true],
      ['stopped', false],
    ]);
  });

  it('for another request is refused, and names the header', async () => {
    await begin();
    await send('f');
    const response = await send('f', { max_tokens: 13 });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ param: 'Idempotency-Key' });
    // Other blanks or another order of fields do not make it a different request.
    const { messages, ...rest } = body();
    const reordered = JSON.stringify({ messages, ...rest }, null, 2);
    expect((await client.post(CHAT, reordered, { 'idempotency-key': 'f' })).status).toBe(200);
    expect(await answersOf()).toBe(1);
  });

  it('holds only for its own API key', async () => {
    await begin();
    const first = await wholeOf(await send('g'));
    client = await createClient(world.web);
    expect((await wholeOf(await send('g'))).id).not.toBe(first.id);
  });

  it('is free again a day later, after its answer failed, or once its conversation is deleted', async () => {
    await begin();
    const { db } = world.web.product;
    const ids = new Set<string>();
    const ask = async () => ids.add((await wholeOf(await send('h'))).id);
    await ask();
    await db.update(idempotencyKey).set({ createdAt: new Date(Date.now() - 25 * 3_600_000) });
    await ask();
    await db.update(generation).set({ status: 'failed' }).where(eq(generation.userId, client.userId));
    await ask();
    await db.delete(conversation).where(eq(conversation.userId, client.userId));
    expect(await db.select().from(idempotencyKey).where(eq(idempotencyKey.apiKeyId, client.apiKeyId))).toEqual([]);
    await ask();
    expect(ids.size).toBe(4);
  });

  it('of 256 characters or none is refused', async () => {
    await begin();
    for (const key of ['', 'x'.repeat(256)]) expect((await send(key)).status).toBe(400);
    expect((await send(`${randomUUID()} with blanks`)).status).toBe(200);
  });

  it('whose request was refused stays free', async () => {
    await begin();
    expect((await send('i', { model: 'nowhere' })).status).toBe(404);
    expect((await send('i')).status).toBe(200);
  });
});
