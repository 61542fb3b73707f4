'use client';

// A new answer beside the former one, and which of them is better: two columns, or on a phone one at a time.
import { clsx } from 'clsx';
import { X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { type ReactNode, useState } from 'react';
import type { Choice } from '@/app/chat/conversation/types';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { IconButton } from '@/app/ui/icon-button';
import { Notice } from '@/app/ui/notice';
import { ChoiceRow } from './choice-row';

/** The former answer is the left one. In the order of the keys 1 to 4. */
const CHOICES = [
  { choice: 'left', label: 'formerBetter' },
  { choice: 'right', label: 'newBetter' },
  { choice: 'tie', label: 'tie' },
  { choice: 'both_bad', label: 'bothBad' },
] as const;
const SIDES = ['former', 'new'] as const;

interface RegeneratedProps {
  former: ReactNode;
  /** The new answer. */
  children: ReactNode;
  isReady: boolean;
  /** False where a judgement would not be used. */
  asks: boolean;
  error: unknown;
  onChoose: (choice: Choice) => void;
  onClose: () => void;
}

export function Regenerated({ former, children, isReady, asks, error, onChoose, onClose }: RegeneratedProps) {
  const t = useTranslations('feedback');
  const sentenceOf = useErrorSentence();
  const [shown, setShown] = useState<(typeof SIDES)[number]>('new');
  return (
    <section data-hold-top aria-label={t('regeneratedTitle')} className="xl:-mx-24">
      <fieldset className="mb-3 flex gap-1 rounded-xl bg-muted p-1 md:hidden">
        <legend className="sr-only">{t('regeneratedTitle')}</legend>
        {SIDES.map((side) => (
          <button
            key={side}
            type="button"
            aria-pressed={shown === side}
            onClick={() => setShown(side)}
            className="min-h-11 flex-1 rounded-lg text-muted-foreground text-sm aria-pressed:bg-card aria-pressed:font-medium aria-pressed:text-foreground aria-pressed:shadow-sm"
          >
            {t(side)}
          </button>
        ))}
      </fieldset>
      <div className="grid items-start gap-4 md:grid-cols-2">
        {SIDES.map((side) => (
          <div
            key={side}
            className={clsx(
              'relative min-w-0 rounded-2xl border border-border bg-card p-4 sm:p-5',
              shown !== side && 'max-md:hidden',
            )}
          >
            <p className="mb-3 font-medium text-muted-foreground text-sm max-md:sr-only">{t(side)}</p>
            {side === 'former' ? former : children}
            {side === 'former' && (
              <IconButton label={t('hideFormer')} className="absolute top-3 right-3 max-md:hidden" onClick={onClose}>
                <X aria-hidden className="size-4" />
              </IconButton>
            )}
          </div>
        ))}
      </div>
      {asks && (
        <>
          <p aria-hidden className="mt-4 text-center font-medium text-sm">
            {t('regeneratedAsk')}
          </p>
          <ChoiceRow
            label={t('regeneratedAsk')}
            choices={CHOICES.map(({ choice, label }) => ({ choice, label: t(label) }))}
            chosen={null}
            isDisabled={!isReady}
            className="mx-auto mt-2 grid max-w-2xl grid-cols-2 gap-2 sm:grid-cols-4"
            onChoose={onChoose}
          />
        </>
      )}
      {Boolean(error) && <Notice kind="error">{sentenceOf(error)}</Notice>}
    </section>
  );
}
