// What the API refuses, limits and counts, against the whole running product.
import { eq, gte } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '@/db/client';
import { generation } from '@/db/schema';
import * as schemas from '@/server/api/openapi/responses';
import { api, chat, clientOf, errorOf, HELLO, post, SHORT, useApi, whilePaused } from './api-support';
import type { TestProduct } from './support';

/** The engine's default limits. */
const QUEUE = { running: 16, waiting: 64 };

useApi();
let product: TestProduct;
let db: Database;
beforeAll(() => {
  ({ product, db } = api);
});

describe('an error', () => {
  it.each<[string, object, number, string | null, string]>([
    [
      'tools',
      { tools: [{ type: 'function', function: { name: 'f', parameters: {} } }] },
      400,
      'tools',
      'unsupported_parameter',
    ],
    ['functions', { functions: [{ name: 'f' }] }, 400, 'functions', 'unsupported_parameter'],
    [
      'json_schema',
      { response_format: { type: 'json_schema', json_schema: { name: 'x' } } },
      400,
      'response_format',
      'unsupported_parameter',
    ],
    ['half a character in a stop string', { stop: '\ud83d' }, 400, 'stop', 'invalid_value'],
    [
      'U+0000 in a message',
      { messages: [{ role: 'user', content: 'a\0' }] },
      400,
      'messages[0].content',
      'invalid_value',
    ],
    ['U+0000 in a name', { model: 'a\0' }, 400, 'model', 'invalid_value'],
    [
      'a field that no one reads, nested 100 levels deep',
      { messages: [{ role: 'user', content: 'a', annotations: JSON.parse('['.repeat(100) + ']'.repeat(100)) }] },
      400,
      'messages',
      'invalid_value',
    ],
    ['an unknown argument', { frobnicate: 1 }, 400, 'frobnicate', 'invalid_value'],
    ['a temperature of 3', { temperature: 3 }, 400, 'temperature', 'invalid_value'],
    ['no messages', { messages: [] }, 400, 'messages', 'invalid_value'],
    [
      'an image',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] },
      400,
      'messages[0].content[0].type',
      'invalid_value',
    ],
    [
      'a tool message',
      { messages: [{ role: 'tool', content: 'x', tool_call_id: 'y' }] },
      400,
      'messages[0].tool_call_id',
      'unsupported_parameter',
    ],
    ['top_logprobs alone', { top_logprobs: 2 }, 400, 'top_logprobs', 'invalid_value'],
    ['a logit_bias for no token', { logit_bias: { '99999999': 1 } }, 400, 'logit_bias', 'invalid_value'],
    ['a model that is not there', { model: 'gpt-4o' }, 404, 'model', 'model_not_found'],
    [
      'an answer beyond the context',
      { max_tokens: 4096, messages: [{ role: 'user', content: 'word '.repeat(6000) }] },
      400,
      'messages',
      'context_length_exceeded',
    ],
  ])('about %s names the field', async (_name, more, status, param, code) => {
    const error = await errorOf(chat(more));
    expect(error).toMatchObject({ status, param, code, type: 'invalid_request_error' });
    expect(error.message.length).toBeGreaterThan(20);
  });

  it('about a key that is wrong, missing or revoked is a 401', async () => {
    expect(await errorOf(clientOf('sk-attune-wrong').models.list())).toMatchObject({
      ...{ status: 401, code: 'invalid_api_key' },
    });
    expect((await fetch(`${product.url}/v1/models`)).status).toBe(401);
    const { id, secret: other } = await product.admin.apiKey.create.mutate({ name: 'short', allowTraining: false });
    await clientOf(other).models.list();
    await product.admin.apiKey.revoke.mutate({ id });
    expect(await errorOf(clientOf(other).models.list())).toMatchObject({ status: 401 });
  });

  it.each([
    ['what is not JSON', '{"model": ', 400],
    ['a body over the size limit', `{"model":"${'x'.repeat(600_000)}"}`, 400],
  ])('about %s has a body that clients can read', async (_name, body, status) => {
    const response = await post('chat/completions', body);
    expect(response.status).toBe(status);
    expect(schemas.ErrorBody.parse(await response.json()).error.message).toBeTruthy();
  });

  it('about an unknown path has one as well', async () => {
    const response = await post('images/generations', {});
    expect(response.status).toBe(404);
    expect(schemas.ErrorBody.parse(await response.json()).error.message).toContain('/v1/images/generations');
  });
});

