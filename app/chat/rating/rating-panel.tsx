'use client';

// Below a judged answer: what was saved or given, undo, and on request the panel that tells more.
import { X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useEffect, useRef } from 'react';
import { isCancelKey } from '@/app/lib/keys';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { IconButton } from '@/app/ui/icon-button';
import { Comment } from './comment';
import { Correction } from './correction';
import { Flaws } from './flaws';
import type { AnswerElement } from './passage/use-passage';
import { LINK, SavedNote } from './saved-note';
import { Scale } from './scale';
import type { AnswerFeedback } from './use-answer-feedback';

interface RatingPanelProps {
  feedback: AnswerFeedback;
  messageId: string;
  /** The answer's markdown, and the element that shows it. */
  text: string;
  answer: AnswerElement;
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
}

export function RatingPanel({ feedback, messageId, text, answer, isOpen, onOpenChange }: RatingPanelProps) {
  const t = useTranslations('feedback');
  const app = useTranslations('app');
  const sentenceOf = useErrorSentence();
  const { thumb, comment, rating, flaws, correction } = feedback;
  const { lastAct, error } = thumb;
  // As little as shows what has just appeared, so that the answer stays in view above it.
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (lastAct || isOpen) frame.current?.scrollIntoView({ block: 'nearest' });
  }, [lastAct, isOpen]);
  const more = (
    <button type="button" aria-expanded={isOpen} className={LINK} onClick={() => onOpenChange(!isOpen)}>
      {t(isOpen ? 'tellLess' : 'tellMore')}
    </button>
  );
  const given = [
    rating.current && t('ratingOf', { rating: rating.current.value.rating }),
    flaws.current && t('flawCount', { count: flaws.current.value.flaws.length }),
    correction.current && t('corrected'),
    thumb.current?.comment && t('commented'),
  ].filter((one) => one !== null && one !== undefined && one !== '');
  return (
    <div ref={frame} className="scroll-mb-4">
      {lastAct || error ? (
        <SavedNote
          text={lastAct ? t(sentenceOfAct(lastAct)) : ''}
          {...(lastAct && { undo: { label: t('undo'), isBusy: thumb.isSaving, onUndo: thumb.undo } })}
          error={error ? `${t('notSaved')} ${sentenceOf(error)}` : null}
        >
          {thumb.current && more}
        </SavedNote>
      ) : (
        (given.length > 0 || thumb.current) && (
          <SavedNote text={given.length > 0 ? t('given', { what: given.join(' · ') }) : ''}>{more}</SavedNote>
        )
      )}
      {isOpen && (
        <section
          aria-label={t('tellMore')}
          className="relative mt-2 max-w-xl animate-rise space-y-5 rounded-2xl border border-border bg-card p-4"
          onKeyDown={(event) => {
            // Escape does not discard what is being written.
            if (isCancelKey(event) && !(event.target instanceof HTMLTextAreaElement)) onOpenChange(false);
          }}
        >
          <IconButton label={app('close')} className="absolute top-2 right-2" onClick={() => onOpenChange(false)}>
            <X aria-hidden className="size-4" />
          </IconButton>
          <Scale rating={rating} />
          <Flaws flaws={flaws} text={text} answer={answer} />
          <Correction correction={correction} answer={text} />
          <Comment thumb={comment} messageId={messageId} />
        </section>
      )}
    </div>
  );
}

const sentenceOfAct = ({ did, kept }: NonNullable<AnswerFeedback['thumb']['lastAct']>) =>
  did === 'saved' ? 'saved' : kept?.comment ? 'removedWithComment' : 'removed';
