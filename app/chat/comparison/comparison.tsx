'use client';

// Two answers side by side, written at the same time, and the choice between them, without the versions' names.
import { useTranslations } from 'next-intl';
import { type KeyboardEvent, useRef } from 'react';
import type { Turn } from '@/app/chat/conversation/tree';
import type { Choice, ComparisonData, MessageData } from '@/app/chat/conversation/types';
import type { Settle } from '@/app/chat/stream/use-answer-stream';
import { AnswerBody } from '@/app/chat/turn/answer-body';
import { isComposing } from '@/app/lib/keys';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { Notice } from '@/app/ui/notice';

/** In the order of the keys 1 to 4. */
const CHOICES = [
  { choice: 'left', label: 'leftBetter' },
  { choice: 'right', label: 'rightBetter' },
  { choice: 'tie', label: 'tie' },
  { choice: 'both_bad', label: 'bothBad' },
] as const;

const STEPS: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

interface ComparisonProps {
  turn: Extract<Turn<MessageData, ComparisonData>, { kind: 'comparison' }>;
  settle: Settle;
  isBusy: boolean;
  error: unknown;
  onChoose: (choice: Choice) => void;
  onStop: () => void;
}

export function Comparison({ turn, settle, isBusy, error, onChoose, onStop }: ComparisonProps) {
  const t = useTranslations('feedback');
  const sentenceOf = useErrorSentence();
  const isReady = [turn.left, turn.right].every((message) => message.generation?.status !== 'running');
  const buttons = useRef<(HTMLButtonElement | null)[]>([]);

  // Only the person moves the focus here, so that no key pressed while writing becomes a vote.
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isComposing(event.nativeEvent)) return;
    const picked = CHOICES[Number(event.key) - 1];
    const step = STEPS[event.key];
    if (!picked && step === undefined) return;
    event.preventDefault();
    if (picked && isReady && !isBusy) onChoose(picked.choice);
    if (step === undefined) return;
    const at = buttons.current.indexOf(document.activeElement as HTMLButtonElement);
    buttons.current[(at + step + CHOICES.length) % CHOICES.length]?.focus();
  };

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
      <fieldset disabled={!isReady} onKeyDown={onKeyDown} className="mt-5 rounded-xl text-center">
        <legend className="mx-auto font-medium text-sm">{t('compareTitle')}</legend>
        <div className="mx-auto mt-3 grid max-w-2xl grid-cols-2 gap-2 sm:grid-cols-4">
          {CHOICES.map(({ choice, label }, index) => (
            <Button
              key={choice}
              ref={(button) => {
                buttons.current[index] = button;
              }}
              aria-keyshortcuts={String(index + 1)}
              onClick={() => !isBusy && onChoose(choice)}
            >
              <kbd
                aria-hidden
                className="hidden min-w-5 rounded border border-border bg-muted px-1 font-sans text-muted-foreground text-xs leading-5 pointer-fine:inline-block"
              >
                {index + 1}
              </kbd>
              {t(label)}
            </Button>
          ))}
        </div>
      </fieldset>
      <p className="mt-2.5 text-balance text-center text-muted-foreground text-xs">
        {isReady ? t('compareSkip') : t('compareWait')}{' '}
        {isReady && <span className="hidden pointer-fine:inline">{t('compareKeys')}</span>}
      </p>
      {Boolean(error) && <Notice kind="error">{sentenceOf(error)}</Notice>}
    </section>
  );
}
