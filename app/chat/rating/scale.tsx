'use client';

// A rating from 1 to 10 as a row of radio buttons: the arrow keys change it.
import { useTranslations } from 'next-intl';
import { useEffect, useId, useRef, useState } from 'react';
import { HIGHEST_RATING, LOWEST_RATING } from '@/core/feedback/kinds';
import { Part } from './part';
import type { GivenControl } from './use-given';

const STEPS = Array.from({ length: HIGHEST_RATING - LOWEST_RATING + 1 }, (_, i) => LOWEST_RATING + i);
/** An arrow key passes over the steps between; only the one that it stops at is saved. */
const SETTLED_MS = 500;

export function Scale({ rating }: { rating: GivenControl<'rating'> }) {
  const t = useTranslations('feedback');
  const name = useId();
  const given = rating.current?.value.rating ?? null;
  const [picked, setPicked] = useState<number | null>(null);
  const waiting = useRef<ReturnType<typeof setTimeout>>(undefined);
  const flush = useRef<(() => void) | null>(null);
  useEffect(() => () => flush.current?.(), []);

  const pick = (step: number) => {
    setPicked(step);
    clearTimeout(waiting.current);
    flush.current = () => {
      clearTimeout(waiting.current);
      flush.current = null;
      setPicked(null);
      if (step !== given) rating.save({ rating: step });
    };
    waiting.current = setTimeout(() => flush.current?.(), SETTLED_MS);
  };
  return (
    <Part title={t('rating')} given={rating}>
      <div className="grid max-w-md grid-cols-10 gap-1">
        {STEPS.map((step) => (
          <label
            key={step}
            className="grid h-9 place-items-center rounded-lg border border-border text-sm tabular-nums transition-colors hover:bg-muted has-checked:border-primary has-checked:bg-primary has-checked:text-primary-foreground has-focus-visible:outline-2 has-focus-visible:outline-primary has-focus-visible:outline-offset-2 pointer-coarse:h-11"
          >
            <input
              type="radio"
              name={name}
              aria-label={t('ratingOf', { rating: step })}
              className="sr-only"
              checked={(picked ?? given) === step}
              onChange={() => pick(step)}
            />
            <span aria-hidden>{step}</span>
          </label>
        ))}
      </div>
      <p aria-hidden className="mt-1 flex max-w-md justify-between text-muted-foreground text-xs">
        <span>{t('ratingLow')}</span>
        <span>{t('ratingHigh')}</span>
      </p>
    </Part>
  );
}
