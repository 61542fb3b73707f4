// The rules judge, mask and filter; a filtered stream equals the whole masked text at many random splits.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { judge, maskText } from '@/core/constraints/judge';
import { DEFAULT_RULES, RuleSet } from '@/core/constraints/rules';
import { StreamFilter } from '@/core/constraints/stream-filter';
import { Rng } from '@/core/rng';
import { growth } from '@/test/unit/growth';

const custom = RuleSet.parse({
  version: 2,
  rules: [
    { id: 'profanity', kind: 'profanity', allow: ['Cocktail Hour'], cost: 2 },
    { id: 'brand', kind: 'profanity', languages: [], words: ['Pizzazz', 'over there'], cost: 0.5 },
  ],
});

function stream(rules: RuleSet, pieces: string[]): string {
  const filter = new StreamFilter(rules);
  return pieces.map((piece) => filter.push(piece)).join('') + filter.end();
}

function split(text: string, rng: Rng, longest: number): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length; ) {
    const size = 1 + rng.integer(longest);
    pieces.push(text.slice(at, at + size));
    at += size;
  }
  return pieces;
}

test.each([
  ...['What the shit is this', 'sh1t', 'SHIIIIIT', 'ｓｈｉｔ', 'bull$h!t', 'you asshole', 'a$$', 'd1ckhead', 'faggot'],
  ...['niggers', 'retarded', 'wankers', 'f*ck', 'motherfucker', 'cumming', 'assgoblin', 'ちんこ'],
])('%s breaks the default rule', (text) => {
  const { hits, cost } = judge(DEFAULT_RULES, text);
  expect(hits).toHaveLength(1);
  expect(cost).toBe(1);
  expect(judge(DEFAULT_RULES, maskText(text, hits)).hits).toEqual([]);
});

const MASKED = JSON.parse(readFileSync(path.join(import.meta.dirname, '../../fixtures/masked-words.json'), 'utf8'));

test.each([
  ...[
    'a classic assassin',
    'push it',
    'Scunthorpe',
    'the grass passes',
    '',
    'Assorted cumin in a chinkapin, unparalysed',
  ],
  ...[
    'C’est assez, en retard',
    'Feliz cumpleaños: el análisis',
    'Fagioli e assegni',
    'Der Kanal, die Analyse, Schinken',
  ],
  ...(MASKED as string[]),
])('%j keeps the default rule', (text) => {
  expect(judge(DEFAULT_RULES, text)).toEqual({ hits: [], cost: 0 });
});

test('a mask covers repeated letters, keeps the length and changes nothing else', () => {
  const text = 'oh shiiitttt, dear';
  expect(maskText(text, judge(DEFAULT_RULES, text).hits)).toBe('oh *********, dear');
});

test('custom words match as whole words in any spelling, and every rule has its cost', () => {
  const text = 'PIZZAZZ, p1zzazz, pizzazzes, over  there, shit';
  const { hits, cost } = judge(custom, text);
  expect(hits.map(({ ruleId, start, end }) => [ruleId, text.slice(start, end)])).toEqual([
    ['brand', 'PIZZAZZ'],
    ['brand', 'p1zzazz'],
    ['brand', 'over  there'],
    ['profanity', 'shit'],
  ]);
  expect(cost).toBe(3 * 0.5 + 2);
});

test('a word inside an allowed text is not a hit', () => {
  expect(judge(custom, 'It is cocktail  hour').hits).toEqual([]);
  expect(judge(custom, 'It is cock tail hour').hits).toHaveLength(1);
});

test('two rules with the same id are refused', () => {
  const rule = { id: 'a', kind: 'profanity' };
  expect(RuleSet.safeParse({ version: 1, rules: [rule, rule] }).success).toBe(false);
});

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
    const judgement = judge(custom, text);
    hits += judgement.hits.length;
    const pieces = split(text, rng, 1 + rng.integer(6));
    expect(stream(custom, pieces), JSON.stringify(text)).toBe(maskText(text, judgement.hits));
  }
  expect(hits).toBeGreaterThan(1000);
});

test('no prefix of the stream ever shows a letter of a forbidden word', () => {
  const text = 'well then, shiiiiiiiiiiiiiiiiiiiiiit happens to all of us sometimes';
  const whole = maskText(text, judge(DEFAULT_RULES, text).hits);
  const filter = new StreamFilter(DEFAULT_RULES);
  let shown = '';
  for (const character of text) {
    shown += filter.push(character);
    expect(whole.startsWith(shown)).toBe(true);
  }
  expect(shown + filter.end()).toBe(whole);
});

test('at most 20 characters of plain text are held back', () => {
  const text = 'The quick brown fox jumps over the lazy dog and then goes home again.';
  const filter = new StreamFilter(DEFAULT_RULES);
  expect(filter.push(text).length).toBeGreaterThanOrEqual(text.length - 20);
});

test.each([
  ['Japanese', '今日は天気がとても良いので、公園で友だちと昼ごはんを食べました。'],
  ['no blanks at all', 'abcdefghijklmnopqrstuvwxyz'],
  ['one letter', 'z'],
  ['swearing without a blank', 'shitFUCKshit'],
  ['dots', '.'],
  ['plain English', 'All work and no play makes a dull day. '],
])('twice the text takes about twice the time, one character at a time: %s', (_, sentence) => {
  const filtered = (length: number) => {
    const filter = new StreamFilter(DEFAULT_RULES);
    for (const character of sentence.repeat(Math.ceil(length / sentence.length)).slice(0, length))
      filter.push(character);
    filter.end();
  };
  expect(growth(filtered, 2000)).toBeLessThan(3);
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
    const pieces = split(text, rng, 1 + rng.integer(6));
    expect(stream(custom, pieces), JSON.stringify(text)).toBe(maskText(text, judge(custom, text).hits));
  }
});
