// Pure functions that change the browser's copy of a conversation: after a send, a stream's end, and feedback.
import type { Said } from '@/app/chat/rating/use-given';
import type { FeedbackKind } from '@/core/feedback/kinds';
import type { ConversationData, GenerationData, MessageData, SendResult } from './types';

/** A time later than every existing message, so that a slow clock cannot sort a new message before older ones. */
const timeAfter = (messages: readonly MessageData[], now: Date): Date =>
  new Date(messages.reduce((latest, message) => Math.max(latest, message.createdAt.getTime() + 1), now.getTime()));

const runningAnswer = (
  parentId: string,
  createdAt: Date,
  answer: SendResult['answers'][number],
  replacesId: string | null,
): MessageData => ({
  id: answer.messageId,
  parentId,
  role: 'assistant',
  content: '',
  createdAt,
  replacesId,
  notices: [],
  given: {},
  generation: {
    id: answer.generationId,
    status: 'running',
    finishReason: null,
    versionId: null,
    completionTokens: 0,
    thumb: null,
    reasons: [],
    comment: null,
    error: null,
  },
});

/** Adds what the server wrote for one turn: a question with its answers, or an answer in place of another. */
export function addTurn(
  conversation: ConversationData,
  turn: { parentId: string | null } | { replacesId: string },
  result: SendResult,
  now: Date,
): ConversationData {
  const createdAt = timeAfter(conversation.messages, now);
  const isThere = new Set(conversation.messages.map((message) => message.id));
  const added: MessageData[] = result.answers.map((answer) =>
    runningAnswer(result.userMessageId, createdAt, answer, 'replacesId' in turn ? turn.replacesId : null),
  );
  if ('parentId' in turn)
    added.unshift({
      id: result.userMessageId,
      parentId: turn.parentId,
      role: 'user',
      content: result.text,
      createdAt,
      replacesId: null,
      notices: result.notices,
      given: {},
      generation: null,
    });
  const [left, right] = result.answers;
  const isCompared = result.comparisonId !== null && left !== undefined && right !== undefined;
  const isKnown = conversation.comparisons.some((comparison) => comparison.id === result.comparisonId);
  return {
    ...conversation,
    messages: [...conversation.messages, ...added.filter((message) => !isThere.has(message.id))],
    comparisons:
      isCompared && !isKnown
        ? [
            ...conversation.comparisons,
            {
              id: result.comparisonId!,
              leftMessageId: left.messageId,
              rightMessageId: right.messageId,
              source: 'side_by_side',
              choice: null,
              strength: null,
              comment: null,
            },
          ]
        : conversation.comparisons,
  };
}

/** Changes the answer of one generation. */
export function updateGeneration(
  conversation: ConversationData,
  generationId: string,
  change: Partial<GenerationData>,
  content?: string,
  notices?: MessageData['notices'],
): ConversationData {
  return {
    ...conversation,
    messages: conversation.messages.map((message) =>
      message.generation?.id === generationId
        ? {
            ...message,
            content: content ?? message.content,
            notices: notices ?? message.notices,
            generation: { ...message.generation, ...change },
          }
        : message,
    ),
  };
}

/** Changes what the person has said about a message in one kind; null takes it back. */
export function updateGiven(
  conversation: ConversationData,
  messageId: string,
  kind: FeedbackKind,
  said: Said | null,
): ConversationData {
  return {
    ...conversation,
    messages: conversation.messages.map((message) => {
      if (message.id !== messageId) return message;
      const { [kind]: before, ...others } = message.given;
      return { ...message, given: said ? { ...others, [kind]: { id: before?.id ?? '', ...said } } : others };
    }),
  };
}
