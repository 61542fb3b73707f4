// Words are counted in any script, in linear time; spellings are normalised; excerpts are safe for a terminal.
import { describe, expect, it } from 'vitest';
import { countWords, excerpt, normaliseText } from '@/core/text/text';
import { growth } from '@/test/unit/growth';
import { judgeDegenerate } from '@/trainer/gates/answers/degenerate-answers';
import { readAnswers } from '@/trainer/gates/answers/sample';

describe('countWords', () => {
  it.each([
    ['one two  three', 3],
    ["don't stop, it's 3.5 km!", 5],
    ['- … !', 0],
    ['', 0],
    ['今日は良い天気 ok', 5], // 今日 は 良い 天気, plus one
    ['毎朝三十分散歩をすると、体が軽くなり、よく眠れます。', 15],
    ['每天早上散步三十分钟对身体很好。', 8],
    ['เดินทุกเช้าสามสิบนาทีดีต่อสุขภาพ', 8],
    ['ខ្ញុំចូលចិត្តបាយ', 3],
    ['안녕하세요 저는 학생입니다', 3],
    ['AIは便利', 3],
    ['コーヒー', 1],
  ])('%s has %i words', (text, words) => {
    expect(countWords(text)).toBe(words);
  });

  it('takes time that grows linearly with the text, not with its square', () => {
    const japanese = '毎朝三十分散歩をすると、体が軽くなり、よく眠れます。';
    const thai = 'เดินทุกเช้าสามสิบนาทีดีต่อสุขภาพ';
    for (const text of [japanese, thai]) expect(growth((n) => countWords(text.repeat(n)), 1500)).toBeLessThan(3);
  });
});

it('no answer counts as degenerate because its script has no blanks', async () => {
  const texts = [
    '毎朝三十分散歩をすると、体が軽くなり、よく眠れます。',
    '每天早上散步三十分钟对身体很好。',
    'เดินทุกเช้าสามสิบนาทีดีต่อสุขภาพ',
  ];
  const completions = texts.map((_, i) => ({ promptIds: Int32Array.of(1), completionIds: Int32Array.of(i) }));
  const judging = { constraints: [], decode: (ids: readonly number[]) => texts[ids[0]!]!, endIds: [99] };
  const own = await readAnswers({ completions }, judging);
  expect(judgeDegenerate(own, own)[0]!.value).toBe(0);
});

it('a text has a single form for all its spellings', () => {
  expect(normaliseText('  Ou\u0300\u00a0 est\n')).toBe('O\u00f9 est');
});

it('an excerpt has no control or format characters and a limited length', () => {
  expect(excerpt('a\u001b[31m\u0000\u202e\ud800b\n')).toBe('a\\u001b[31m\\u0000\\u202e\\ud800b\\u000a');
  expect(excerpt('x'.repeat(100), 10)).toBe(`${'x'.repeat(10)}…`);
});
