'use client';

// Pages through the versions of a message: `2/3` between two arrows.
import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { IconButton } from '@/app/ui/icon-button';

export interface PagerProps {
  /** From 0. */
  index: number;
  count: number;
  onGo: (index: number) => void;
}

export function Pager({ index, count, onGo }: PagerProps) {
  const t = useTranslations('chat');
  if (count < 2) return null;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form controls
    <div role="group" aria-label={t('branch', { index: index + 1, count })} className="flex items-center">
      <IconButton label={t('branchPrevious')} disabled={index === 0} onClick={() => onGo(index - 1)}>
        <ChevronLeft aria-hidden className="size-4" />
      </IconButton>
      <span aria-hidden className="min-w-8 text-center text-muted-foreground text-xs tabular-nums">
        {index + 1}/{count}
      </span>
      <IconButton label={t('branchNext')} disabled={index === count - 1} onClick={() => onGo(index + 1)}>
        <ChevronRight aria-hidden className="size-4" />
      </IconButton>
    </div>
  );
}
