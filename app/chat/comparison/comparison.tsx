'use client';

// Two answers side by side, written at the same time, and the choice between them, without the versions' names.
import { useTranslations } from 'next-intl';
import type { Turn } from '@/app/chat/conversation/tree';
import type { Choice, ComparisonData, MessageData } from '@/app/chat/conversation/types';
import type { Settle } from '@/app/chat/stream/use-answer-stream';
import { AnswerBody } from '@/app/chat/turn/answer-body';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Notice } from '@/app/ui/notice';
import { ChoiceRow } from './choice-row';

/** In the order of the keys 1 to 4. */
const CHOICES = [
  { choice: 'left', label: 'leftBetter' },
  { choice: 'right', label: 'rightBetter' },
  { choice: 'tie', label: 'tie' },
  { choice: 'both_bad', label: 'bothBad' },
] as const;

interface ComparisonProps {
  turn: Extract<Turn<MessageData, ComparisonData>, { kind: 'comparison' }>;
  settle: Settle;
  error: unknown;
  onChoose: (choice: Choice) => void;
  onStop: () => void;
}

export function Comparison({ turn, settle, error, onChoose, onStop }: ComparisonProps) {
  const t = useTranslations('feedback');
  const sentenceOf = useErrorSentence();
  const isReady = [turn.left, turn.right].every((message) => message.generation?.status !== 'running');
  return (
    <section aria-label={t('compareTitle')} className="xl:-mx-24">
      <div className="grid gap-4 md:grid-cols-2">
        {(['left', 'right'] as const).map((side) => (
          <article key={side} className="min-w-0 rounded-2xl border border-border bg-card p-4 sm:p-5">
            <h2 className="mb-3 font-medium text-muted-foreground text-sm">{t(side)}</h2>
            <AnswerBody message={turn[side]} settle={settle} onStop={onStop} />
          </article>
        ))}
      </div>
      <p aria-hidden className="mt-5 text-center font-medium text-sm">
        {t('compareTitle')}
      </p>
      <ChoiceRow
        label={t('compareTitle')}
        choices={CHOICES.map(({ choice, label }) => ({ choice, label: t(label) }))}
        chosen={null}
        isDisabled={!isReady}
        className="mx-auto mt-3 grid max-w-2xl grid-cols-2 gap-2 sm:grid-cols-4"
        onChoose={onChoose}
      />
      <p className="mt-2.5 text-balance text-center text-muted-foreground text-xs">
        {isReady ? t('compareSkip') : t('compareWait')}{' '}
        {isReady && <span className="hidden pointer-fine:inline">{t('compareKeys')}</span>}
      </p>
      {Boolean(error) && <Notice kind="error">{sentenceOf(error)}</Notice>}
    </section>
  );
}
