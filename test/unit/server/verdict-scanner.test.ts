// Rules that ask something else: text is held until its sentence is judged, and a judge that hangs or fails holds nothing up.
import { describe, expect, it } from 'vitest';
import { MASK } from '@/core/constraints/judge';
import { DEFAULT_RULES } from '@/core/constraints/rules';
import { NO_CONTEXT, type Span, type Tools, type VerdictRule } from '@/core/constraints/scanner';
import { MOST_SENTENCE, sentenceEnd } from '@/core/constraints/sentences';
import { Rng } from '@/core/rng';
import { checkInput } from '@/server/constraints/input-rules';
import { OutputRules } from '@/server/constraints/output-rules';
import type { Planned } from '@/server/constraints/plan';
import { growth } from '@/test/unit/growth';

const tools = {} as Tools;
const [rule] = DEFAULT_RULES.rules;

/** Forbids every "bad", when it is told to answer. */
function judgeOf(judge: VerdictRule['judge'], onFailure: VerdictRule['onFailure'] = 'forbid'): VerdictRule {
  return { onFailure, timeoutMs: 50, judge };
}
const spansOf = (text: string): Span[] =>
  [...text.matchAll(/bad/g)].map(({ index }) => ({ start: index, end: index + 3 }));
const prompt: VerdictRule['judge'] = async (texts) => texts.map(spansOf);

function outputOf(compiled: VerdictRule, action: Planned['action'], signal = new AbortController().signal) {
  const failures: unknown[] = [];
  const output = new OutputRules([{ rule: rule!, compiled, action }], {
    ...{ context: NO_CONTEXT, tools, signal },
    ...{ onVerdict: () => {}, onFailure: (error) => failures.push(error) },
  });
  return { output, failures };
}

async function whole(output: OutputRules, pieces: readonly string[]): Promise<string> {
  let shown = '';
  for (const piece of pieces) shown += output.push(piece);
  shown += output.end();
  await output.settled();
  return shown + output.take();
}

function split(text: string, rng: Rng): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length; ) {
    const size = 1 + rng.integer(9);
    pieces.push(text.slice(at, at + size));
    at += size;
  }
  return pieces;
}

describe('sentences', () => {
  it.each([
    ['Hello there. "Is it?" Yes! 3.14 is e.g. pi…', ['Hello there. ', '"Is it?" ', 'Yes! ', '3.14 is e.g. ', 'pi…']],
    ['今日は晴れ。「本当？」うん！はい', ['今日は晴れ。', '「本当？」', 'うん！', 'はい']],
    ['a\n\nb', ['a\n\n', 'b']],
  ])('of %j end in the same places, however the text was cut', (text, expected) => {
    for (let seed = 0; seed < 20; seed++) {
      const ends: number[] = [];
      let seen = '';
      for (const piece of split(text, new Rng(seed))) {
        seen += piece;
        for (let end = sentenceEnd(seen, ends.at(-1) ?? 0); end !== null; end = sentenceEnd(seen, ends.at(-1)!))
          ends.push(end);
      }
      const sentences = [...ends, text.length].map((end, i) => text.slice(ends[i - 1] ?? 0, end));
      expect(sentences).toEqual(expected);
    }
  });

  it('that do not end are cut, never within a character, in linear time', () => {
    for (const text of ['a', '𝒳', 'word ', '. ', '。', '\n'].map((part) => part.repeat(5000))) {
      for (let at = 0, end = sentenceEnd(text, 0); end !== null; at = end, end = sentenceEnd(text, at)) {
        expect(end - at).toBeLessThanOrEqual(MOST_SENTENCE + 1);
        expect(end).toBeGreaterThan(at);
        expect(/[\uDC00-\uDFFF]/.test(text[end] ?? '')).toBe(false);
      }
    }
    const cut = (length: number) => {
      const text = 'a'.repeat(length);
      for (let at = 0, end = sentenceEnd(text, 0); end !== null; at = end, end = sentenceEnd(text, at))
        if (end <= at) break;
    };
    expect(growth(cut, 200_000)).toBeLessThan(3);
  });
});

