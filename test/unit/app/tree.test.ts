// What a conversation shows (paths, siblings and comparisons) follows from its messages and the chosen branches.
import { expect, test } from 'vitest';
import { type Branches, ROOT, type TreeComparison, tipOf, visiblePath } from '@/app/chat/conversation/tree';

let clock = 0;
const message = (id: string, parentId: string | null) => ({ id, parentId, createdAt: new Date(clock++) });
const compare = (
  choice: TreeComparison['choice'],
  source: TreeComparison['source'] = 'side_by_side',
): TreeComparison => ({ leftMessageId: 'a1', rightMessageId: 'a2', source, choice });

/** `a1(1/2)` for a message, `a1|a2` for a comparison. */
const show = (messages: ReturnType<typeof message>[], comparisons: TreeComparison[] = [], branches: Branches = {}) =>
  visiblePath(messages, comparisons, branches).map((turn) =>
    turn.kind === 'comparison'
      ? `${turn.left.id}|${turn.right.id}`
      : `${turn.message.id}(${turn.index + 1}/${turn.siblings.length})`,
  );

test('an empty conversation shows nothing and has no tip', () => {
  expect(show([])).toEqual([]);
  expect(tipOf(visiblePath([], [], {}))).toBeNull();
});

test('the newest of several siblings is shown, whatever order the rows come in', () => {
  const q = message('q', null);
  const first = message('a1', 'q');
  const second = message('a2', 'q');
  expect(show([second, q, first])).toEqual(['q(1/1)', 'a2(2/2)']);
});

test('a chosen branch decides everything below it', () => {
  const rows = [message('q', null), message('a1', 'q'), message('b1', 'a1'), message('a2', 'q'), message('b2', 'a2')];
  expect(show(rows)).toEqual(['q(1/1)', 'a2(2/2)', 'b2(1/1)']);
  expect(show(rows, [], { q: 'a1' })).toEqual(['q(1/1)', 'a1(1/2)', 'b1(1/1)']);
});

test('without a chosen branch the one with the latest message below is shown, not the newest sibling', () => {
  const [q, a1, a2] = [message('q', null), message('a1', 'q'), message('a2', 'q')];
  const [b1, c1] = [message('b1', 'a1'), message('c1', 'b1')];
  expect(show([q, a1, a2, b1, c1])).toEqual(['q(1/1)', 'a1(1/2)', 'b1(1/1)', 'c1(1/1)']);
  // This also holds for the loser of a comparison, if the chat was continued there.
  expect(show([q, a1, a2, b1, c1], [compare('right')])[1]).toBe('a1(1/2)');
  const again = message('a3', 'q');
  expect(show([q, a1, a2, b1, c1, again])).toEqual(['q(1/1)', 'a3(3/3)']);
});

test('a conversation of ten thousand turns is shown without a deep stack', () => {
  const rows = Array.from({ length: 10_000 }, (_, i) => message(`m${i}`, i === 0 ? null : `m${i - 1}`));
  expect(show(rows)).toHaveLength(10_000);
});

test('an edited first message is a sibling at the root', () => {
  const rows = [message('q1', null), message('a1', 'q1'), message('q2', null)];
  expect(show(rows)).toEqual(['q2(2/2)']);
  expect(show(rows, [], { [ROOT]: 'q1' })).toEqual(['q1(1/2)', 'a1(1/1)']);
});

test('a branch that names a missing message is ignored', () => {
  expect(show([message('q', null), message('a1', 'q')], [], { q: 'gone' })).toEqual(['q(1/1)', 'a1(1/1)']);
});

test('an open comparison ends the path with both sides, and the next message goes below the left one', () => {
  const rows = [message('q', null), message('a1', 'q'), message('a2', 'q')];
  const path = visiblePath(rows, [compare(null)], {});
  expect(show(rows, [compare(null)])).toEqual(['q(1/1)', 'a1|a2']);
  expect(tipOf(path)?.id).toBe('a1');
});

test('a decided comparison shows the winner, and the left side of a draw', () => {
  const rows = [message('q', null), message('a1', 'q'), message('a2', 'q')];
  expect(show(rows, [compare('right')])).toEqual(['q(1/1)', 'a2(2/2)']);
  expect(show(rows, [compare('left')])).toEqual(['q(1/1)', 'a1(1/2)']);
  expect(show(rows, [compare('tie')])).toEqual(['q(1/1)', 'a1(1/2)']);
});

test('a comparison without a choice shows the side from which the chat continued', () => {
  const rows = [message('q', null), message('a1', 'q'), message('a2', 'q'), message('b', 'a2')];
  expect(show(rows, [compare(null)])).toEqual(['q(1/1)', 'a2(2/2)', 'b(1/1)']);
});

test('a newer sibling hides an older open comparison', () => {
  const rows = [message('q', null), message('a1', 'q'), message('a2', 'q'), message('a3', 'q')];
  expect(show(rows, [compare(null)])).toEqual(['q(1/1)', 'a3(3/3)']);
});
