// A passage that is marked in a drawn answer is the same passage of its markdown, and an order of answers stays one.
import { expect, test } from 'vitest';
import { moved, orderByWins } from '@/app/chat/comparison/order';
import { locatePieces, sentencesOf, trimSpan } from '@/app/chat/rating/passage/locate';
import { coarse } from '@/server/services/version/changes';

const MARKDOWN = 'Sleep **well**:\n\n1. Keep *cool*.\n2. See [this](https://a.b/and) and rest.';
const words = ({ start, end }: { start: number; end: number }) => MARKDOWN.slice(start, end);

test('pieces that are drawn without their marks are found at their places in the markdown', () => {
  const pieces = ['Sleep ', 'well', ':', '\n', 'Keep ', 'cool', '.', 'See ', 'this', ' and rest.'];
  const places = locatePieces(pieces, MARKDOWN);
  const exact = places.filter(({ isExact }) => isExact);
  expect(exact.map(words)).toEqual(pieces.filter((piece) => piece.trim() !== ''));
  // "and" of the address is not taken for the word: the piece is " and rest.", with its blank.
  expect(places.at(-1)).toEqual({ start: MARKDOWN.length - 10, end: MARKDOWN.length, isExact: true });
});

test('a piece that the markdown writes in another way takes the gap between its neighbours', () => {
  const markdown = 'Salt &amp; pepper, *please*';
  const [entity, please] = locatePieces(['Salt & pepper, ', 'please'], markdown);
  expect(entity).toEqual({ start: 0, end: markdown.indexOf('please'), isExact: false });
  expect(please).toMatchObject({ start: markdown.indexOf('please'), isExact: true });
});

test('a passage has no blanks at its ends, and blanks alone are none', () => {
  expect(trimSpan({ start: 5, end: 8 }, 'Sleep **well**')).toEqual({ start: 6, end: 8 });
  expect(trimSpan({ start: 5, end: 6 }, 'Sleep **well**')).toBeNull();
});

test('sentences end where a reader ends them, in scripts without blanks too', () => {
  const text = '空は青い。なぜ？\n\n---\n\nIt scatters light. Yes.';
  expect(sentencesOf(text).map(({ start, end }) => text.slice(start, end))).toEqual([
    '空は青い。',
    'なぜ？',
    'It scatters light.',
    'Yes.',
  ]);
});

test('an answer moves by its steps and no further than the ends', () => {
  expect(moved(['a', 'b', 'c'], 'c', -1)).toEqual(['a', 'c', 'b']);
  expect(moved(['a', 'b', 'c'], 'a', 5)).toEqual(['b', 'c', 'a']);
  expect(moved(['a', 'b', 'c'], 'a', -1)).toEqual(['a', 'b', 'c']);
});

test('a public page counts people in steps of five, and says nothing about four', () => {
  expect(coarse(900, 4)).toEqual({ atLeastVotes: null, atLeastPeople: null });
  expect(coarse(13, 9)).toEqual({ atLeastVotes: 10, atLeastPeople: 5 });
});

test('an order of answers begins with the votes between them, and the latest counts where two contradict', () => {
  const win = (pair: string) => ({ winner: pair[0]!, loser: pair[2]! });
  const order = (...wins: string[]) => orderByWins(['a', 'b', 'c'], wins.map(win)).join('');
  expect(order()).toBe('abc');
  expect(order('a>b')).toBe('abc');
  expect(order('b>a')).toBe('bac');
  expect(order('b>a', 'c>b')).toBe('cba');
  expect(order('a>b', 'b>a')).toBe('bac');
  expect(order('a>b', 'b>c', 'c>a')).toBe('bca');
  expect(order('b>b', 'x>a')).toBe('abc');
});
