// The API answers what OpenAI's clients send as they expect it: fields, ranges, prompts, headers and errors.
import { readFile } from 'node:fs/promises';
import { eq, inArray } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generation, message } from '@/db/schema';
import { ChatCompletion, ErrorBody, TextCompletion } from '@/server/api/openapi/responses';
import { type ApiClient, createClient, errorOf, routeTo } from './api-client';
import { createWorld, type World } from './world';

const CHAT = '/v1/chat/completions';
const TEXT = '/v1/completions';

let world: World;
let client: ApiClient;
beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  routeTo(world.web);
  client = await createClient(world.web);
});
afterAll(() => world?.close());

const hello = { model: 'champion', max_tokens: 4, messages: [{ role: 'user', content: 'Hello.' }] };
const chat = (more: object = {}) => client.post(CHAT, { ...hello, ...more });
const whole = async (response: Response) => {
  expect(response.status, await response.clone().text()).toBe(200);
  return ChatCompletion.parse(await response.json());
};
const rowsOf = ({ attune }: { attune?: { generation_ids: string[] } }) =>
  world.web.product.db.select().from(generation).where(inArray(generation.id, attune!.generation_ids));

describe('a conversation that is sent back', () => {
  it.each<[string, object]>([
    ['what this API answers', { refusal: null }],
    [
      "what OpenAI's Python client dumps",
      { refusal: null, annotations: null, audio: null, function_call: null, tool_calls: null },
    ],
    ['what a client of streams collects', { tool_calls: [], annotations: [], function_call: undefined, name: 'model' }],
    ['what parsing clients keep', { parsed: null, reasoning_content: null, reasoning: 'Because.' }],
    ['parts with notes', { content: [{ type: 'text', text: 'Blue.', annotations: [], cache_control: { type: 'x' } }] }],
    ['a refusal in place of a content', { content: null, refusal: 'No.' }],
    ['a refusal among the parts', { content: [{ type: 'refusal', refusal: 'No.' }] }],
    ['nothing said at all', { content: null }],
  ])('may hold %s', async (_what, fields) => {
    const messages = [
      { role: 'user', content: 'A colour.', name: 'Ada' },
      { role: 'assistant', content: 'Blue.', ...fields },
      { role: 'user', content: 'Another.' },
    ];
    await whole(await chat({ messages }));
  });

  it('may hold an answer that this API gave', async () => {
    const first = await whole(await chat());
    const [choice] = first.choices;
    await whole(await chat({ messages: [...hello.messages, choice!.message, { role: 'user', content: 'Go.' }] }));
  });

  it('that asks for tools is refused by the name of the field', async () => {
    const assistant = { role: 'assistant', content: null, tool_calls: [{ id: '1', type: 'function' }] };
    const error = await errorOf(await chat({ messages: [...hello.messages, assistant] }));
    expect(error).toMatchObject({ param: 'messages[1].tool_calls', code: 'unsupported_parameter' });
  });

  it.each([
    ['the system alone', [{ role: 'system', content: 'Be brief.' }]],
    ['the assistant last', [...hello.messages, { role: 'assistant', content: 'Well,' }]],
    ['an empty last message', [{ role: 'user', content: '' }]],
  ])('may end with %s', async (_what, messages) => {
    const completion = await whole(await chat({ messages }));
    const [row] = await rowsOf(completion);
    expect(row!.status).toBe('done');
    expect(row!.promptIds).toEqual(world.web.product.base.renderPrompt(messages as never));
  });
});

describe('a setting', () => {
  it.each([
    ['a negative seed', { seed: -5 }, { seed: 2 ** 53 - 5 }],
    ['the largest seed', { seed: 2 ** 63 }, { seed: 0 }],
    ['top_p 0', { top_p: 0 }, { topK: 1, topP: 1 }],
    ['no max_tokens for a chat', { max_tokens: null }, { maxTokens: 256 }],
  ])('of %s is taken', async (_what, more, sampling) => {
    const [row] = await rowsOf(await whole(await chat({ ...more, logit_bias: null, stop: ['e', ' ', 'a', 'i'] })));
    expect(row!.sampling).toMatchObject(sampling);
  });

  it('of a negative seed gives the same text again, and choices that differ', async () => {
    const texts = async (n: number) =>
      (await whole(await chat({ seed: -7, n, temperature: 1.5, max_tokens: 12 }))).choices.map(
        (c) => c.message.content,
      );
    const [first, second] = await texts(2);
    expect((await texts(1))[0]).toBe(first);
    expect(second).not.toBe(first);
  });

  it('of more than eight choices is taken', async () => {
    const { choices } = await whole(await chat({ n: 12, max_tokens: 1 }));
    expect(choices.map(({ index }) => index)).toEqual(Array.from({ length: 12 }, (_, index) => index));
  });

  it('of more choices than can ever run at once is a 400, not a reason to retry', async () => {
    const response = await chat({ n: 100 });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ param: 'n', message: expect.stringContaining('32 at once') });
  });
});

