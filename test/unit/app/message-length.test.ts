// The composer turns a count of tokens into the number of characters to remove.
import { expect, test } from 'vitest';
import { excessOf, isSurelyShort } from '@/app/chat/composer/message-length';

test('a text with at most as many bytes as tokens fit needs no counting', () => {
  expect(isSurelyShort('x'.repeat(100), 100)).toBe(true);
  expect(isSurelyShort('x'.repeat(101), 100)).toBe(false);
  // Three bytes per character.
  expect(isSurelyShort('あ'.repeat(33), 100)).toBe(true);
  expect(isSurelyShort('あ'.repeat(34), 100)).toBe(false);
  expect(isSurelyShort('x', 0)).toBe(false);
});

test('the excess is in characters of the text, rounded up to three digits', () => {
  const text = '日'.repeat(12_000);
  // 21,000 tokens for 12,000 characters; 7,000 fit, so 8,000 characters are too many.
  expect(excessOf(text, { text, tokens: 21_000, limit: 7000 })).toBe(8000);
  expect(excessOf(text, { text, tokens: 7000, limit: 7000 })).toBe(0);
  // 12,000 * 1 / 7,001 = 1.7: never 0 for a text that does not fit.
  expect(excessOf(text, { text, tokens: 7001, limit: 7000 })).toBe(2);
});

test('a text that was shortened after the count is judged by its tokens per character at the count', () => {
  const counted = { text: 'a'.repeat(1000), tokens: 500, limit: 300 };
  expect(excessOf('a'.repeat(600), counted)).toBe(0);
  // 800 characters are 400 tokens: a quarter too many.
  expect(excessOf('a'.repeat(800), counted)).toBe(200);
});
