'use client';

// Thumbs up and down.
import { clsx } from 'clsx';
import { ThumbsDown, ThumbsUp } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { IconButton } from '@/app/ui/icon-button';
import type { GivenControl } from './use-given';

export function Thumbs({ thumb }: { thumb: GivenControl<'thumb'> }) {
  const t = useTranslations('chat');
  const f = useTranslations('feedback');
  const given = thumb.current?.value.up;
  return (
    <span className="flex items-center gap-0.5">
      {[true, false].map((up) => {
        const Icon = up ? ThumbsUp : ThumbsDown;
        const isPressed = given === up;
        return (
          <IconButton
            key={String(up)}
            label={isPressed ? f('withdraw') : up ? t('good') : t('bad')}
            aria-pressed={isPressed}
            // The reasons belong to the other thumb and go; the comment stays.
            onClick={() => (isPressed ? thumb.remove() : thumb.save({ up, reasons: [] }))}
          >
            <Icon aria-hidden className={clsx('size-4', isPressed && 'fill-primary/25 text-primary')} />
          </IconButton>
        );
      })}
    </span>
  );
}
