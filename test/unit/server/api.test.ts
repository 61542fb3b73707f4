// The API's surface without a server: errors, refusals, the document, and streams that follow their reader.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DEFAULT_RULES } from '@/core/constraints/rules';
import { AttuneError, ERROR_CODES } from '@/core/errors';
import { asAttuneError, errorResponse } from '@/server/api/errors';
import { openApiDocument } from '@/server/api/openapi/openapi';
import { ErrorBody } from '@/server/api/openapi/responses';
import { ChatCompletionRequest } from '@/server/api/requests';
import { refuseUnsupported } from '@/server/api/unsupported';
import { AnswerText } from '@/server/constraints/answer-text';
import { type Piece, readAnswers } from '@/server/services/generation/read-answers';
import { type EndEvent, RunningGeneration } from '@/server/services/generation/running-generation';
import { outputOf } from '@/test/rules-support';

describe('an error', () => {
  it.each(ERROR_CODES)('%s has a status, and a body that clients can read', async (code) => {
    const response = errorResponse(new AttuneError(code, 'A sentence.', { param: 'x', retryAfterSeconds: 7 }));
    expect(response.status).toBeGreaterThanOrEqual(400);
    const { error } = ErrorBody.parse(await response.json());
    expect(error.param).toBe('x');
    expect(response.headers.get('retry-after')).toBe(['OVERLOADED', 'UNAVAILABLE'].includes(code) ? '7' : null);
  });

  it('that was not expected reveals nothing about its cause', async () => {
    const body = await errorResponse(new Error('select secret from /home')).json();
    expect(JSON.stringify(body)).not.toMatch(/secret|home/);
  });

  it('from a schema names the innermost field of the alternative that was meant', () => {
    const of = (body: unknown) => asAttuneError(ChatCompletionRequest.safeParse(body).error);
    const message = (content: unknown) => ({ messages: [{ role: 'user', content }] });
    expect(
      of(
        message([
          { type: 'text', text: 'a' },
          { type: 'text', text: 5 },
        ]),
      ).param,
    ).toBe('messages[0].content[1].text');
    expect(of({ ...message('a'), metadata: { conversation_id: 'mine' } })).toMatchObject({
      param: 'metadata.conversation_id',
      message: 'metadata.conversation_id: must be a UUID.',
    });
    expect(of({ ...message('a'), stop: ['a', 'b', 'c', 'd', 'e'] }).param).toBe('stop');
    expect(of({ messages: [{ role: 'user', content: 'a', nickname: 'Ada' }] }).param).toBe('messages[0].nickname');
  });
});

describe('an unsupported parameter', () => {
  it('is refused by name', () => {
    expect(() => refuseUnsupported({ tools: [{}] })).toThrow('"tools" is not supported');
    for (const type of ['json_object', 'json_schema', 'grammar', 'xml']) {
      const refuse = () => refuseUnsupported({ response_format: { type, json_schema: {} } });
      expect(refuse).toThrow(`"response_format" of type "${type}" is not supported. Answers are not constrained`);
    }
    for (const odd of ['json', 5, {}, ['text'], { type: null }])
      expect(() => refuseUnsupported({ response_format: odd })).toThrow('"response_format" is not supported');
    expect(() => refuseUnsupported({ modalities: ['text', 'audio'] })).toThrow('"modalities"');
  });

  it('that asks for nothing is dropped, and everything else is kept', () => {
    const nothing = {
      tools: [],
      tool_choice: 'none',
      parallel_tool_calls: true,
      response_format: { type: 'text' },
      modalities: ['text'],
      best_of: 1,
      echo: false,
      suffix: '',
      functions: null,
    };
    expect(refuseUnsupported({ ...nothing, n: 2, frobnicate: 1 })).toEqual({ n: 2, frobnicate: 1 });
    expect(refuseUnsupported([1])).toEqual([1]);
  });
});

describe('the OpenAPI document', () => {
  const document = openApiDocument() as {
    components: { schemas: Record<string, object> };
    paths: Record<string, object>;
  };

  it('refers only to schemas that it contains', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1]!);
    expect(references.length).toBeGreaterThan(20);
    for (const reference of references)
      expect(document.components.schemas).toHaveProperty([reference.replace('#/components/schemas/', '')]);
  });

  it('requires only messages, and forbids fields that it does not name', () => {
    expect(document.components.schemas.ChatCompletionRequest).toMatchObject({
      required: ['messages'],
      additionalProperties: false,
      properties: { top_logprobs: { anyOf: [{ maximum: 20 }, { type: 'null' }] } },
    });
  });

  it('can be read back as schemas', () => {
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      const text = JSON.stringify(schema).replaceAll('#/components/schemas/', '#/$defs/');
      const whole = { ...JSON.parse(text), $defs: {} };
      if (text.includes('#/$defs/')) {
        const all = JSON.stringify(document.components.schemas).replaceAll('#/components/schemas/', '#/$defs/');
        whole.$defs = JSON.parse(all);
      }
      expect(() => z.fromJSONSchema(whole), name).not.toThrow();
    }
  });
});

