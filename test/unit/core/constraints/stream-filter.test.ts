// A filtered stream equals the whole masked text at many random splits, shows nothing early and holds little back.
import { expect, test } from 'vitest';
import { judge, maskText } from '@/core/constraints/judge';
import { DEFAULT_RULES } from '@/core/constraints/rules';
import { Rng } from '@/core/rng';
import { filterOf } from '@/test/rules-support';
import { CUSTOM_RULES, splitAtRandom, streamed } from './streams';

test('a stream equals the masked whole, for random texts and random splits', () => {
  const words = [
    'shit',
    'sh1t',
    'push it',
    's hit',
    'fuck',
    'FUUUCKKK',
    'cocktail',
    'cocktail hour',
    'cock',
    'ass',
    'assassin',
    'bass',
    'double penetration',
    'pizzazz',
    'over',
    'there',
    'over  there',
    'pen is',
    'hello',
    'ｓｈｉｔ',
    '🅰ss',
    '🤖',
    'aaaa',
    'an al',
    'anal',
    'é',
    '\n',
    '  ',
    'kung fu',
    'chin k',
    'motherfucker',
    'uck',
    'f',
    'sh',
    'it',
  ];
  let hits = 0;
  for (let seed = 0; seed < 300; seed++) {
    const rng = new Rng(seed);
    const parts = Array.from({ length: 1 + rng.integer(40) }, () => words[rng.integer(words.length)]!);
    const text = parts.join(rng.uniform() < 0.8 ? ' ' : '');
    const judgement = judge(CUSTOM_RULES, text);
    hits += judgement.hits.length;
    const pieces = splitAtRandom(text, rng, 1 + rng.integer(6));
    expect(streamed(CUSTOM_RULES, pieces), JSON.stringify(text)).toBe(maskText(text, judgement.hits));
  }
  expect(hits).toBeGreaterThan(1000);
});

test('no prefix of the stream ever shows a letter of a forbidden word', () => {
  const text = 'well then, shiiiiiiiiiiiiiiiiiiiiiit happens to all of us sometimes';
  const whole = maskText(text, judge(DEFAULT_RULES, text).hits);
  const filter = filterOf(DEFAULT_RULES);
  let shown = '';
  for (const character of text) {
    shown += filter.push(character);
    expect(whole.startsWith(shown)).toBe(true);
  }
  expect(shown + filter.end()).toBe(whole);
});

test('a word that goes on behind something without a width is hidden to its end', () => {
  // Of "afuck", no longer word is left open.
  for (const mark of ['\u0301', '\u200b', '\u00ad', '\u202e', '\ufe0f', '\u2060'])
    for (const text of [`afuck${mark}k`, `afuck${mark}${mark}kk, yes`, `afuck${mark}`, `afuck${mark} now`]) {
      const whole = maskText(text, judge(DEFAULT_RULES, text).hits);
      expect(streamed(DEFAULT_RULES, [...text]), JSON.stringify(text)).toBe(whole);
      expect(whole).not.toContain('k');
    }
});

test('at most 20 characters of plain text are held back', () => {
  const text = 'The quick brown fox jumps over the lazy dog and then goes home again.';
  const filter = filterOf(DEFAULT_RULES);
  expect(filter.push(text).length).toBeGreaterThanOrEqual(text.length - 20);
});

test('a stream without blanks equals the masked whole, at random splits and within characters', () => {
  const words = [
    'shit',
    '🅰ss',
    'fuck',
    '今日',
    'は',
    '🤖',
    'overthere',
    'cock',
    'pizzazz',
    'lanal',
    'aaaaaaaa',
    '。',
    'é',
    '_',
  ];
  for (let seed = 0; seed < 200; seed++) {
    const rng = new Rng(seed);
    const joint = rng.uniform() < 0.5 ? '' : '、';
    const text = Array.from({ length: 30 + rng.integer(60) }, () => words[rng.integer(words.length)]!).join(joint);
    const pieces = splitAtRandom(text, rng, 1 + rng.integer(6));
    expect(streamed(CUSTOM_RULES, pieces), JSON.stringify(text)).toBe(maskText(text, judge(CUSTOM_RULES, text).hits));
  }
});
