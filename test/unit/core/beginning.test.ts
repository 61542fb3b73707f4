// Texts are cut between words, in scripts with and without blanks.
import { expect, it } from 'vitest';
import { beginningOf, wordBoundary } from '@/core/text/beginning';

it.each([
  ['A short text', 20, 'A short text'],
  [' on \n\n one   line ', 20, 'on one line'],
  ['The quick brown fox jumps', 12, 'The quick…'],
  ['The quick brown fox jumps', 16, 'The quick brown…'],
  ['毎朝三十分散歩をすると、体が軽くなります。', 8, '毎朝三十分散歩…'],
  ['毎朝三十分散歩をすると、体が軽くなります。', 7, '毎朝三十分…'],
  // A word that is longer than the window is cut, but not inside a character.
  ['x'.repeat(300), 100, `${'x'.repeat(99)}…`],
  ['𠮷'.repeat(300), 10, '𠮷𠮷𠮷𠮷…'],
  ['👩‍👩‍👧 family of three', 12, '👩‍👩‍👧…'],
])('%j in %i characters is %j', (text, longest, cut) => {
  expect(beginningOf(text, longest)).toBe(cut);
});

it('a place between words stays, one inside a word moves to its beginning, and the first word may be cut', () => {
  const text = 'one two';
  expect([-1, 0, 2, 3, 4, 6, 7, 9].map((at) => wordBoundary(text, at))).toEqual([0, 0, 2, 3, 4, 4, 7, 7]);
});