/** One id per byte of UTF-8; 0 is special. */
const tokenizer = {
  vocabSize: 256,
  encode: (text: string) => [...Buffer.from(text)],
  decode: (ids: readonly number[]) => Buffer.from(ids).toString(),
  stream: () => {
    const decoder = new TextDecoder();
    return { push: (id: number) => decoder.decode(Uint8Array.of(id), { stream: true }), end: () => decoder.decode() };
  },
  bytesOf: (id: number) => Uint8Array.of(id),
  isSpecial: (id: number) => id === 0,
};
const answer = (stops: string[] = []) => new AnswerText(tokenizer, outputOf(DEFAULT_RULES), stops);
const running = (text: AnswerText) => new RunningGeneration('a', { ids: [], logprobs: [], top: [], answer: text });

describe('tokens that may be shown', () => {
  it('join to the visible text, even with special, unfinished, masked or cut-off tokens', () => {
    for (const [text, stops] of [
      ['plain words here', []],
      ['what a shit answer', []],
      ['größer als ein 🌟', []],
      ['until END here', ['END']],
    ] as const) {
      const own = answer([...stops]);
      const ids = [...Buffer.from(text).subarray(0, 5), 0, ...Buffer.from(text).subarray(5)];
      // Tokens come in pieces of two, and none is shown twice.
      const shown: string[] = [];
      let from = 0;
      for (let at = 0; at < ids.length; at += 2) {
        own.push(ids.slice(at, at + 2));
        for (const token of own.shownTokens(from, false)) {
          shown.push(token.text);
          from = token.index + 1;
        }
        expect(own.visible.startsWith(shown.join(''))).toBe(true);
      }
      own.end();
      for (const token of own.shownTokens(from, true)) shown.push(token.text);
      expect(shown.join('')).toBe(own.visible);
    }
  });

  it('say which of them a rule hides', () => {
    const own = answer();
    own.push(tokenizer.encode('a shit b'));
    own.end();
    const masked = own.shownTokens(0, true).filter(({ isMasked }) => isMasked);
    expect(masked.map(({ text }) => text)).toEqual(['█', '█', '█', '█']);
    expect(masked.map(({ index }) => index)).toEqual([2, 3, 4, 5]);
  });
});

describe('a reader', () => {
  const end: EndEvent = { type: 'end', status: 'done', finishReason: 'stop', notices: [], text: '' };

  it('that is slow gets all that came in the meantime in one piece', async () => {
    const text = answer();
    const generation = running(text);
    const pieces = readAnswers([generation], new AbortController().signal);
    const take = async () => (await pieces.next()).value as Piece;
    const write = (words: string) => {
      text.push(tokenizer.encode(words));
      generation.announce();
    };
    const first = take();
    write('A first sentence that is long enough to pass the filter. ');
    const shown = (await first).text;
    // The reader asks for nothing while 200 sentences come: only the answer itself is kept for it.
    for (let index = 0; index < 200; index++) write('Another sentence. ');
    const second = await take();
    expect(shown + second.text).toBe(text.visible);
    expect(second.text.length).toBeGreaterThan(3000);
    text.end();
    generation.end = { ...end, text: text.visible };
    generation.announce();
    const last = await take();
    expect(last.end?.finishReason).toBe('stop');
    expect(shown + second.text + last.text).toBe(text.visible);
    expect((await pieces.next()).done).toBe(true);
  });

  it('that goes away while it waits gets CANCELLED', async () => {
    const controller = new AbortController();
    const pieces = readAnswers([running(answer())], controller.signal);
    const next = pieces.next();
    controller.abort();
    await expect(next).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('gets the error with which an answer failed', async () => {
    const generation = running(answer());
    const pieces = readAnswers([generation, running(answer())], new AbortController().signal);
    const next = pieces.next();
    generation.failure = new AttuneError('OVERLOADED', 'Too many.');
    generation.announce();
    await expect(next).rejects.toMatchObject({ code: 'OVERLOADED' });
  });
});
