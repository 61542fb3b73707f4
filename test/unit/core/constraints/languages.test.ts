// Lists by language and level: what is ordinary stays, and words of scripts without blanks are found as words alone.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { judge, MASK } from '@/core/constraints/judge';
import { LANGUAGES } from '@/core/constraints/lists/languages';
import { RuleSet } from '@/core/constraints/rules';
import { Rng } from '@/core/rng';
import { splitAtRandom, streamed } from './streams';

const rulesOf = (settings: object) =>
  RuleSet.parse({ version: 1, rules: [{ id: 'p', kind: 'profanity', ...settings }] });
const hits = (settings: object, text: string) =>
  judge(rulesOf(settings), text).hits.map(({ start, end }) => text.slice(start, end));

const japanese: { swears: string[]; keeps: string[]; keptUntilStrict: string[] } = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '../../../fixtures/japanese-sentences.json'), 'utf8'),
);

test.each(japanese.swears)('%s holds a Japanese swear word', (text) => {
  expect(hits({}, text)).toHaveLength(1);
});

test.each(japanese.keeps)('%s holds no Japanese swear word', (text) => {
  expect(hits({}, text)).toEqual([]);
});

test.each(japanese.keptUntilStrict)('%s is hit at the strict level alone', (text) => {
  expect(hits({ level: 'vulgar' }, text)).toEqual([]);
  expect(hits({ level: 'strict' }, text)).toHaveLength(1);
});

test('a Japanese stream equals the masked whole, at random cuts', () => {
  const rules = rulesOf({ level: 'strict', languages: ['ja', 'th', 'zh'] });
  const sentences = [
    ...japanese.swears,
    ...japanese.keeps,
    ...japanese.keptUntilStrict,
    'SM',
    '他妈的',
    'ไอ้สัตว์',
    '。',
    ' ',
  ];
  for (let seed = 0; seed < 300; seed++) {
    const rng = new Rng(seed);
    const text = Array.from({ length: 1 + rng.integer(6) }, () => sentences[rng.integer(sentences.length)]!).join('');
    const { hits } = judge(rules, text);
    const whole =
      [...text].join('') &&
      hits.reduce((out, { start, end }) => out.slice(0, start) + MASK.repeat(end - start) + out.slice(end), text);
    expect(streamed(rules, splitAtRandom(text, rng, 1 + rng.integer(5))), text).toBe(whole);
  }
});

test.each([
  ['Kung fu, boob, scat, and a hooker on the rugby team'],
  ['Sex education covers the penis, the vagina and rape as a crime.'],
  ['Negro Leagues baseball; the porn industry; xXx with Vin Diesel; cocaine and heroin'],
  ['Damn, what crap! Hell, the X-Men film was goddamn good, you idiot.'],
  ['Dick Van Dyke met Philip K. Dick; Dick Cheney read Moby Dick.'],
])('%s is ordinary talk at the default level', (text) => {
  expect(hits({}, text)).toEqual([]);
});

test.each(['sex', 'penis', 'rape', 'hooker', 'negro', 'porn', 'damn', 'crap', 'boobs', 'tr4nny', 'cocaine'])(
  '%s is hit at the strict level',
  (text) => {
    expect(hits({ level: 'strict' }, text)).toHaveLength(1);
  },
);

test.each([
  ['de', 'Du Arschloch!', 'Die Fotografie der Rosette ist nackt und schön.'],
  ['fr', 'Espèce de connard', 'La bite d’amarrage ; la chatte et le chat ; un con fini'],
  ['es', 'Eres un gilipollas', 'El martillo y la concha del caracol'],
  ['it', 'Vaffanculo!', 'La regina mangia il pesce e i finocchi.'],
  ['pt', 'Vai tomar no cu, caralho', 'O burro bebe cerveja'],
  ['ru', 'Иди на хуй', 'Приходи ко мне в гости'],
  ['ko', '이 개새끼 뭐야', '보지 못했다. 고자질하지 마라.'],
  ['zh', '他妈的怎么回事', '性格很好，鸡肉也好吃，奶奶来了。'],
  ['th', 'ควย', 'ขี้เกียจจังเลย'],
])('%s: a swear word is hit and ordinary words are not', (language, swears, keeps) => {
  expect(hits({ languages: [language] }, swears).length, swears).toBeGreaterThan(0);
  expect(hits({ languages: [language] }, keeps), keeps).toEqual([]);
});

test.each(LANGUAGES)('an English sentence holds nothing of the list of %s', (language) => {
  expect(
    hits({ languages: [language] }, 'The quick brown fox jumps over the lazy dog, and then it goes home.'),
  ).toEqual([]);
});

test('an operator’s own word in a script without blanks is no part of a longer word', () => {
  const settings = { languages: [], words: ['東京都', 'ラーメン'] };
  expect(hits(settings, '東京都に住む。ラーメンを食べる。')).toEqual(['東京都', 'ラーメン']);
  expect(hits(settings, '東京都庁前とラーメンズ')).toEqual([]);
});

test('a language may not be named twice', () => {
  expect(() => rulesOf({ languages: ['en', 'en'] })).toThrow('A language is named twice.');
});
