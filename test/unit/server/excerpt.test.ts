// The sentences around a hit, also of a hit whose text is gone or has become shorter.
import { expect, it } from 'vitest';
import { sentencesAround } from '@/server/services/rule/excerpt';

it('are those that the hit touches', () => {
  expect(sentencesAround('One. Two is bad. Three.', { start: 12, end: 15 })).toEqual({
    text: 'Two is bad.',
    start: 7,
    end: 10,
  });
});

it('end with the text, wherever the hit ends', () => {
  const none = { text: '', start: 0, end: 0 };
  expect(sentencesAround('', { start: 0, end: 9 })).toEqual(none);
  expect(sentencesAround('', { start: 16, end: 25 })).toEqual(none);
  expect(sentencesAround('One. Two', { start: 6, end: 99 })).toEqual({ text: 'Two', start: 1, end: 3 });
  expect(sentencesAround('One. Two', { start: 50, end: 99 }).text).toBe('Two');
});
