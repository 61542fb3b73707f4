// Patterns find what re2js finds, as a stream too, in linear time; what cannot be used is refused with a sentence.
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { compilePatternRule, PatternRule } from '@/core/constraints/kinds/pattern';
import { foldCharacter } from '@/core/constraints/patterns/fold';
import { foldLetter } from '@/core/constraints/patterns/fold-word';
import { searchPatterns } from '@/core/constraints/patterns/pattern-scanner';
import { compilePattern } from '@/core/constraints/patterns/program';
import { findSpans, mergeSpans, type TextRule } from '@/core/constraints/scanner';
import { Rng } from '@/core/rng';
import { expectLinearTime, expectReadsMegabyte, expectStreamIsWhole, hitsOf } from './check-rule';

const pattern = (settings: object) => compilePatternRule(PatternRule.parse({ id: 'p', kind: 'pattern', ...settings }));

describe('a pattern', () => {
  it.each([
    ['TICKET-\\d{4,6}', 'see ticket-12345, and TICKET-12', ['ticket-12345']],
    ['\\bcat\\b', 'cat concatenate Cat', ['cat', 'Cat']],
    ['^secret.*$', 'no secret', []],
    ['^secret.*$', 'secret plans\nmore', []],
    ['(?m)^secret.*$', 'no\nsecret plans\nmore', ['secret plans']],
    ['a+', 'b aaa b', ['aaa']],
    ['社外秘', 'これは社外秘です', ['社外秘']],
    ['ID\\d+', 'ＩＤ４２ and I\u200bD\u200b4', ['ＩＤ４２', 'I\u200bD\u200b4']],
  ])('%s in %j hits %j', (source, text, hits) => {
    expect(hitsOf(pattern({ pattern: source }), text)).toEqual(hits);
  });

  it('minds the case if it is told to', () => {
    expect(hitsOf(pattern({ pattern: 'ID', ignoreCase: false }), 'id ID')).toEqual(['ID']);
  });

  it('covers the last characters of a match that is too long, and holds no more back', () => {
    const rule = pattern({ pattern: 'a.*z', longest: 10 });
    expect(findSpans(rule, 'a0123456789 z')).toEqual([{ start: 3, end: 13 }]);
    expect(hitsOf(rule, 'a with a very long tail a12z')).toContain('long tail a12z'.slice(-10));
    const scanner = rule.scan({ input: null, systemPrompt: null });
    scanner.push(`a${'b'.repeat(500)}`);
    expect(scanner.decided).toBe(491);
  });

  it('holds nothing back where no match has begun', () => {
    const scanner = pattern({ pattern: 'secret-\\d+' }).scan({ input: null, systemPrompt: null });
    scanner.push('nothing of the kind, or so it secr');
    expect(scanner.decided).toBe('nothing of the kind, or so it '.length);
  });
});

describe('a pattern covers what re2js finds', () => {
  const alphabet = ['a', 'b', 'c', ' ', '\n', '1', 'é', '🤖'];
  it.each([
    'a(b|c)*1',
    '\\ba+b?\\b',
    'a[^b]{2,3}c',
    '(?m)^b|c$',
    '(?s)a.b',
    '\\B1',
    '[^\\x00-\\x7f]+',
    '(ab|a)(c|bcd)?',
    'é|🤖a',
  ])('%s', (source) => {
    const rule = pattern({ pattern: source, ignoreCase: false });
    let matches = 0;
    for (let seed = 0; seed < 400; seed++) {
      const rng = new Rng(seed);
      const text = Array.from({ length: rng.integer(30) }, () => alphabet[rng.integer(alphabet.length)]!).join('');
      const spans = findSpans(rule, text);
      // Every match of re2js is covered, and every span begins with a match of re2js.
      const matcher = RE2JS.compile(source).matcher(text);
      for (let from = 0; from <= text.length && matcher.find(from); from = matcher.start() + 1) {
        matches++;
        const [start, end] = [matcher.start(), matcher.end()];
        expect(
          spans.some((span) => span.start <= start && end <= span.end),
          `${JSON.stringify(text)} ${start}-${end}`,
        ).toBe(true);
      }
      for (const { start } of spans) {
        expect(RE2JS.compile(source).matcher(text).find(start), JSON.stringify(text)).toBe(true);
        const again = RE2JS.compile(source).matcher(text);
        again.find(start);
        expect(again.start()).toBe(start);
      }
    }
    expect(matches).toBeGreaterThan(40);
  });
});

describe('the edge refuses', () => {
  it.each([
    ['(a', 'RE2'],
    ['a(?=b)', 'look ahead'],
    ['(?<!a)b', 'look ahead or behind'],
    ['(a)\\1', 'refer back'],
    ['a*', 'empty'],
    ['\\b', 'empty'],
    ['^', 'empty'],
    ['(a{900}){2}', 'pattern'],
  ])('%s, and says why', (source, why) => {
    const { error } = PatternRule.safeParse({ id: 'p', kind: 'pattern', pattern: source });
    expect(error?.issues[0]?.message).toContain(why);
  });
});

it('a stream equals the whole', () => {
  expectStreamIsWhole(pattern({ pattern: 'key[-_]?[0-9a-f]{4,}|sec(ret)+', longest: 20 }), [
    ...['key', 'key-', '00ff', 'key_12345', 'secret', 'secretret', 'sec', 'ret', 'KEY-abcdef0123456789abcdef'],
  ]);
});

it('time is linear', () => {
  expectLinearTime(pattern({ pattern: '(a+)+$|(.*)x(.*)y' }), ['ax', 'x'.repeat(50)]);
  expectReadsMegabyte(pattern({ pattern: '(a|aa)+b|(1+)*2' }), 'aaaaaaaaaa1111111111');
});

it('several searches in one pass find what each finds alone', () => {
  const searches = ['ab+', 'b.?c', '(?i)CA', '[0-9]{2,4}', 'a 1'].map((pattern, i) => ({
    program: compilePattern(pattern, { ignoreCase: false }),
    longest: [6, 3, 2, 4, 9][i]!,
    fold: i === 4 ? foldLetter : foldCharacter,
  }));
  const together = searchPatterns(searches);
  const spans = (rule: TextRule, text: string) => mergeSpans(findSpans(rule, text));
  for (let seed = 0; seed < 500; seed++) {
    const rng = new Rng(seed);
    const text = Array.from({ length: 30 }, () => [...'abbcC1２ 🤖\u200b'][rng.integer(10)]!).join('');
    const alone = mergeSpans(searches.flatMap((search) => spans(searchPatterns([search]), text)));
    expect(spans(together, text), JSON.stringify(text)).toEqual(alone);
  }
});
