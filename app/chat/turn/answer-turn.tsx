'use client';

// An answer of the path: alone, or, when it was just regenerated, beside the former one; and a ranking of several.
import { useState } from 'react';
import { Ranking } from '@/app/chat/comparison/ranking';
import { Regenerated } from '@/app/chat/comparison/regenerated';
import type { Turn } from '@/app/chat/conversation/tree';
import type { ComparisonData, MessageData } from '@/app/chat/conversation/types';
import { Answer, type AnswerProps } from './answer';

interface AnswerTurnProps extends Omit<AnswerProps, 'message' | 'comparison' | 'pager' | 'isLast' | 'onRegenerate'> {
  turn: Extract<Turn<MessageData, ComparisonData>, { kind: 'message' }>;
  question: MessageData | null;
  comparisons: readonly ComparisonData[];
  /** False where a judgement would not be used. */
  asks: boolean;
  /** The comparison that was decided on this page just now. */
  decidedId: string | null;
  onBranch: (parentId: string | null, childId: string) => void;
  onRegenerate: (messageId: string) => void;
}

/** Answers from which a ranking says more than a comparison. */
const RANKABLE = 3;

export function AnswerTurn({
  turn,
  question,
  comparisons,
  asks,
  decidedId,
  onBranch,
  onRegenerate,
  ...shared
}: AnswerTurnProps) {
  const { message, siblings } = turn;
  const { later, feedback } = shared;
  const isLast = later === 0;
  const [closedId, setClosedId] = useState<string | null>(null);
  const former = isLast && closedId !== message.id ? findFormer(turn, comparisons) : null;
  const finished = siblings.filter((sibling) => sibling.generation?.status === 'done');

  const answerOf = (shown: MessageData) => {
    // Beside a newer answer, what was said in an earlier comparison would look like a verdict on this one.
    const own = shown === message ? comparisons.filter((comparison) => isPartOf(comparison, shown)) : [];
    // An answer that was regenerated more than once is in several: what was just said is the one to undo.
    const data = own.find(({ id }) => id === decidedId) ?? own.at(-1);
    return (
      <Answer
        key={shown.id}
        {...shared}
        message={shown}
        isLast={isLast && shown === message}
        comparison={data ? { data, isNew: data.id === decidedId } : null}
        pager={{
          index: siblings.indexOf(shown),
          // Beside each other, both are in view.
          count: shown === message ? siblings.length : 1,
          onGo: (to) => {
            const sibling = siblings[to];
            if (sibling) onBranch(sibling.parentId, sibling.id);
          },
        }}
        onRegenerate={() => onRegenerate(shown.id)}
      />
    );
  };
  const ranking = asks && isLast && question && finished.length >= RANKABLE && (
    <Ranking question={question} answers={finished} comparisons={comparisons} say={feedback.say} />
  );
  if (!former)
    return (
      <div>
        {answerOf(message)}
        {ranking}
      </div>
    );
  return (
    <div>
      <Regenerated
        former={answerOf(former)}
        isReady={[former, message].every(({ generation }) => generation?.status === 'done')}
        asks={asks}
        error={feedback.comparison.error}
        onClose={() => setClosedId(message.id)}
        onChoose={(choice) => {
          const leftGenerationId = former.generation?.id;
          const rightGenerationId = message.generation?.id;
          if (leftGenerationId && rightGenerationId)
            feedback.comparison.choose({ leftGenerationId, rightGenerationId }, { choice });
        }}
      >
        {answerOf(message)}
      </Regenerated>
      {ranking}
    </div>
  );
}

const isPartOf = ({ leftMessageId, rightMessageId }: ComparisonData, { id }: MessageData) =>
  leftMessageId === id || rightMessageId === id;

/** The finished answer that the newest one was asked to replace, while the two are not compared. */
function findFormer(
  { message, siblings, index }: AnswerTurnProps['turn'],
  comparisons: readonly ComparisonData[],
): MessageData | null {
  if (index !== siblings.length - 1) return null;
  if (comparisons.some((comparison) => isPartOf(comparison, message))) return null;
  const former = siblings.find(({ id }) => id === message.replacesId);
  return former?.generation?.status === 'done' && message.generation?.status !== 'failed' ? former : null;
}
