// The API as the official OpenAI client uses it, against the whole running product.
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eq, gte, inArray } from 'drizzle-orm';
import OpenAI, { APIError } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadBase } from '@/core/load-base';
import { writeTinyLlama } from '@/core/tiny-llama';
import { closeDatabase, type Database, getDatabase } from '@/db/client';
import { conversation, feedback, generation, message } from '@/db/schema';
import * as schemas from '@/server/api/schemas';
import { openProduct, realModel, type TestProduct } from './support';

/** The engine's own defaults. */
const QUEUE = { running: 16, waiting: 64 };
const SHORT = { max_tokens: 24 };
const HELLO = [{ role: 'user' as const, content: 'Say hello to me.' }];

let folder: string;
let product: TestProduct;
let db: Database;
let secret: string;
let client: OpenAI;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attune-api-'));
  if (!realModel) await writeModelThatBeginsTexts(folder);
  product = await openProduct({ model: realModel ?? folder });
  db = getDatabase(product.databaseUrl);
  ({ secret } = await product.admin.apiKey.create.mutate({ name: 'suite', allowTraining: true }));
  client = clientOf(secret);
});
afterAll(async () => {
  if (db) await closeDatabase(product.databaseUrl);
  await product?.close();
  await rm(folder, { recursive: true, force: true });
});

/** The tiny model as one whose texts begin with its bos token, as Llama's do. */
async function writeModelThatBeginsTexts(path: string): Promise<void> {
  await writeTinyLlama(path, { seed: 3 });
  const file = join(path, 'tokenizer_config.json');
  const config = JSON.parse(await readFile(file, 'utf8')) as object;
  await writeFile(file, JSON.stringify({ ...config, add_bos_token: true }));
}

const clientOf = (apiKey: string) => new OpenAI({ apiKey, baseURL: `${product.url}/v1`, maxRetries: 0 });
/** The client's types know nothing of our extensions. */
type Body = OpenAI.Chat.ChatCompletionCreateParamsNonStreaming;
const chat = (more: object = {}) =>
  client.chat.completions.create({ model: 'champion', messages: HELLO, ...SHORT, ...more } as Body);
const idsOf = (completion: object) => (completion as schemas.ChatCompletion).attune.generation_ids;
const rowOf = async (id: string) => (await db.select().from(generation).where(eq(generation.id, id)))[0]!;
const errorOf = async (call: Promise<unknown>): Promise<APIError> => {
  const error = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(APIError);
  return error as APIError;
};
const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${product.url}/v1/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

