// The default rule and words of an operator's own: what they hit, what they keep, and how a hit is masked.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { judge, maskText } from '@/core/constraints/judge';
import { DEFAULT_RULES, RuleSet } from '@/core/constraints/rules';
import { filterOf } from '@/test/rules-support';
import { CUSTOM_RULES } from './streams';

test.each([
  ...['What the shit is this', 'sh1t', 'SHIIIIIT', 'ｓｈｉｔ', 'bull$h!t', 'you asshole', 'a$$', 'd1ckhead', 'faggot'],
  ...['niggers', 'retarded', 'wankers', 'f*ck', 'motherfucker', 'cumming', 'assgoblin', 'ちんこ'],
])('%s breaks the default rule', (text) => {
  const { hits, cost } = judge(DEFAULT_RULES, text);
  expect(hits).toHaveLength(1);
  expect(cost).toBe(1);
  expect(judge(DEFAULT_RULES, maskText(text, hits)).hits).toEqual([]);
});

const ORDINARY = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '../../../fixtures/ordinary-words.json'), 'utf8'),
);

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
  ...(ORDINARY as string[]),
])('%j keeps the default rule', (text) => {
  expect(judge(DEFAULT_RULES, text)).toEqual({ hits: [], cost: 0 });
});

test.each([
  'Shovels, rakes and hoes',
  'Garden hoes are cheap.',
  'Bring hoes, rakes and gloves.',
  'hoes or spades',
  'Use a hoe.',
])('%j is about a garden', (text) => {
  expect(judge(DEFAULT_RULES, text).hits).toEqual([]);
});

test.each(['these hoes', 'fuck all hoes', 'golden showers', 'bum-driller', 'rag heads', 'w3t b4ck', 'wagon burner'])(
  '%j is vulgar or hateful in every use',
  (text) => {
    expect(judge(DEFAULT_RULES, text).hits.length).toBeGreaterThan(0);
  },
);

test.each(['I', 'In', 'And', 'You', 'Me', 'Good', 'On', 'Hi', 'Matt', 'The', 'It', 'Yes', 'Well', 'Thank'])(
  'a stream that begins with %j shows some of it without waiting for the next token',
  (beginning) => {
    expect(filterOf(DEFAULT_RULES).push(beginning)).not.toBe('');
  },
);

test('a mask covers repeated letters, keeps the length and changes nothing else', () => {
  const text = 'oh shiiitttt, dear';
  expect(maskText(text, judge(DEFAULT_RULES, text).hits)).toBe('oh █████████, dear');
});

test('custom words match as whole words in any spelling, and every rule has its cost', () => {
  const text = 'PIZZAZZ, p1zzazz, pizzazzes, over  there, shit';
  const { hits, cost } = judge(CUSTOM_RULES, text);
  expect(hits.map(({ ruleId, start, end }) => [ruleId, text.slice(start, end)])).toEqual([
    ['brand', 'PIZZAZZ'],
    ['brand', 'p1zzazz'],
    ['brand', 'over  there'],
    ['profanity', 'shit'],
  ]);
  expect(cost).toBe(3 * 0.5 + 2);
});

test('a word inside an allowed text is not a hit', () => {
  expect(judge(CUSTOM_RULES, 'It is cocktail  hour').hits).toEqual([]);
  expect(judge(CUSTOM_RULES, 'It is cock tail hour').hits).toHaveLength(1);
});

test('two rules with the same id are refused', () => {
  const rule = { id: 'a', kind: 'profanity' };
  expect(RuleSet.safeParse({ version: 1, rules: [rule, rule] }).success).toBe(false);
});
