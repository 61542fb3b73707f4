'use client';

// The visible path as a log of turns; of a long one only the end is drawn at first, so that the page stays small.
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { Comparison } from '@/app/chat/comparison/comparison';
import type { Turn } from '@/app/chat/conversation/tree';
import type { ComparisonData, MessageData } from '@/app/chat/conversation/types';
import type { Conversation } from '@/app/chat/conversation/use-conversation';
import type { Settle } from '@/app/chat/stream/use-answer-stream';
import { Button } from '@/app/ui/button';
import { Answer } from './answer';
import { PendingAnswer, PendingQuestion } from './pending';
import { Question } from './question';

export type Send = { text: string; parentId: string | null; clientMessageId: string };
export type Regenerate = { messageId: string; clientMessageId: string };

interface TurnListProps {
  path: readonly Turn<MessageData, ComparisonData>[];
  comparisons: readonly ComparisonData[];
  /** Set only if a judgement would be used. */
  asksToCompare: boolean;
  conversation: Conversation;
  settle: Settle;
  onBranch: (parentId: string | null, childId: string) => void;
  onEdit: (message: MessageData, text: string) => void;
  onRegenerate: (messageId: string) => void;
  onRetrySend: (variables: Send) => void;
  /** Sends a text in place of one that could not be sent. */
  onReplace: (text: string, parentId: string | null) => void;
  onStop: () => void;
  onRetryRegenerate: (variables: Regenerate) => void;
}

/** Turns drawn at first, and how many each press of the button adds. */
const PAGE = 60;

export function TurnList({ path, comparisons, asksToCompare, conversation, settle, ...on }: TurnListProps) {
  const t = useTranslations('chat');
  const [limit, setLimit] = useState(PAGE);
  const { send, regenerate } = conversation;
  const sent = send.isPending || send.isError ? send.variables : null;
  const asked = regenerate.isPending || regenerate.isError ? regenerate.variables : null;

  // A pending turn replaces the branch that it leaves: an edited question or a regenerated answer.
  const idOf = (turn: (typeof path)[number]) => (turn.kind === 'message' ? turn.message.id : turn.left.id);
  const cut = sent
    ? path.findIndex((turn) => idOf(turn) === sent.parentId) + 1
    : asked
      ? path.findIndex((turn) => idOf(turn) === asked.messageId)
      : path.length;
  const kept = path.slice(0, Math.max(0, cut));
  const first = Math.max(0, kept.length - limit);

  return (
    <div role="log" aria-live="off" aria-label={t('log')} className="flex flex-col gap-6">
      {first > 0 && (
        <Button size="small" className="mx-auto" onClick={() => setLimit(limit + PAGE)}>
          {t('earlier', { count: first })}
        </Button>
      )}
      {kept.slice(first).map((turn) => {
        if (turn.kind === 'comparison')
          return (
            <Comparison
              key={turn.comparison.id}
              turn={turn}
              settle={settle}
              isBusy={conversation.compare.isPending}
              error={conversation.compare.error}
              onChoose={(choice) => conversation.compare.mutate({ comparisonId: turn.comparison.id, choice })}
              onStop={on.onStop}
            />
          );
        const pager = {
          index: turn.index,
          count: turn.siblings.length,
          onGo: (index: number) => {
            const sibling = turn.siblings[index];
            if (sibling) on.onBranch(sibling.parentId, sibling.id);
          },
        };
        return turn.message.role === 'user' ? (
          <Question
            key={turn.message.id}
            message={turn.message}
            pager={pager}
            onEdit={(text) => on.onEdit(turn.message, text)}
          />
        ) : (
          <Answer
            key={turn.message.id}
            message={turn.message}
            rival={asksToCompare ? findRival(turn, comparisons) : null}
            comparison={comparisons.find((c) => isPartOf(c, turn.message)) ?? null}
            pager={pager}
            settle={settle}
            conversation={conversation}
            onRegenerate={() => on.onRegenerate(turn.message.id)}
          />
        );
      })}
      {sent && (
        <PendingQuestion
          text={sent.text}
          error={send.error}
          onRetry={() => on.onRetrySend(sent)}
          onReplace={(text) => on.onReplace(text, sent.parentId)}
        />
      )}
      {asked && <PendingAnswer error={regenerate.error} onRetry={() => on.onRetryRegenerate(asked)} />}
    </div>
  );
}

const isPartOf = ({ leftMessageId, rightMessageId }: ComparisonData, { id }: MessageData) =>
  leftMessageId === id || rightMessageId === id;

/** The previous answer, if both are finished and this one has not been compared yet. */
function findRival(
  turn: Extract<Turn<MessageData, ComparisonData>, { kind: 'message' }>,
  comparisons: readonly ComparisonData[],
): MessageData | null {
  const rival = turn.siblings[turn.index - 1];
  const isNewest = turn.index === turn.siblings.length - 1;
  const isCompared = comparisons.some((comparison) => isPartOf(comparison, turn.message));
  const areDone = turn.message.generation?.status === 'done' && rival?.generation?.status === 'done';
  return rival && isNewest && areDone && !isCompared ? rival : null;
}
