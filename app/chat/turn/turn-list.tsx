'use client';

// The visible path as a log of turns; of a long one only the end is drawn at first, so that the page stays small.
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { Comparison } from '@/app/chat/comparison/comparison';
import type { Turn } from '@/app/chat/conversation/tree';
import type { ComparisonData, MessageData } from '@/app/chat/conversation/types';
import type { Conversation } from '@/app/chat/conversation/use-conversation';
import type { ConversationFeedback } from '@/app/chat/conversation/use-feedback';
import type { Signals } from '@/app/chat/signals/use-signals';
import type { Settle } from '@/app/chat/stream/use-answer-stream';
import { Button } from '@/app/ui/button';
import { AnswerTurn } from './answer-turn';
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
  feedback: ConversationFeedback;
  signals: Signals;
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

export function TurnList({
  path,
  comparisons,
  asksToCompare,
  conversation,
  feedback,
  signals,
  settle,
  ...on
}: TurnListProps) {
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
      {kept.slice(first).map((turn, place) => {
        if (turn.kind === 'comparison')
          return (
            <Comparison
              key={turn.comparison.id}
              turn={turn}
              settle={settle}
              error={feedback.comparison.error}
              onChoose={(choice) => feedback.comparison.choose({ comparisonId: turn.comparison.id }, { choice })}
              onStop={on.onStop}
            />
          );
        if (turn.message.role === 'user')
          return (
            <Question
              key={turn.message.id}
              message={turn.message}
              pager={{
                index: turn.index,
                count: turn.siblings.length,
                onGo: (index: number) => {
                  const sibling = turn.siblings[index];
                  if (sibling) on.onBranch(sibling.parentId, sibling.id);
                },
              }}
              later={path.length - 1 - first - place}
              onEdit={(text) => on.onEdit(turn.message, text)}
            />
          );
        const question = kept[first + place - 1];
        return (
          <AnswerTurn
            key={`answers ${turn.message.parentId}`}
            turn={turn}
            question={question?.kind === 'message' ? question.message : null}
            comparisons={comparisons}
            asks={asksToCompare}
            decidedId={feedback.comparison.decidedId}
            later={path.length - 1 - first - place}
            settle={settle}
            conversation={conversation}
            feedback={feedback}
            signals={signals}
            onBranch={on.onBranch}
            onRegenerate={on.onRegenerate}
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