describe('a chat completion', () => {
  it('is one row of the database, in the shape that the document promises', async () => {
    const { data, response } = await client.chat.completions
      .create({ model: 'champion', messages: HELLO, ...SHORT })
      .withResponse();
    expect(schemas.ChatCompletion.parse(data)).toEqual(data);
    const [id] = idsOf(data);
    expect(response.headers.get('x-attune-generation-id')).toBe(id);
    const row = await rowOf(id!);
    expect(row).toMatchObject({ status: 'done', versionId: 'base', arm: 'champion', propensity: 1 });
    expect(data.usage).toMatchObject({
      prompt_tokens: row.promptIds.length,
      completion_tokens: row.completionIds.length,
    });
    const [answer] = await db.select().from(message).where(eq(message.id, row.messageId));
    expect(answer!.content).toBe(data.choices[0]!.message.content);
    expect(data.choices[0]!.finish_reason).toBe(row.finishReason);
  });

  it('streamed says the same as one that is not, for one seed', async () => {
    const whole = await chat({ seed: 7, temperature: 1 });
    const stream = await client.chat.completions.create({
      model: 'champion',
      messages: HELLO,
      ...SHORT,
      seed: 7,
      temperature: 1,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    const reasons: string[] = [];
    let usage: OpenAI.CompletionUsage | null | undefined;
    for await (const chunk of stream) {
      expect(schemas.ChatCompletionChunk.parse(chunk)).toEqual(chunk);
      text += chunk.choices[0]?.delta.content ?? '';
      if (chunk.choices[0]?.finish_reason) reasons.push(chunk.choices[0].finish_reason);
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe(whole.choices[0]!.message.content);
    expect(reasons).toEqual([whole.choices[0]!.finish_reason]);
    expect(usage).toEqual(whole.usage);
  });

  it('of another seed says something else at temperature 1.5', async () => {
    const texts = await Promise.all(
      [1, 2].map(async (seed) => (await chat({ seed, temperature: 1.5 })).choices[0]!.message.content),
    );
    expect(texts[0]).not.toBe(texts[1]);
  });

  it('of n choices has n different answers to one message, streamed or not', async () => {
    const whole = await chat({ n: 3, seed: 11, temperature: 1.5 });
    expect(whole.choices.map(({ index }) => index)).toEqual([0, 1, 2]);
    const texts = whole.choices.map((choice) => choice.message.content);
    expect(new Set(texts).size).toBe(3);
    const rows = await db
      .select()
      .from(generation)
      .where(inArray(generation.id, idsOf(whole)));
    expect(rows).toHaveLength(3);
    const parents = await db
      .select({ parentId: message.parentId })
      .from(message)
      .where(
        inArray(
          message.id,
          rows.map((row) => row.messageId),
        ),
      );
    expect(new Set(parents.map(({ parentId }) => parentId)).size).toBe(1);
    const streamed = ['', '', ''];
    const stream = await client.chat.completions.create({
      ...{ model: 'champion', messages: HELLO, ...SHORT, n: 3, seed: 11, temperature: 1.5 },
      stream: true,
    });
    for await (const { choices } of stream)
      for (const { index, delta } of choices) streamed[index] += delta.content ?? '';
    expect(streamed).toEqual(texts);
  });

  it('with logprobs names tokens that join to the answer, and the likeliest beside each', async () => {
    const completion = await chat({ logprobs: true, top_logprobs: 4, temperature: 0 });
    const [choice] = completion.choices;
    const content = choice!.logprobs!.content!;
    expect(content.map(({ token }) => token).join('')).toBe(choice!.message.content);
    const row = await rowOf(idsOf(completion)[0]!);
    // Every token of the row in order, but for special ones, which have no text.
    let at = -1;
    for (const entry of content) {
      at = row.logprobs.findIndex((logprob, index) => index > at && Math.abs(logprob - entry.logprob) < 1e-5);
      expect(at).toBeGreaterThanOrEqual(0);
      expect(entry.top_logprobs).toHaveLength(4);
      // Greedy takes the likeliest.
      expect(entry.logprob).toBeCloseTo(entry.top_logprobs[0]!.logprob, 4);
      const sorted = entry.top_logprobs.map(({ logprob }) => logprob);
      expect(sorted).toEqual([...sorted].sort((a, b) => b - a));
    }
  });

  it('ends before a stop string', async () => {
    const whole = (await chat({ temperature: 0 })).choices[0]!.message.content!;
    const stop = Array.from(whole).slice(5, 7).join('');
    const { choices } = await chat({ temperature: 0, stop });
    expect(choices[0]!.message.content).toBe(whole.slice(0, whole.indexOf(stop)));
    expect(choices[0]!.finish_reason).toBe('stop');
  });

  it('obeys logit_bias, max_completion_tokens and the extensions', async () => {
    const row = await rowOf(idsOf(await chat({ temperature: 0 }))[0]!);
    const [favourite] = row.completionIds;
    const { max_tokens, ...rest } = { ...SHORT, model: 'champion', messages: HELLO };
    const completion = await client.chat.completions.create({
      ...rest,
      max_completion_tokens: 3,
      logit_bias: { [String(favourite)]: -100 },
      presence_penalty: 0.5,
      frequency_penalty: 0.5,
      ...{ top_k: 40, min_p: 0.05, repetition_penalty: 1.1 },
      top_p: 0.9,
    });
    const biased = await rowOf(idsOf(completion)[0]!);
    expect(biased.completionIds).not.toContain(favourite);
    expect(biased.completionIds.length).toBeLessThanOrEqual(3);
    expect(biased.sampling).toMatchObject({
      ...{ topK: 40, minP: 0.05, repetitionPenalty: 1.1, topP: 0.9, presencePenalty: 0.5, frequencyPenalty: 0.5 },
      ...{ maxTokens: 3, logitBias: { [String(favourite)]: -100 } },
    });
  });

  it('of a growing conversation is one path of one tree', async () => {
    const metadata = { conversation_id: randomUUID() };
    const first = await chat({ metadata });
    const messages = [
      { role: 'system', content: 'Be brief.' },
      ...HELLO,
      { role: 'assistant', content: first.choices[0]!.message.content },
      { role: 'user', content: 'And goodbye?' },
    ];
    await chat({ messages, metadata });
    const rows = await db.select().from(message).where(eq(message.conversationId, metadata.conversation_id));
    expect(rows.map(({ role }) => role).sort()).toEqual(['assistant', 'assistant', 'user', 'user']);
    const [kept] = await db.select().from(conversation).where(eq(conversation.id, metadata.conversation_id));
    expect(kept).toMatchObject({ allowTraining: true });
  });

  it('whose reader goes away ends, streamed or not', async () => {
    const before = new Set((await db.select({ id: generation.id }).from(generation)).map(({ id }) => id));
    const since = async () => (await db.select().from(generation)).filter(({ id }) => !before.has(id));
    // Neither base's end of turn comes, so that nothing is over before the engine stands still.
    const long = { model: 'champion', messages: HELLO, max_tokens: 900, logit_bias: { 2: -100, 257: -100 } };
    const stream = await client.chat.completions.create({ ...long, stream: true });
    const controller = new AbortController();
    // Without an engine no answer can end by itself.
    await whilePaused(async () => {
      const whole = client.chat.completions.create(long, { signal: controller.signal });
      await expect.poll(async () => (await since()).length).toBe(2);
      controller.abort();
      await expect(whole).rejects.toThrow(OpenAI.APIUserAbortError);
      stream.controller.abort();
      await expect
        .poll(async () => (await since()).map(({ status }) => status), { timeout: 20_000 })
        .toEqual(['stopped', 'stopped']);
    });
    for (const { completionIds } of await since()) expect(completionIds.length).toBeLessThan(900);
  });
});

/** The engine stands still meanwhile. */
async function whilePaused<T>(work: () => Promise<T>): Promise<T> {
  const engine = product.supervisor.pid('engine')!;
  process.kill(engine, 'SIGSTOP');
  return work().finally(() => process.kill(engine, 'SIGCONT'));
}

describe('a text completion', () => {
  it('begins with the bos token where the base needs one, once', async () => {
    const { tokenizer, textStart } = await loadBase(realModel ?? folder);
    if (!realModel) expect(textStart).toEqual([256]);
    const promptIds = async (prompt: string) => {
      const completion = await client.completions.create({ model: 'base', prompt, max_tokens: 1 });
      return (await rowOf(idsOf(completion)[0]!)).promptIds;
    };
    const ids = [...textStart, ...tokenizer.encode('Once upon')];
    expect(await promptIds('Once upon')).toEqual(ids);
    expect(await promptIds(`${tokenizer.decode(textStart)}Once upon`)).toEqual(ids);
  });

  it('continues a prompt as it is, with log-probabilities and offsets', async () => {
    const prompt = 'The capital of France is';
    const completion = await client.completions.create({
      ...{ model: 'base', prompt, max_tokens: 12, temperature: 0, logprobs: 3 },
    });
    expect(schemas.TextCompletion.parse(completion)).toEqual(completion);
    const [choice] = completion.choices;
    const { tokens, text_offset, top_logprobs } = choice!.logprobs!;
    expect(tokens!.join('')).toBe(choice!.text);
    expect(text_offset!.map((at, index) => choice!.text.slice(at, at + tokens![index]!.length))).toEqual(tokens);
    expect(Object.keys(top_logprobs![0]!).length).toBeLessThanOrEqual(3);
    let streamed = '';
    const stream = await client.completions.create({
      ...{ model: 'base', prompt, max_tokens: 12, temperature: 0 },
      stream: true,
    });
    for await (const chunk of stream) streamed += chunk.choices[0]?.text ?? '';
    expect(streamed).toBe(choice!.text);
  });
});

describe('models', () => {
  it('lists the alias and the base, and finds each', async () => {
    const ids: string[] = [];
    for await (const model of client.models.list()) ids.push(model.id);
    expect(ids).toEqual(['champion', 'base']);
    expect(await client.models.retrieve('base')).toMatchObject({ id: 'base', object: 'model', owned_by: 'attune' });
    expect(await errorOf(client.models.retrieve('gpt-4o'))).toMatchObject({ status: 404, code: 'model_not_found' });
  });
});

describe('feedback', () => {
  it("by generation id is stored as the thumb and the comparison of the key's owner", async () => {
    const completion = await chat({ n: 2, temperature: 1.2 });
    const [one, other] = idsOf(completion);
    const thumb = await post('feedback', { kind: 'thumb', generation_id: one, value: -1, reasons: ['incorrect'] });
    expect(schemas.FeedbackResponse.parse(await thumb.json())).toEqual({ object: 'feedback', comparison_id: null });
    const choice = await post('feedback', {
      ...{ kind: 'comparison', preferred_generation_id: other, other_generation_id: one },
    });
    const { comparison_id } = schemas.FeedbackResponse.parse(await choice.json());
    const rows = await db.select().from(feedback);
    expect(rows.find((row) => row.generationId === one)).toMatchObject({ thumb: -1, reasons: ['incorrect'] });
    expect(rows.find((row) => row.comparisonId === comparison_id)).toMatchObject({ choice: 'right' });
  });

  it("on somebody else's answer is refused as not found", async () => {
    const response = await post('feedback', { kind: 'thumb', generation_id: randomUUID(), value: 1 });
    expect(response.status).toBe(404);
  });
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
      'messages[0].role',
      'invalid_value',
    ],
    [
      'a last message of the assistant',
      { messages: [{ role: 'assistant', content: 'x' }] },
      400,
      'messages',
      'invalid_value',
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
  ])('of %s names the field', async (_name, more, status, param, code) => {
    const error = await errorOf(chat(more));
    expect(error).toMatchObject({ status, param, code, type: 'invalid_request_error' });
    expect(error.message.length).toBeGreaterThan(20);
  });

  it('of a key that is wrong, missing or revoked is 401', async () => {
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
    ['more than the body may have', `{"model":"${'x'.repeat(600_000)}"}`, 400],
  ])('of %s is a body that clients read', async (_name, body, status) => {
    const response = await post('chat/completions', body);
    expect(response.status).toBe(status);
    expect(schemas.ErrorBody.parse(await response.json()).error.message).toBeTruthy();
  });

  it('of an unknown path is one, too', async () => {
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
    ['requests a minute', { requestsPerMinute: 1 }, /2 requests|1 requests|\d+ requests/],
    ['tokens a minute', { tokensPerMinute: 1 }, /tokens in the running minute/],
  ])('on %s answer 429 and say when to come back', async (_name, apiKey, sentence) => {
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

  it('on answers at once refuse the one too many and let the others end', async () => {
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

  it("of the engine's queue answer 429 with Retry-After to each request beyond it, and all others in full", async () => {
    await limit({});
    const beyond = 5;
    const total = QUEUE.running + QUEUE.waiting + beyond;
    const since = new Date();
    const running = () => db.select().from(generation).where(gte(generation.createdAt, since));
    const { eosTokenIds } = (await loadBase(realModel ?? folder)).weights.config;
    // None ends before the last has come.
    const body = {
      messages: HELLO,
      max_tokens: 60,
      logit_bias: Object.fromEntries(eosTokenIds.map((id) => [id, -100])),
    };
    const requests = await whilePaused(async () => {
      const requests = Array.from({ length: total }, () => post('chat/completions', body));
      await expect.poll(async () => (await running()).length, { timeout: 60_000 }).toBe(total);
      return requests;
    });
    const responses = await Promise.all(requests);
    const refused = responses.filter(({ status }) => status !== 200);
    expect(refused.map(({ status }) => status)).toEqual(new Array(beyond).fill(429));
    for (const response of refused) {
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      const { error } = schemas.ErrorBody.parse(await response.json());
      expect(error).toMatchObject({ type: 'rate_limit_error', code: 'rate_limit_exceeded' });
      expect(error.message).toContain('Try again');
    }
  });
});

describe('usage', () => {
  it('of a key is the sum of what its answers said', async () => {
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