describe('a rule that asks', () => {
  const TEXT = 'This is good. This is bad! And bad again. The end';

  it('masks the same whatever the pieces, and shows nothing of a sentence before its verdict', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const { output } = outputOf(judgeOf(prompt), 'mask');
      expect(output.push('This is good. Th')).toBe('');
      expect(await whole(output, split(TEXT.slice(16), new Rng(seed)))).toBe(TEXT.replaceAll('bad', '███'));
      expect(output.hits().map(({ start }) => start)).toEqual([22, 31]);
    }
  });

  it('asks once for all sentences that gathered while it waited', async () => {
    const asked: number[] = [];
    const { output } = outputOf(
      judgeOf((texts, ...more) => {
        asked.push(texts.length);
        return prompt(texts, ...more);
      }),
      'mask',
    );
    await whole(output, [TEXT]);
    expect(asked.reduce((a, b) => a + b)).toBe(4);
    expect(asked.length).toBeLessThanOrEqual(2);
  });

  it('stops the answer before the sentence part that it forbids', async () => {
    const { output } = outputOf(judgeOf(prompt), 'block');
    expect(await whole(output, [TEXT])).toBe('This is good. This is ');
    expect(output.stop).toMatchObject({ action: 'block', start: 22 });
  });

  it('holds nothing back under "flag", and its hits are known at the end', async () => {
    const { output } = outputOf(judgeOf(prompt), 'flag');
    expect(output.push(TEXT)).toBe(TEXT);
    await whole(output, []);
    expect(output.hits()).toHaveLength(2);
  });

  it.each<[string, VerdictRule['judge']]>([
    ['hangs', () => new Promise(() => {})],
    ['fails', () => Promise.reject(new Error('dead'))],
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['answers for another number of texts', async () => []],
  ])('that %s counts as the rule says: closed, or open', async (_, judge) => {
    const closed = outputOf(judgeOf(judge), 'mask');
    expect(await whole(closed.output, ['One. Two'])).toBe(MASK.repeat(8));
    expect(closed.failures.length).toBeGreaterThan(0);
    const blocking = outputOf(judgeOf(judge), 'block');
    expect(await whole(blocking.output, ['One. Two'])).toBe('');
    expect(blocking.output.stop).not.toBeNull();
    const open = outputOf(judgeOf(judge, 'allow'), 'block');
    expect(await whole(open.output, ['One. Two'])).toBe('One. Two');
  });

  const LONG = 'Yes. '.repeat(200);
  /** Counts how often it is asked. */
  function counted(judge: VerdictRule['judge'], onFailure: VerdictRule['onFailure'] = 'forbid') {
    const asked = { times: 0 };
    const compiled = judgeOf((...all) => {
      asked.times++;
      return judge(...all);
    }, onFailure);
    return { asked, compiled };
  }
  const dead: VerdictRule['judge'] = () => Promise.reject(new Error('dead'));
  const checked = (
    compiled: VerdictRule,
    action: 'block' | 'mask',
    text: string,
    signal: AbortSignal,
    failed?: Set<VerdictRule>,
  ) =>
    checkInput([{ rule: rule!, compiled, action }], text, {
      context: NO_CONTEXT,
      tools,
      signal,
      onFailure: () => {},
      failed,
    });
  const { signal } = new AbortController();

  it('that failed is not asked again about the text: the rest counts as it says', async () => {
    for (const [onFailure, shown] of [
      ['forbid', MASK.repeat(LONG.length)],
      ['allow', LONG],
    ] as const) {
      const { asked, compiled } = counted(dead, onFailure);
      expect((await checked(compiled, 'mask', LONG, signal)).text).toBe(shown);
      expect(asked.times).toBe(1);
      const { output, failures } = outputOf(compiled, 'mask');
      expect(await whole(output, [LONG.slice(0, 300), LONG.slice(300)])).toBe(shown);
      expect([asked.times, failures.length]).toEqual([2, 1]);
    }
  });

  it('that failed on one text of a request is not asked about the others', async () => {
    const { asked, compiled } = counted(dead, 'allow');
    const failed = new Set<VerdictRule>();
    for (let text = 0; text < 5; text++) await checked(compiled, 'mask', LONG, signal, failed);
    expect(asked.times).toBe(1);
  });

  it('is asked no more once a hit has decided, and about everything where each hit counts', async () => {
    const text = `This is bad. ${LONG}`;
    for (const [action, times] of [
      ['block', 1],
      ['mask', 13],
    ] as const) {
      const { asked, compiled } = counted(prompt);
      const { hits, refusal } = await checked(compiled, action, text, signal);
      expect([asked.times, hits.length, refusal !== null]).toEqual([times, 1, action === 'block']);
    }
  });

  it('lets no message pass that was not judged, because its sender has gone', async () => {
    const leaving = new AbortController();
    const passing = checked(
      { ...judgeOf(() => new Promise(() => {})), timeoutMs: 30_000 },
      'mask',
      LONG,
      leaving.signal,
    );
    leaving.abort();
    await expect(passing).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('whose requests fail leaves none of them open', async () => {
    let open = 0;
    const { compiled } = counted(async (_texts, _context, _tools, ends) => {
      open++;
      ends.addEventListener('abort', () => open--);
      throw new Error('dead');
    });
    await checked(compiled, 'mask', LONG, signal);
    expect(open).toBe(0);
  });

  it('is not waited for after a stop, and nothing unjudged is shown', async () => {
    const controller = new AbortController();
    const { output, failures } = outputOf(
      { ...judgeOf(() => new Promise(() => {})), timeoutMs: 30_000 },
      'mask',
      controller.signal,
    );
    const shown = whole(output, ['One. Two']);
    controller.abort();
    expect(await shown).toBe('');
    expect(failures).toEqual([]);
  });
});
