'use client';

// Thumbs up and down.
import { clsx } from 'clsx';
import { ThumbsDown, ThumbsUp } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { IconButton } from '@/app/ui/icon-button';
import type { RatingControl } from './use-rating';

export function Thumbs({ current, press }: Pick<RatingControl, 'current' | 'press'>) {
  const t = useTranslations('chat');
  const f = useTranslations('feedback');
  return (
    <span className="flex items-center gap-0.5">
      {([1, -1] as const).map((value) => {
        const Icon = value === 1 ? ThumbsUp : ThumbsDown;
        const isPressed = current?.value === value;
        return (
          <IconButton
            key={value}
            label={isPressed ? f('withdraw') : value === 1 ? t('good') : t('bad')}
            aria-pressed={isPressed}
            onClick={() => press(value)}
          >
            <Icon aria-hidden className={clsx('size-4', isPressed && 'fill-primary/25 text-primary')} />
          </IconButton>
        );
      })}
    </span>
  );
}
