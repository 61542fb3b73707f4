// Rules that ask a model or a server take only answers of the agreed form, and fail with a sentence on any other.
import { describe, expect, it } from 'vitest';
import { ClassifierRule, compileClassifier } from '@/core/constraints/kinds/classifier';
import { compileHttp, HttpRule } from '@/core/constraints/kinds/http';
import type { Tools } from '@/core/constraints/scanner';

const nothing: Tools = {
  classify: () => Promise.reject(new Error('not asked')),
  post: () => Promise.reject(new Error('not asked')),
};
const context = { input: 'in', systemPrompt: 'be nice' };
const { signal } = new AbortController();

describe('a classifier', () => {
  const rule = compileClassifier(
    ClassifierRule.parse({
      id: 'c',
      kind: 'classifier',
      classifier: 'toxicity',
      thresholds: { toxic: 0.5, threat: 0.9 },
    }),
  );
  const judge = (verdicts: Record<string, number>[]) =>
    rule.judge(['one', 'two2'], context, { ...nothing, classify: async () => verdicts }, signal);

  it('hits the whole text from any threshold on', async () => {
    expect(
      await judge([
        { toxic: 0.5, threat: 0 },
        { toxic: 0.49, threat: 0.899 },
      ]),
    ).toEqual([[{ start: 0, end: 3 }], []]);
    expect(
      await judge([
        { toxic: 0, threat: 0 },
        { toxic: 0, threat: 0.9 },
      ]),
    ).toEqual([[], [{ start: 0, end: 4 }]]);
  });

  it.each([
    ['too few verdicts', [{ toxic: 0, threat: 0 }]],
    ['a label that is missing', [{ toxic: 0 }, { toxic: 0 }]],
    [
      'no number',
      [
        { toxic: Number.NaN, threat: 0 },
        { toxic: 0, threat: 0 },
      ],
    ],
    [
      'no probability',
      [
        { toxic: 1.5, threat: 0 },
        { toxic: 0, threat: 0 },
      ],
    ],
  ])('refuses %s', async (_, verdicts) => {
    await expect(judge(verdicts)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('needs a label and a name', () => {
    const parse = (settings: object) => ClassifierRule.safeParse({ id: 'c', kind: 'classifier', ...settings }).success;
    expect(parse({ classifier: 'a', thresholds: { x: 0.5 } })).toBe(true);
    expect(parse({ classifier: 'a', thresholds: {} })).toBe(false);
    expect(parse({ classifier: '../a', thresholds: { x: 0.5 } })).toBe(false);
    expect(parse({ classifier: 'a', thresholds: { x: 0 } })).toBe(false);
  });
});

describe('a server', () => {
  const url = 'https://rules.example.com/judge';
  const rule = compileHttp(HttpRule.parse({ id: 'h', kind: 'http', url }));
  const judge = (answer: unknown) =>
    rule.judge(['some text'], context, { ...nothing, post: async () => answer }, signal);

  it('is sent each text and the signal, and the context only if the rule says so', async () => {
    for (const [sendsContext, more] of [
      [undefined, {}],
      [false, {}],
      [true, { context }],
    ] as const) {
      const sent: unknown[] = [];
      const post: Tools['post'] = async (...given) => {
        sent.push(given);
        return { isHit: false };
      };
      const asked = compileHttp(HttpRule.parse({ id: 'h', kind: 'http', url, sendsContext }));
      await asked.judge(['a', 'b'], context, { ...nothing, post }, signal);
      expect(sent).toEqual([
        [url, { text: 'a', ...more }, signal],
        [url, { text: 'b', ...more }, signal],
      ]);
    }
  });

  it('names half of a character, which is hit as a whole', async () => {
    const hits = [
      { start: 1, end: 2 },
      { start: 3, end: 4 },
      { start: 4, end: 5 },
    ];
    expect(await rule.judge(['🤖a🤖'], context, { ...nothing, post: async () => ({ hits }) }, signal)).toEqual([
      [
        { start: 0, end: 2 },
        { start: 3, end: 5 },
        { start: 3, end: 5 },
      ],
    ]);
  });

  it.each([
    [{ isHit: true }, [{ start: 0, end: 9 }]],
    [{ isHit: false }, []],
    [{ hits: [] }, []],
    [{ hits: [{ start: 5, end: 9 }] }, [{ start: 5, end: 9 }]],
  ])('%j is understood', async (answer, spans) => {
    expect(await judge(answer)).toEqual([spans]);
  });

  it.each([
    ...[null, 'yes', [], {}, { isHit: 'true' }, { isHit: true, hits: [] }, { hits: [{ start: 5, end: 10 }] }],
    ...[
      { hits: [{ start: 5, end: 5 }] },
      { hits: [{ start: -1, end: 5 }] },
      { hits: [{ start: 0.5, end: 5 }] },
      { hits: 1 },
    ],
  ])('%j is refused, naming the host and not the text', async (answer) => {
    const error = await judge(answer).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'UNAVAILABLE' });
    expect(error.message).toContain('rules.example.com');
    expect(error.message).not.toContain('some text');
  });

  it('passes a failure on, and is told apart by its settings', async () => {
    await expect(rule.judge(['a'], context, nothing, signal)).rejects.toThrow('not asked');
    expect(rule.onFailure).toBe('forbid');
    expect(rule.timeoutMs).toBe(2000);
  });

  it.each(['ftp://a.example', 'file:///etc/passwd', 'rules', 'javascript:alert(1)'])('%s is no address', (address) => {
    expect(HttpRule.safeParse({ id: 'h', kind: 'http', url: address }).success).toBe(false);
  });
});
