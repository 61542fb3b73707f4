// The language of a visitor is chosen or negotiated, and every sentence exists in every language.
import { expect, test } from 'vitest';
import en from '@/app/i18n/en.json';
import ja from '@/app/i18n/ja.json';
import { pickLocale } from '@/app/i18n/locale';

test('a chosen language takes precedence over what the browser asks for', () => {
  expect(pickLocale('ja', 'en-GB,en;q=0.9')).toBe('ja');
});

test('without a choice the browser’s highest-rated available language is used, or else English', () => {
  expect(pickLocale(undefined, 'fr, en;q=0.4, ja-JP;q=0.8')).toBe('ja');
  expect(pickLocale(undefined, 'fr, ja;q=0')).toBe('en');
  expect(pickLocale('xx', null)).toBe('en');
});

type Tree = { [key: string]: string | Tree };
/** The names of a sentence's placeholders; the braces directly inside one hold the words of its cases. */
function namesIn(sentence: string): string[] {
  const names = new Set<string>();
  let depth = 0;
  for (const [brace, name = ''] of sentence.matchAll(/[{}](\w*)/g)) {
    if (brace.startsWith('{') && depth % 2 === 0) names.add(name);
    depth += brace.startsWith('{') ? 1 : -1;
  }
  return [...names].sort();
}

/** Maps each `path` to the placeholders of its sentence. */
const placeholders = (tree: Tree, prefix = ''): [string, string[]][] =>
  Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string'
      ? [[prefix + key, namesIn(value)] as [string, string[]]]
      : placeholders(value, `${prefix}${key}.`),
  );

test('Japanese has every English sentence, with the same placeholders', () => {
  expect(Object.fromEntries(placeholders(ja))).toEqual(Object.fromEntries(placeholders(en)));
});