describe('limits', () => {
  const generous = { requestsPerMinute: 100_000, tokensPerMinute: 100_000_000, concurrent: 100 };
  const limit = (apiKey: Partial<typeof generous>) =>
    product.admin.admin.setSettings.mutate({ limits: { user: generous, apiKey: { ...generous, ...apiKey } } });
  afterAll(() => limit({}));

  it.each([
    ['requests per minute', { requestsPerMinute: 1 }, /2 requests|1 requests|\d+ requests/],
    ['tokens per minute', { tokensPerMinute: 1 }, /tokens in the current minute/],
  ])('on %s answer 429 and say when to retry', async (_name, apiKey, sentence) => {
    const { secret: other } = await product.admin.apiKey.create.mutate({ name: 'limited', allowTraining: false });
    await limit({});
    const mine = clientOf(other);
    await mine.chat.completions.create({ model: 'champion', messages: HELLO, max_tokens: 4 });
    await limit(apiKey);
    const error = await errorOf(mine.chat.completions.create({ model: 'champion', messages: HELLO, max_tokens: 4 }));
    expect(error).toMatchObject({ status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' });
    expect(error.message).toMatch(sentence);
    const wait = Number(error.headers?.get('retry-after'));
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(60);
    await limit({});
  });

  it('on concurrent answers refuse the one that is too many and let the others finish', async () => {
    await limit({ concurrent: 2 });
    const { refused, others } = await whilePaused(async () => {
      const others = [chat(), chat()];
      const running = () => db.select().from(generation).where(eq(generation.status, 'running'));
      await expect.poll(async () => (await running()).length).toBe(2);
      return { refused: await errorOf(chat()), others };
    });
    expect(refused).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
    expect(refused.message).toContain('2 answers running');
    expect((await Promise.all(others)).map(({ choices }) => choices.length)).toEqual([1, 1]);
    await limit({});
  });

  it("leave half of the engine's queue to others: 429 with Retry-After beyond it, full answers below", async () => {
    await limit({});
    const beyond = 5;
    const share = (QUEUE.running + QUEUE.waiting) / 2;
    const since = new Date();
    const running = () => db.select().from(generation).where(gte(generation.createdAt, since));
    // No answer ends before the last request has arrived.
    const body = { messages: HELLO, max_tokens: 60, logit_bias: api.endless };
    const requests = await whilePaused(async () => {
      const requests = Array.from({ length: share }, () => post('chat/completions', body));
      await expect.poll(async () => (await running()).length, { timeout: 60_000 }).toBe(share);
      const refused = await Promise.all(Array.from({ length: beyond }, () => post('chat/completions', body)));
      for (const response of refused) {
        expect(response.status).toBe(429);
        expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
        const { error } = schemas.ErrorBody.parse(await response.json());
        expect(error).toMatchObject({ type: 'rate_limit_error', code: 'rate_limit_exceeded' });
        expect(error.message).toContain('Try again');
      }
      expect(await running()).toHaveLength(share);
      return requests;
    });
    expect((await Promise.all(requests)).map(({ status }) => status)).toEqual(new Array(share).fill(200));
  });
});

describe('usage', () => {
  it('of a key is the sum of the usage that its answers reported', async () => {
    const { id, secret: other } = await product.admin.apiKey.create.mutate({ name: 'counted', allowTraining: false });
    const mine = clientOf(other);
    const usages = [];
    for (const n of [1, 2]) {
      usages.push((await mine.chat.completions.create({ model: 'champion', messages: HELLO, n, ...SHORT })).usage!);
    }
    const key = (await product.admin.apiKey.list.query()).find((one) => one.id === id)!;
    expect(key).toMatchObject({
      requests: 2,
      promptTokens: usages[0]!.prompt_tokens + usages[1]!.prompt_tokens,
      completionTokens: usages[0]!.completion_tokens + usages[1]!.completion_tokens,
    });
    expect(key.lastUsedAt).toBeInstanceOf(Date);
    expect((await product.admin.apiKey.usage.query())[0]!.requests).toBeGreaterThan(2);
  });
});
