'use client';

// The words on the button of a choice.
import { useTranslations } from 'next-intl';
import { useCallback } from 'react';
import type { ChoiceButton } from '@/app/rate/work/choices';

export function useChoiceLabel(): (choice: Pick<ChoiceButton, 'label'>) => string {
  const t = useTranslations('rate.choices');
  return useCallback(({ label }) => t(label.name as Parameters<typeof t>[0], label.values ?? {}), [t]);
}