describe('a text completion', () => {
  const text = async (body: object) => {
    const response = await client.post(TEXT, { model: 'base', max_tokens: 3, ...body });
    expect(response.status, await response.clone().text()).toBe(200);
    return TextCompletion.parse(await response.json());
  };

  it('has its choices in the order of the prompts', async () => {
    const prompts = ['One', 'Two', 'One'];
    const completion = await text({ prompt: prompts, n: 2, temperature: 0 });
    expect(completion.choices.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5]);
    const rows = new Map((await rowsOf(completion)).map((row) => [row.id, row]));
    const asked = completion.attune!.generation_ids.map((id) => rows.get(id)!.promptIds);
    const { tokenizer } = world.web.product.base;
    expect(asked).toEqual(prompts.flatMap((prompt) => [tokenizer.encode(prompt), tokenizer.encode(prompt)]));
    const alone = await text({ prompt: 'Two', temperature: 0 });
    expect(completion.choices[2]!.text).toBe(alone.choices[0]!.text);
    expect(completion.usage!.prompt_tokens).toBe(asked.reduce((sum, ids) => sum + ids.length, 0) / 2);
  });

  it('takes token ids, one list or several', async () => {
    const { tokenizer } = world.web.product.base;
    const ids = tokenizer.encode('One');
    for (const [prompt, count] of [
      [ids, 1],
      [[ids, ids], 2],
      [['One'], 1],
    ] as const) {
      const completion = await text({ prompt });
      expect(completion.choices).toHaveLength(count);
      expect((await rowsOf(completion)).map((row) => row.promptIds)).toEqual(Array(count).fill(ids));
    }
    const response = await client.post(TEXT, { prompt: [[1], [99_999_999]] });
    expect(await errorOf(response)).toMatchObject({ param: 'prompt[1]' });
  });

  it('streams the choices of all prompts, each with its index', async () => {
    const body = { prompt: ['One', 'Two'], temperature: 0, max_tokens: 6 };
    const expected = (await text(body)).choices.map((choice) => choice.text);
    const response = await client.post(TEXT, { model: 'base', ...body, stream: true });
    const got = ['', ''];
    for (const data of (await response.text()).matchAll(/^data: (\{.*)$/gm))
      for (const { index, text } of TextCompletion.parse(JSON.parse(data[1]!)).choices) got[index] += text;
    expect(got).toEqual(expected);
  });

  it('without max_tokens has at most 16', async () => {
    const endless = Object.fromEntries(world.web.product.base.weights.config.eosTokenIds.map((id) => [id, -100]));
    const [row] = await rowsOf(await text({ prompt: 'One', max_tokens: undefined, logit_bias: endless }));
    expect(row!.completionIds).toHaveLength(16);
  });

  it('stores each prompt as one message for all of its choices', async () => {
    const rows = await rowsOf(await text({ prompt: ['One', 'Two'], n: 2 }));
    const messages = await world.web.product.db
      .select()
      .from(message)
      .where(eq(message.conversationId, rows[0]!.conversationId));
    expect(messages.filter(({ role }) => role === 'user').map(({ content }) => content)).toEqual(['One', 'Two']);
  });
});

