// The reason that a schema gives is that of the alternative to which the value is closest.
import { expect, it } from 'vitest';
import { z } from 'zod';
import { asAttuneError } from '@/server/api/errors';
import { FeedbackRequest } from '@/server/api/feedback-request';
import { ChatCompletionRequest, CompletionRequest } from '@/server/api/requests';

const said = (schema: z.ZodType, value: unknown) => {
  const { param, message } = asAttuneError(schema.safeParse(value).error);
  return [param, message];
};
const hello = { messages: [{ role: 'user', content: 'a' }] };

it.each<[string, z.ZodType, unknown, string, RegExp]>([
  [
    'the second item of a list',
    CompletionRequest,
    { prompt: [1, 'a'] },
    'prompt[1]',
    /expected number, received string/,
  ],
  ['a list in a list', CompletionRequest, { prompt: [[1], ['a']] }, 'prompt[1][0]', /expected number, received string/],
  ['an empty list', CompletionRequest, { prompt: [] }, 'prompt', /Too small/],
  ['no alternative at all', CompletionRequest, { prompt: {} }, 'prompt', /expected string or array/],
  [
    'literals',
    FeedbackRequest,
    { kind: 'thumb', generation_id: crypto.randomUUID(), value: 2 },
    'value',
    /expected 1, -1, object or null/,
  ],
  ['a discriminator', FeedbackRequest, { kind: 'star' }, 'kind', /'thumb' \| 'comparison'/],
  ['too many stop strings', ChatCompletionRequest, { ...hello, stop: ['a', 'b', 'c', 'd', 'e'] }, 'stop', /Too big/],
  ['half a seed', ChatCompletionRequest, { ...hello, seed: 0.5 }, 'seed', /whole number/],
  [
    'a key that every object inherits',
    ChatCompletionRequest,
    JSON.parse('{"messages":[{"role":"user","content":"a","__proto__":1}]}'),
    'messages[0].__proto__',
    /Unrecognized/,
  ],
])('%s', (_what, schema, value, param, message) => {
  const [at, text] = said(schema, value);
  expect(at).toBe(param);
  expect(text).toMatch(message);
});

it('a union without a possible value gives its reason without failing', () => {
  expect(said(z.union([z.never(), z.never()]), 1)[1]).toContain('expected never');
});
