// The browser's copy of a conversation after a send, the end of a stream, and a repeated response of the server.
import { expect, test } from 'vitest';
import { addTurn, updateGeneration } from '@/app/chat/conversation/conversation-cache';
import { visiblePath } from '@/app/chat/conversation/tree';
import type { ConversationData, SendResult } from '@/app/chat/conversation/types';

const empty: ConversationData = { id: 'c', title: 't', allowTraining: true, messages: [], comparisons: [] };
const answer = (n: number) => ({ messageId: `a${n}`, generationId: `g${n}` });
const result = (answers: SendResult['answers'], comparisonId: string | null = null): SendResult => ({
  conversationId: 'c',
  userMessageId: 'q',
  answers,
  comparisonId,
  allowTraining: true,
  text: 'hello',
  notices: [],
});
const NOON = new Date('2026-01-01T12:00:00Z');

test('a send adds the question and its running answer', () => {
  const after = addTurn(empty, { parentId: null }, result([answer(1)]), NOON);
  expect(after.messages.map((m) => [m.id, m.parentId, m.role, m.content, m.generation?.status])).toEqual([
    ['q', null, 'user', 'hello', undefined],
    ['a1', 'q', 'assistant', '', 'running'],
  ]);
});

test('a repeated result adds nothing', () => {
  const once = addTurn(empty, { parentId: null }, result([answer(1), answer(2)], 'x'), NOON);
  const twice = addTurn(once, { parentId: null }, result([answer(1), answer(2)], 'x'), NOON);
  expect(twice.messages).toHaveLength(3);
  expect(twice.comparisons).toHaveLength(1);
});

test('a regenerated answer is the newest even if the browser’s clock is an hour slow', () => {
  const first = addTurn(empty, { parentId: null }, result([answer(1)]), NOON);
  const slow = new Date(NOON.getTime() - 3_600_000);
  const second = addTurn(first, { replacesId: 'a1' }, result([answer(2)]), slow);
  const last = visiblePath(second.messages, second.comparisons, {}).at(-1);
  expect(last?.kind === 'message' && last.message).toMatchObject({ id: 'a2', replacesId: 'a1' });
});

test('the end of a stream settles only its own generation', () => {
  const both = addTurn(empty, { parentId: null }, result([answer(1), answer(2)], 'x'), NOON);
  const after = updateGeneration(both, 'g2', { status: 'done', finishReason: 'stop' }, 'hi');
  expect(after.messages.map((m) => [m.content, m.generation?.status])).toEqual([
    ['hello', undefined],
    ['', 'running'],
    ['hi', 'done'],
  ]);
});