describe('an error', () => {
  it.each<[string, unknown, RegExp]>([
    ['a union', { ...hello, stop: 5 }, /^stop: Invalid input: expected string or array\.$/],
    ['a list that is too long', { ...hello, stop: ['a', 'b', 'c', 'd', 'e'] }, /^stop: Too big/],
    [
      'content of the wrong type',
      { messages: [{ role: 'user', content: 5 }] },
      /^messages\[0\]\.content: .*string or array/,
    ],
    ['an image', { messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }, /'text' \| 'refusal'/],
    [
      'a prompt far too long',
      { messages: [{ role: 'user', content: 'word '.repeat(9000) }] },
      /maximum context length/,
    ],
    ['bytes that are not UTF-8', new Uint8Array([0x7b, 0xff, 0x7d]), /not UTF-8/],
    ['UTF-16', new Uint8Array(Buffer.from('\ufeff{}', 'utf16le')), /not UTF-8/],
    ['what is not JSON', '{', /not JSON/],
    ['no object', '5', /The body: Invalid input: expected object/],
  ])('about %s gives the reason', async (_what, body, reason) => {
    const response = await client.post(CHAT, body);
    expect(response.status).toBe(400);
    expect((await errorOf(response)).message).toMatch(reason);
  });

  it('about a value that fits no alternative lists those that exist', async () => {
    const body = { kind: 'thumb', generation_id: '00000000-0000-4000-8000-000000000000', value: 3 };
    const error = await errorOf(await client.post('/v1/feedback', body));
    expect(error).toMatchObject({ param: 'value', message: expect.stringContaining('expected 1, -1, object or null') });
  });
});

describe('a path', () => {
  it.each([
    ['GET', '/v1/chat/completions', 405, 'POST, OPTIONS'],
    ['DELETE', '/v1/models', 405, 'GET, HEAD, OPTIONS'],
    ['PUT', '/v1/models/base', 405, 'GET, HEAD, OPTIONS'],
    ['GET', '/v1', 404, null],
    ['GET', '/v1/images', 404, null],
    ['POST', '/v1/constructor', 404, null],
    ['GET', '/v1/models/%ff', 404, null],
    ['GET', '/v1/models/%00', 404, null],
    ['GET', '/v1/models/a%2fb', 404, null],
  ])('%s %s is %i in a body that clients can read', async (method, path, status, allow) => {
    const response = await client.send(path, { method });
    expect(response.status).toBe(status);
    expect(response.headers.get('allow')).toBe(allow);
    expect(ErrorBody.parse(await response.json()).error.message.length).toBeGreaterThan(20);
  });

  it('may be requested by a page of another origin', async () => {
    const ask = {
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,x-stainless-os',
    };
    const preflight = await client.send(CHAT, {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example', ...ask },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
    expect(preflight.headers.get('access-control-allow-methods')).toContain('POST');
    expect(preflight.headers.get('access-control-allow-headers')).toBe('authorization,x-stainless-os');
    for (const response of [
      await chat(),
      await chat({ n: 0 }),
      await client.send('/v1/nowhere'),
      await client.send(CHAT),
    ]) {
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      expect(response.headers.get('access-control-expose-headers')).toContain('retry-after');
      expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it('answers HEAD like GET, without a body', async () => {
    const response = await client.send('/v1/models', { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });
});

describe('log-probabilities', () => {
  it('give the bytes of every token, which join to the text without its unfinished character', async () => {
    // Allows only tokens that are parts of characters.
    const { tokenizer } = world.web.product.base;
    const parts = Array.from({ length: tokenizer.vocabSize }, (_, id) => id).filter(
      (id) => !tokenizer.isSpecial(id) && tokenizer.bytesOf(id)[0]! >= 0xc3 && tokenizer.bytesOf(id).length === 1,
    );
    const bias = Object.fromEntries(parts.slice(0, 1).map((id) => [id, 100]));
    const completion = await whole(
      await chat({ logprobs: true, top_logprobs: 3, max_tokens: 1, logit_bias: bias, temperature: 0 }),
    );
    const [choice] = completion.choices;
    expect(choice!.message.content).toBe('');
    expect(choice!.logprobs!.content.map(({ token, bytes }) => [token, bytes])).toEqual([
      ['', [...tokenizer.bytesOf(parts[0]!)]],
    ]);
    for (const { bytes } of choice!.logprobs!.content[0]!.top_logprobs) expect(bytes!.length).toBeGreaterThan(0);
  });
});

it('requests that the API once refused by mistake are answered', async () => {
  const cases = new URL('../fixtures/api/', import.meta.url);
  for (const [file, path] of [
    ['history.json', CHAT],
    ['prompt-list.json', TEXT],
  ] as const) {
    const response = await client.post(path, await readFile(new URL(file, cases), 'utf8'));
    expect(response.status).toBe(200);
    expect(((await response.json()) as { choices: object[] }).choices).toHaveLength(1);
  }
});
