// Framing and parsing of the engine's messages.
import { describe, expect, it } from 'vitest';
import { encodeLine, LineDecoder, parseClientMessage } from '@/engine/protocol';

describe('LineDecoder', () => {
  it('finds the same lines wherever the stream is cut', () => {
    const messages = [1, 2, 3].map((n) => ({ type: 'ok' as const, requestId: `${n} ✓\n"` }));
    const text = messages.map(encodeLine).join('');
    for (let size = 1; size <= text.length; size++) {
      const decoder = new LineDecoder();
      const lines: string[] = [];
      for (let at = 0; at < text.length; at += size) lines.push(...decoder.push(text.slice(at, at + size)));
      expect(lines.map((line) => JSON.parse(line))).toEqual(messages);
    }
  });

  it('keeps an unfinished line back and skips blank ones', () => {
    const decoder = new LineDecoder();
    expect(decoder.push('{"a":1}\n\r\n{"b"')).toEqual(['{"a":1}']);
    expect(decoder.push(':2}\n')).toEqual(['{"b":2}']);
  });

  it('refuses a line that does not end', () => {
    const decoder = new LineDecoder(10);
    decoder.push('123456\n12345');
    expect(() => decoder.push('678901')).toThrow(/10 characters/);
  });
});

describe('parseClientMessage', () => {
  const request = { type: 'generate', requestId: 'r', versionId: 'base', promptIds: [1], sampling: { seed: 7 } };

  it('fills in the defaults of the sampling settings', () => {
    expect(parseClientMessage(JSON.stringify(request))).toMatchObject({ sampling: { temperature: 0.7, stop: [] } });
  });

  it.each([
    ['invalid JSON', '{', /Not JSON/],
    ['an unknown type', '{"type":"dance","requestId":"r"}', /type/],
    ['an empty prompt', JSON.stringify({ ...request, promptIds: [] }), /promptIds/],
    ['a fractional token', JSON.stringify({ ...request, promptIds: [1, 2.5] }), /promptIds.1/],
    [
      'a temperature out of range',
      JSON.stringify({ ...request, sampling: { seed: 1, temperature: 9 } }),
      /temperature/,
    ],
  ])('refuses %s, naming the field', (_, line, message) => {
    expect(() => parseClientMessage(line)).toThrow(message);
  });
});
