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
/** Maps each `path` to the names in braces in its sentence. */
const placeholders = (tree: Tree, prefix = ''): [string, string[]][] =>
  Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string'
      ? [[prefix + key, [...value.matchAll(/\{(\w+)/g)].map((match) => match[1]!).sort()] as [string, string[]]]
      : placeholders(value, `${prefix}${key}.`),
  );

test('Japanese has every English sentence, with the same placeholders', () => {
  expect(Object.fromEntries(placeholders(ja))).toEqual(Object.fromEntries(placeholders(en)));
});
