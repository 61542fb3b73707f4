'use client';

// The panel below a rated answer: what was saved, a button to undo it, and a small form for the reasons.
import { useTranslations } from 'next-intl';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { ReasonForm } from './reason-form';
import { SavedNote } from './saved-note';
import type { LastAct, RatingControl } from './use-rating';

const sentenceOfAct = ({ did, kept }: LastAct) =>
  did === 'saved' ? 'saved' : kept?.comment ? 'removedWithComment' : 'removed';

export function RatingPanel({ rating }: { rating: RatingControl }) {
  const t = useTranslations('feedback');
  const sentenceOf = useErrorSentence();
  const { current, lastAct, isFormOpen, isSaving, error } = rating;
  return (
    <>
      {(lastAct || Boolean(error)) && (
        <SavedNote
          text={lastAct ? t(sentenceOfAct(lastAct)) : ''}
          {...(lastAct && { undo: { label: t('undo'), isBusy: isSaving, onUndo: rating.undo } })}
          error={error ? `${t('notSaved')} ${sentenceOf(error)}` : null}
        />
      )}
      {isFormOpen && current && (
        <ReasonForm
          key={current.value}
          rating={current}
          isSaving={isSaving}
          onSend={rating.explain}
          onClose={rating.closeForm}
        />
      )}
    </>
  );
}
