// Rules on how a text is written: too long, repeated, in the wrong language, or a refusal.
import { describe, expect, it } from 'vitest';
import { compileLanguage, LanguageRule } from '@/core/constraints/kinds/language';
import { compileLength, LengthRule } from '@/core/constraints/kinds/length';
import { compileRefusal } from '@/core/constraints/kinds/refusal';
import { compileRepetition, RepetitionRule } from '@/core/constraints/kinds/repetition';
import { NO_CONTEXT } from '@/core/constraints/scanner';
import { Rng } from '@/core/rng';
import { countWords } from '@/core/text/text';
import { expectLinearTime, expectReadsMegabyte, expectStreamIsWhole, hitsOf } from './check-rule';

const length = (settings: object) => compileLength(LengthRule.parse({ id: 'l', kind: 'length', ...settings }));
const repetition = (settings: object = {}) =>
  compileRepetition(RepetitionRule.parse({ id: 'r', kind: 'repetition', ...settings }));
const language = (settings: object = {}) =>
  compileLanguage(LanguageRule.parse({ id: 'l', kind: 'language', ...settings }));

describe('length', () => {
  it.each([
    [{ most: 3 }, 'one two three four five', ['four five']],
    [{ most: 3 }, 'one two, three!', []],
    [{ most: 2 }, '今日は天気が良い', ['天気が良い']],
    [{ most: 5, unit: 'characters' }, 'a🤖cde', []],
    [{ most: 5, unit: 'characters' }, 'a🤖cdef!', ['f!']],
  ])('%j of %j', (settings, text, hits) => {
    expect(hitsOf(length(settings), text)).toEqual(hits);
  });

  it('leaves as many words as countWords counts', () => {
    const words = ['one', ' ', 'two-three', ', ', '今日は', '天気', '。', '🤖', ' (four', 'ไทย', '\n', 'é', '5'];
    for (let seed = 0; seed < 300; seed++) {
      const rng = new Rng(seed);
      const text = Array.from({ length: rng.integer(40) }, () => words[rng.integer(words.length)]!).join('');
      const total = countWords(text);
      const most = 1 + rng.integer(8);
      const [rest = ''] = hitsOf(length({ most }), text);
      expect(rest === '', JSON.stringify(text)).toBe(total <= most);
      if (rest !== '') expect(countWords(text.slice(0, -rest.length)), JSON.stringify(text)).toBe(most);
    }
  });

  it('holds nothing back far from the limit', () => {
    const scanner = length({ most: 100 }).scan(NO_CONTEXT);
    scanner.push('今日は天気がとても良いので');
    expect(scanner.decided).toBe(13);
  });

  it('is the same in a stream, in linear time', () => {
    expectStreamIsWhole(length({ most: 6 }), ['one', 'two', '今日', '(', 'ไทย']);
    expectStreamIsWhole(length({ most: 20, unit: 'characters' }), ['one', 'two', '今日', '(', 'ไทย']);
    expectLinearTime(length({ most: 1_000_000 }), ['今日は']);
  });
});

describe('repetition', () => {
  const sentence = 'This is what I have to say.';
  it.each([
    [`${sentence} ${sentence} ${sentence} Bye.`, ['This is what I have to say']],
    [`${sentence} Well. ${sentence} And so? THIS is, what I have to say! Bye.`, ['THIS is, what I have to say']],
    [`${sentence} ${sentence}`, []],
    ['Yes. Yes. Yes. Yes. Yes.', []],
    ['no, no, no', []],
    ['言いたいことはこれだけです。'.repeat(3), ['言いたいことはこれだけです']],
    ['A list: one item. A list: two items. A list: three items.', []],
  ])('%j', (text, hits) => {
    expect(hitsOf(repetition(), text)).toEqual(hits);
  });

  it('finds a loop without ends of sentences, from the round too many', () => {
    const loop = 'and then we went on to the next town ';
    expect(hitsOf(repetition(), loop.repeat(5))).toEqual([loop.repeat(3).trim()]);
    expect(hitsOf(repetition(), 'no '.repeat(200))).toEqual(['no '.repeat(190).trim()]);
    expect(hitsOf(repetition(), `${'no '.repeat(20)}but then ${'yes '.repeat(20)}`).length).toBe(2);
    expect(hitsOf(repetition(), 'あ'.repeat(200)).length).toBe(1);
    expect(hitsOf(repetition(), 'a'.repeat(2000)).length).toBe(1);
  });

  it('is the same in a stream, in linear time', () => {
    expectStreamIsWhole(repetition({ times: 1 }), [
      'so it goes on and on.',
      'This is what',
      'I have to say.',
      'x y z w v.',
      'la la la',
      '言いたいことはこれだけです。',
    ]);
    expectLinearTime(repetition(), ['and so on and on. ', 'la ']);
    expectReadsMegabyte(repetition(), 'Once more, with feeling. ');
  });
});

describe('language', () => {
  const english = 'What is the weather like in the capital of the country? ';
  it.each([
    [{}, english, 'Das ist eine gute Frage, und ich weiß es nicht. Die Sonne scheint.', true],
    [{}, english, 'It is sunny, and the wind is from the west.', false],
    [{}, english, '今日は晴れです。', true],
    [{}, '今日の天気は？', '今日は晴れです。', false],
    [{}, 'ok', '今日は晴れです。', false],
    [{ languages: ['en', 'ja'] }, 'ok', 'Das ist eine gute Frage, und ich weiß es nicht.', true],
    [{ languages: ['en', 'ja'] }, 'ok', '今日は晴れです。', false],
    [{ languages: ['en'] }, 'ok', '42', false],
  ])('%j: %j is answered by %j', (settings, input, text, isHit) => {
    expect(hitsOf(language(settings), text, { input, systemPrompt: null })).toEqual(isHit ? [text] : []);
  });

  it('is the same in a stream, in linear time', () => {
    expectStreamIsWhole(language({ languages: ['ja'] }), ['the', 'is', 'what', 'and', 'you'], {
      input: null,
      systemPrompt: null,
    });
    expectLinearTime(language(), [' ']);
  });
});

describe('refusal', () => {
  const rule = compileRefusal();
  it.each([
    ['I’m sorry, but I can’t help with that.', true],
    ['申し訳ありませんが、お手伝いできません。', true],
    ['Here is how to bake bread.', false],
    [`${'Bread is made of flour and water. '.repeat(20)}I cannot help with more.`, false],
  ])('%j: %s', (text, isHit) => {
    expect(hitsOf(rule, text)).toEqual(isHit ? [text] : []);
  });

  it('is the same in a stream, in linear time', () => {
    expectStreamIsWhole(rule, ['I cannot help with that', 'I’m sorry, but', 'I can’t', 'answer', ' '.repeat(50)]);
    expectLinearTime(rule, [' ']);
  });
});
