'use client';

// Two answers side by side, written at the same time, and the choice between them; nobody sees who wrote which.
import { useTranslations } from 'next-intl';
import { useEffect, useEffectEvent, useRef } from 'react';
import type { Turn } from '@/app/chat/conversation/tree';
import type { Choice, ComparisonData, MessageData } from '@/app/chat/conversation/types';
import type { Settle } from '@/app/chat/stream/use-answer-stream';
import { AnswerBody } from '@/app/chat/turn/answer-body';
import { isTyping } from '@/app/lib/keys';
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

interface ComparisonProps {
  turn: Extract<Turn<MessageData, ComparisonData>, { kind: 'comparison' }>;
  settle: Settle;
  isBusy: boolean;
  error: unknown;
  onChoose: (choice: Choice) => void;
}

export function Comparison({ turn, settle, isBusy, error, onChoose }: ComparisonProps) {
  const t = useTranslations('feedback');
  const sentenceOf = useErrorSentence();
  const isReady = [turn.left, turn.right].every((message) => message.generation?.status !== 'running');
  const canChoose = isReady && !isBusy;
  const choose = useEffectEvent(onChoose);

  useEffect(() => {
    if (!canChoose) return;
    const onKey = (event: KeyboardEvent) => {
      const picked = CHOICES[Number(event.key) - 1];
      const isShortcut = event.ctrlKey || event.metaKey || event.altKey;
      if (!picked || isShortcut || isTyping(event.target)) return;
      event.preventDefault();
      choose(picked.choice);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [canChoose]);

  // The keys choose only outside a text field, so an empty composer hands the focus over.
  const group = useRef<HTMLFieldSetElement>(null);
  useEffect(() => {
    const focused = document.activeElement;
    const isIdle = focused === document.body || (focused instanceof HTMLTextAreaElement && focused.value === '');
    if (isReady && isIdle) group.current?.focus({ preventScroll: true });
  }, [isReady]);

  return (
    <section aria-label={t('compareTitle')} className="xl:-mx-24">
      <div className="grid gap-4 md:grid-cols-2">
        {(['left', 'right'] as const).map((side) => (
          <article key={side} className="min-w-0 rounded-2xl border border-border bg-card p-4 sm:p-5">
            <h2 className="mb-3 font-medium text-muted-foreground text-sm">{t(side)}</h2>
            <AnswerBody message={turn[side]} settle={settle} />
          </article>
        ))}
      </div>
      <fieldset ref={group} tabIndex={-1} disabled={!canChoose} className="mt-5 rounded-xl text-center outline-none">
        <legend className="mx-auto font-medium text-sm">{t('compareTitle')}</legend>
        <div className="mx-auto mt-3 grid max-w-2xl grid-cols-2 gap-2 sm:grid-cols-4">
          {CHOICES.map(({ choice, label }, index) => (
            <Button key={choice} aria-keyshortcuts={String(index + 1)} onClick={() => onChoose(choice)}>
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
        <p className="mt-2.5 text-muted-foreground text-xs">
          {isReady ? <span className="hidden pointer-fine:inline">{t('compareKeys')}</span> : t('compareWait')}
        </p>
      </fieldset>
      {Boolean(error) && <Notice kind="error">{sentenceOf(error)}</Notice>}
    </section>
  );
}
