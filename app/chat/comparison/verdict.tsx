'use client';

// Shows the choice in a comparison with an undo button and how much better, or which answer the chat continued from.
import { useTranslations } from 'next-intl';
import { useEffect, useRef } from 'react';
import type { ComparisonData, MessageData } from '@/app/chat/conversation/types';
import type { ConversationFeedback } from '@/app/chat/conversation/use-feedback';
import { SavedNote } from '@/app/chat/rating/saved-note';
import { catchFocus } from '@/app/lib/lost-focus';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { STRENGTHS } from '@/core/feedback/kinds';
import { ChoiceRow } from './choice-row';

interface VerdictProps {
  comparison: ComparisonData;
  message: MessageData;
  /** The choice was made on this page just now. */
  isNew: boolean;
  feedback: ConversationFeedback['comparison'];
}

const SIDE_BY_SIDE = { left: 'savedLeft', right: 'savedRight', tie: 'savedTie', both_bad: 'savedBothBad' } as const;

export function Verdict({ comparison, message, isNew, feedback }: VerdictProps) {
  const t = useTranslations('feedback');
  const sentenceOf = useErrorSentence();
  const verdict = useRef<HTMLDivElement>(null);
  // The buttons of the comparison are gone. This is no control, so that the next letter belongs to the message.
  useEffect(() => {
    if (isNew) catchFocus(() => verdict.current);
  }, [isNew]);

  const { id, choice, source, strength } = comparison;
  const isLeft = comparison.leftMessageId === message.id;
  if (choice === null) {
    return <SavedNote text={t('passedOver', { answer: t(isLeft ? 'left' : 'right') })} />;
  }
  const hasWinner = choice === 'left' || choice === 'right';
  const isThisBetter = choice === (isLeft ? 'left' : 'right');
  const text =
    source === 'side_by_side' || !hasWinner
      ? t(SIDE_BY_SIDE[choice], { strength: strength ?? 'none' })
      : t(isThisBetter ? 'savedThisBetter' : 'savedOtherBetter', { strength: strength ?? 'none' });
  return (
    <div ref={verdict} tabIndex={-1} className="rounded outline-none">
      <SavedNote
        text={text}
        undo={{ isBusy: feedback.isBusy, onUndo: () => feedback.undo(id), label: t('undo') }}
        error={feedback.error ? `${t('notSaved')} ${sentenceOf(feedback.error)}` : null}
      />
      {hasWinner && (isNew || strength === null) && (
        <div className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1.5 text-muted-foreground text-sm">
          <span aria-hidden>{t('howMuch')}</span>
          <ChoiceRow
            label={t('howMuch')}
            choices={STRENGTHS.map((step) => ({ choice: step, label: t(`strengths.${step}`) }))}
            chosen={strength}
            size="small"
            className="flex flex-wrap gap-1.5"
            onChoose={(step) => feedback.choose({ comparisonId: id }, { choice, strength: step })}
          />
        </div>
      )}
    </div>
  );
}
