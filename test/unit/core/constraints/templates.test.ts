// Every kind of rule has a template, and every template keeps its own examples.
import { describe, expect, it } from 'vitest';
import { judge } from '@/core/constraints/judge';
import { DEFAULT_RULES, Rule } from '@/core/constraints/rules';
import { RULE_TEMPLATES } from '@/core/constraints/templates';

describe.each(RULE_TEMPLATES.filter(({ examples }) => examples.length > 0))('$id', (rule) => {
  it.each(rule.examples)('$text: $isHit', ({ text, isHit }) => {
    expect(judge({ version: 1, rules: [rule] }, text).hits.length > 0).toBe(isHit);
  });
});

it('there is one a kind, and their names are distinct', () => {
  const kinds = Rule.options.map((option) => option.shape.kind.value);
  expect(new Set(RULE_TEMPLATES.map(({ kind }) => kind))).toEqual(new Set(kinds));
  expect(new Set(RULE_TEMPLATES.map(({ id }) => id)).size).toBe(RULE_TEMPLATES.length);
});

it('one that asks a server has no address, and cannot be saved without one', () => {
  const http = RULE_TEMPLATES.find(({ kind }) => kind === 'http')!;
  expect(http).toMatchObject({ url: '' });
  expect(Rule.safeParse(http).error!.issues.map(({ path }) => path)).toEqual([['url']]);
});

it('nothing but profanity is forbidden without being asked for', () => {
  expect(DEFAULT_RULES.rules.map(({ kind }) => kind)).toEqual(['profanity']);
});
