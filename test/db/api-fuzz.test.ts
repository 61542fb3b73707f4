// Whatever is sent to the API, it answers with a body that clients can read, and never with a server error.

import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ErrorBody } from '@/server/api/openapi/responses';
import { type ApiClient, createClient, raiseLimits, routeTo } from './api-client';
import { odd, oddKey, oddNumber, oddText } from './hostile';
import { createWorld, type World } from './world';

/** The same requests every time; a failure prints what would repeat it. */
const SEED = 20_260_101;
const RUNS = 400;

let world: World;
let client: ApiClient;
beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  routeTo(world.web);
  await raiseLimits(world.web);
  client = await createClient(world.web);
});
afterAll(() => world?.close());

const FIELDS = [
  ...['model', 'stream', 'stream_options', 'n', 'max_tokens', 'max_completion_tokens', 'temperature', 'top_p', 'top_k'],
  ...['min_p', 'repetition_penalty', 'presence_penalty', 'frequency_penalty', 'logit_bias', 'seed', 'stop', 'metadata'],
  ...[
    'user',
    'logprobs',
    'top_logprobs',
    'tools',
    'response_format',
    'echo',
    'best_of',
    'suffix',
    'audio',
    'service_tier',
  ],
];
const VALID = {
  '/v1/chat/completions': { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 2 },
  '/v1/completions': { prompt: 'Hi', max_tokens: 2 },
  '/v1/feedback': { kind: 'thumb', generation_id: '00000000-0000-4000-8000-000000000000', value: 1 },
};
const part = fc.oneof(odd, fc.record({ type: fc.constantFrom('text', 'refusal', 'image_url'), text: oddText }));
const message = fc.record(
  {
    role: fc.oneof(fc.constantFrom('system', 'user', 'assistant', 'developer', 'tool'), odd),
    content: fc.oneof(oddText, fc.array(part, { maxLength: 3 }), odd),
    refusal: odd,
    name: odd,
    tool_calls: odd,
  },
  { requiredKeys: ['role', 'content'] },
);
/** A valid body with some of its fields replaced. */
const body = (path: keyof typeof VALID) =>
  fc
    .record({
      more: fc.dictionary(fc.oneof(fc.constantFrom(...FIELDS), oddKey), odd, { maxKeys: 3 }),
      messages: fc.option(fc.array(message, { maxLength: 3 }), { nil: undefined }),
      prompt: fc.option(fc.oneof(odd, fc.array(fc.oneof(oddText, oddNumber), { maxLength: 3 })), { nil: undefined }),
      feedback: fc.record({ value: odd, reasons: odd, comment: odd, generation_id: odd }, { requiredKeys: [] }),
    })
    .map(({ more, messages, prompt, feedback }) => ({
      ...VALID[path],
      ...(path === '/v1/chat/completions' && messages ? { messages } : {}),
      ...(path === '/v1/completions' && prompt !== undefined ? { prompt } : {}),
      ...(path === '/v1/feedback' ? feedback : {}),
      ...more,
    }));

const json = fc
  .constantFrom(...(Object.keys(VALID) as (keyof typeof VALID)[]))
  .chain((path) =>
    body(path).map((value) => ({ method: 'POST', path, body: JSON.stringify(value) as string | Uint8Array })),
  );
const raw = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'),
  path: fc.oneof(
    fc.constantFrom(
      '/v1',
      '/v1/',
      '/v1/models',
      '/v1/chat/completions',
      '/v1/completions',
      '/v1/feedback',
      '/v1/feedback?cursor=x&kind=rating',
      '/v1/feedback/00000000-0000-4000-8000-000000000000/trace',
      '/v1/feedback/%00/trace',
      '/v1/questionnaires',
      '/v1/openapi.json',
    ),
    fc.webPath().map((path) => `/v1/models${path}`),
    fc.constantFrom(
      '/v1/models/%ff',
      '/v1/models/%00',
      '/v1/models/%',
      '/v1/__proto__',
      '/v1/models/constructor',
      '/v1//models',
    ),
  ),
  body: fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.json({ maxDepth: 2 }), fc.constant('['.repeat(100_000))),
});
const headers = fc.dictionary(
  fc.constantFrom('idempotency-key', 'authorization', 'origin', 'access-control-request-headers', 'content-type'),
  fc.string({ maxLength: 20 }).map((text) => text.replaceAll(/[^\x20-\x7e]/g, '').trim()),
  { maxKeys: 2 },
);

it(`answers ${RUNS} odd requests with bodies that clients can read`, async () => {
  const seen = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(
      fc.oneof({ weight: 3, arbitrary: json }, { weight: 1, arbitrary: raw }),
      headers,
      async (request, extra) => {
        const hasBody = !['GET', 'HEAD'].includes(request.method);
        const response = await client.send(request.path, {
          method: request.method,
          body: hasBody ? request.body : undefined,
          // Only a few keep the API key that was generated for them, so that most get past authentication.
          headers: extra.authorization === '' ? extra : { ...extra, authorization: `Bearer ${client.secret}` },
        });
        const text = await response.text();
        seen.set(response.status, (seen.get(response.status) ?? 0) + 1);
        expect(response.status, text).toBeLessThan(500);
        expect(response.headers.get('access-control-allow-origin')).toBe('*');
        if (response.status === 204 || request.method === 'HEAD') return;
        if (response.status >= 400) expect(ErrorBody.parse(JSON.parse(text)).error.message).not.toBe('');
        // An answer that fails after its status was sent reports the failure in an event.
        if (response.status === 200) expect(text).not.toMatch(/"(internal_error|service_unavailable)"/);
      },
    ),
    { seed: SEED, numRuns: RUNS },
  );
  // The requests reached every outcome: answers, refusals, unknown paths and unknown methods.
  expect([...seen.keys()]).toEqual(expect.arrayContaining([200, 400, 404, 405]));
});
