// The visible text of an answer: characters, stop strings and rules, however the text is cut into tokens.
import { describe, expect, it } from 'vitest';
import type { Tokenizer } from '@/core/base/base';
import { judge, maskText } from '@/core/constraints/judge';
import { DEFAULT_RULES, RuleSet } from '@/core/constraints/rules';
import { Rng } from '@/core/rng';
import { AnswerText } from '@/server/constraints/answer-text';
import { outputOf } from '@/test/rules-support';

/** One token per byte; 256 and above are special. */
const bytes: Pick<Tokenizer, 'stream' | 'isSpecial'> = {
  isSpecial: (id) => id >= 256,
  stream: () => {
    const decoder = new TextDecoder();
    return {
      push: (id) => decoder.decode(Uint8Array.of(id), { stream: true }),
      end: () => decoder.decode(),
    };
  },
};
const idsOf = (text: string) => [...Buffer.from(text)];
const create = (stops: string[] = []) => new AnswerText(bytes as Tokenizer, outputOf(DEFAULT_RULES), stops);

function run(text: string, stops: string[], seed: number): { final: string; seen: string[] } {
  const rng = new Rng(seed);
  const answer = create(stops);
  const ids = idsOf(text);
  const seen: string[] = [];
  for (let at = 0; at < ids.length; ) {
    const size = 1 + rng.integer(4);
    answer.push(ids.slice(at, at + size));
    at += size;
    seen.push(answer.visible);
  }
  answer.end();
  return { final: answer.visible, seen };
}

describe('AnswerText', () => {
  it.each([
    ['Hello, wörld 🦀, and good day to everyone who reads this.', []],
    ['Well, what the fuck is that? shit happens; f u c k.', []],
    ['one two END three', ['END']],
    ['a user: b', ['\nuser:', 'user']],
    ['this ends in EN', ['END']],
  ] as [string, string[]][])(
    'shows the same of %j as the whole text would, whatever the cut, and takes nothing back',
    (text, stops) => {
      const cut = Math.min(text.length, ...stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0));
      const whole = text.slice(0, cut);
      const expected = maskText(whole, judge(DEFAULT_RULES, whole).hits);
      for (let seed = 0; seed < 30; seed++) {
        const { final, seen } = run(text, stops, seed);
        expect(final).toBe(expected);
        for (const part of seen) expect(final.startsWith(part)).toBe(true);
      }
    },
  );

  it('leaves out special tokens and replaces U+0000, which the database cannot store', () => {
    const answer = create();
    answer.push([256, ...idsOf('a'), 0, ...idsOf('b'), 257]);
    answer.end();
    expect(answer.visible).toBe('a\uFFFDb');
  });

  it('reports hits by their position in the visible text', () => {
    const rules = outputOf(DEFAULT_RULES);
    const answer = new AnswerText(bytes as Tokenizer, rules, []);
    answer.push(idsOf('oh fuck!'));
    answer.end();
    expect(rules.hits()).toEqual([
      { ruleId: 'profanity', ruleVersion: 1, action: 'mask', start: 3, end: 7, isUnjudged: false },
    ]);
    expect(answer.visible.slice(3, 7)).toBe('████');
  });

  it('leaves out a character that was cut off, and returns its parts as tokens without text', () => {
    const answer = create();
    answer.push(idsOf('Good 🦀').slice(0, -1));
    answer.end();
    expect(answer.visible).toBe('Good ');
    const tokens = answer.shownTokens(0, true);
    expect(tokens.map(({ text }) => text)).toEqual(['G', 'o', 'o', 'd', ' ', '', '', '']);
    expect(tokens.every(({ isMasked, isCut }) => !isMasked && !isCut)).toBe(true);
  });

  it('shows or hides the parts of a character together with the whole character', () => {
    const rules = RuleSet.parse({ version: 1, rules: [{ id: 'own', kind: 'profanity', words: ['größe'] }] });
    const answer = new AnswerText(bytes as Tokenizer, outputOf(rules), []);
    answer.push(idsOf('so größe it'));
    answer.end();
    expect(answer.visible).toBe('so █████ it');
    const shown = answer.shownTokens(0, true);
    expect(shown.map(({ text }) => text).join('')).toBe(answer.visible);
    // Seven tokens for five characters: ö and ß have two bytes each.
    expect(shown.slice(3, 10).every(({ isMasked }) => isMasked)).toBe(true);
    expect(shown.filter(({ isMasked }) => isMasked)).toHaveLength(7);
  });
});
