'use client';

// Shows the choice in a comparison with an undo button, or which answer the chat continued from without a choice.
import { useTranslations } from 'next-intl';
import type { ComparisonData, MessageData } from '@/app/chat/conversation/types';
import { SavedNote } from '@/app/chat/rating/saved-note';
import { useErrorSentence } from '@/app/lib/use-error-sentence';

interface VerdictProps {
  comparison: ComparisonData;
  message: MessageData;
  isBusy: boolean;
  error: unknown;
  onUndo: () => void;
}

const SIDE_BY_SIDE = { left: 'savedLeft', right: 'savedRight', tie: 'savedTie', both_bad: 'savedBothBad' } as const;

export function Verdict({ comparison, message, isBusy, error, onUndo }: VerdictProps) {
  const t = useTranslations('feedback');
  const sentenceOf = useErrorSentence();
  const isLeft = comparison.leftMessageId === message.id;
  const { choice, source } = comparison;
  if (choice === null) {
    return <SavedNote text={t('passedOver', { answer: t(isLeft ? 'left' : 'right') })} />;
  }
  const isThisBetter = choice === (isLeft ? 'left' : 'right');
  const text =
    source === 'side_by_side' ? t(SIDE_BY_SIDE[choice]) : t(isThisBetter ? 'savedThisBetter' : 'savedOtherBetter');
  return (
    <SavedNote
      text={text}
      undo={{ isBusy, onUndo, label: t('undo') }}
      error={error ? `${t('notSaved')} ${sentenceOf(error)}` : null}
    />
  );
}
