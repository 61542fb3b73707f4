// Enter sends and Escape cancels, but neither does while an input method composes.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyboardEvent as ReactKeyboardEvent } from 'react';
import { expect, test } from 'vitest';
import { isCancelKey, isSendKey, isWriting, keepOpenWhileComposing } from '@/app/lib/keys';

const press = (key: string, extra: Partial<KeyboardEvent> = {}) => {
  const native = { key, isComposing: false, keyCode: 0, ...extra } as KeyboardEvent;
  return { ...native, nativeEvent: native } as unknown as ReactKeyboardEvent;
};

test('Enter sends and Escape cancels', () => {
  expect(isSendKey(press('Enter'))).toBe(true);
  expect(isSendKey(press('Enter', { shiftKey: true }))).toBe(false);
  expect(isCancelKey(press('Escape'))).toBe(true);
});

test.each([
  ['while a word is composed', { isComposing: true }],
  ['as Safari reports the key that ends a composition', { keyCode: 229 }],
])('neither works %s', (_name, extra) => {
  expect(isSendKey(press('Enter', extra))).toBe(false);
  expect(isCancelKey(press('Escape', extra))).toBe(false);
});

test('a layer stays open at the Escape that drops a composed word, and closes at the next one', () => {
  const isKeptOpen = (isComposing: boolean) => {
    let isPrevented = false;
    keepOpenWhileComposing({
      isComposing,
      keyCode: 27,
      preventDefault: () => {
        isPrevented = true;
      },
    } as KeyboardEvent);
    return isPrevented;
  };
  expect(isKeptOpen(true)).toBe(true);
  expect(isKeptOpen(false)).toBe(false);
});

test('letters, digits and composed words count as writing; shortcuts, blanks and arrows do not', () => {
  const writes = (key: string, extra = {}) => isWriting(press(key, extra).nativeEvent);
  expect(['a', '2', 'あ', '😀'].map((key) => writes(key))).toEqual([true, true, true, true]);
  expect(writes('Process', { keyCode: 229 })).toBe(true);
  expect([' ', 'Enter', 'ArrowUp', 'Tab', 'F5'].map((key) => writes(key))).toEqual(Array(5).fill(false));
  expect(writes('c', { ctrlKey: true })).toBe(false);
});

test('no page compares a key with Enter or Escape itself', () => {
  const root = join(import.meta.dirname, '../../../app');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (name) => /\.tsx?$/.test(name) && name !== join('lib', 'keys.ts'),
  );
  const found = files.filter((name) => /===? '(Enter|Escape)'/.test(readFileSync(join(root, name), 'utf8')));
  expect(found).toEqual([]);
});
