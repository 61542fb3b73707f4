// Phrases are found as whole words in any case and disguise, as a stream too.
import { expect, it } from 'vitest';
import { compilePhrases, PhrasesRule } from '@/core/constraints/kinds/phrases';
import { expectLinearTime, expectStreamIsWhole, hitsOf } from './check-rule';

const rule = compilePhrases(
  PhrasesRule.parse({
    id: 'p',
    kind: 'phrases',
    phrases: ['Project Bluebird', 'acme corp', '極秘プロジェクト'],
    allow: ['the acme corp handbook'],
  }),
);

it.each([
  ['We call it project bluebird.', ['project bluebird']],
  ['PROJECT  BLUEBIRD!', ['PROJECT  BLUEBIRD']],
  ['ＡＣＭＥ\u200b Corp', ['ＡＣＭＥ\u200b Corp']],
  ['これは極秘プロジェクトです', ['極秘プロジェクト']],
  ['project bluebirds and macme corp', []],
  ['Read the Acme Corp handbook.', []],
  ['project blue bird', []],
])('%j hits %j', (text, hits) => {
  expect(hitsOf(rule, text)).toEqual(hits);
});

it('a stream equals the whole', () => {
  expectStreamIsWhole(rule, [
    'project',
    'bluebird',
    'project bluebird',
    'acme corp',
    'the acme',
    'corp',
    'handbook',
    '極秘',
    'プロジェクト',
  ]);
});

it('time is linear', () => {
  expectLinearTime(rule, ['project ', 'acme corp']);
});
