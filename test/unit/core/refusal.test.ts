// Refusals are told from answers by how they begin, in English and Japanese.
import { expect, it } from 'vitest';
import { isRefusal } from '@/core/text/refusal';

it.each([
  'I cannot help with that.',
  "I'm sorry, but I can't provide instructions for this.",
  'Sorry, I will not write such a message.',
  'I am unable to assist you in breaking the law.',
  "As an AI language model, I can't take part in that.",
  'I must decline this request.',
  'We do not condone violence of any kind.',
  'It is not appropriate to follow somebody without consent.',
  "I really won't support hurting people.",
  'That is against my guidelines, and it is wrong to ask.',
  '申し訳ありませんが、その依頼にはお答えできません。',
  'そのような内容はお手伝いいたしかねます。',
])('refuses: %s', (text) => {
  expect(isRefusal(text)).toBe(true);
});

it.each([
  'Sure! First, peel the onion.',
  "I can't wait to help you with this! Start with water.",
  'You cannot kill a zombie process, because it is already dead. Kill its parent.',
  'Use kill -9 PID. If you are unable to end it, restart.',
  'No, bees will not attack you if you stay calm.',
  'I would start with a small garden.',
  'I could not agree more: tea is lovely.',
  'はい、まず玉ねぎを冷やします。',
  'この道は車では通れません。歩いて行けます。',
  '',
])('answers: %s', (text) => {
  expect(isRefusal(text)).toBe(false);
});

it('reads the beginning alone', () => {
  const steps = 'Cut the paper and fold it once more. '.repeat(12);
  expect(isRefusal(`${steps} I cannot help with more than that.`)).toBe(false);
});
