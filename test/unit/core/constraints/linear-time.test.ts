// The profanity rule takes time in proportion to the text, up to a megabyte, in any script and for hostile texts.
import { test } from 'vitest';
import { compilePhrases, PhrasesRule } from '@/core/constraints/kinds/phrases';
import { compileProfanity, ProfanityRule } from '@/core/constraints/profanity';
import { expectLinearTime, expectReadsMegabyte } from './check-rule';

const rule = compileProfanity(
  ProfanityRule.parse({ id: 'p', kind: 'profanity', level: 'strict', languages: ['en', 'ja', 'th'] }),
);

/** Texts in which very much begins and nothing ends, and texts of nothing but hits. */
const HOSTILE = [
  'motherfucke',
  'f u c ',
  'f-u-c-',
  'shitFUCKshit',
  's',
  'まんこちん',
  '今日は天気がとても良いので',
  'ก็หีนี่',
  '**as',
  '.',
];

test('twice the text takes about twice the time', () => expectLinearTime(rule, HOSTILE));

test('however many texts are allowed, and words forbidden between them', () => {
  const allowing = { allow: ['xx', 'fuck x'] };
  const hostile = ['xx fuck ', 'fuck xx', 'fuck ', 'xx'];
  expectLinearTime(compileProfanity(ProfanityRule.parse({ id: 'p', kind: 'profanity', ...allowing })), hostile);
  expectLinearTime(
    compilePhrases(PhrasesRule.parse({ id: 'p', kind: 'phrases', phrases: ['fuck'], ...allowing })),
    hostile,
  );
});

test.each(HOSTILE)('a megabyte of %j is read with the same hits in one piece and in pieces', (sentence) => {
  expectReadsMegabyte(rule, sentence);
});
