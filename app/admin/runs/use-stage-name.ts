'use client';

// The name of a run's stage in the reader's language.
import { useTranslations } from 'next-intl';
import { RUN_STAGES } from '@/core/contract';

/** A stage that this build does not know keeps the trainer's name for it. */
export function useStageName(): (stage: string) => string {
  const t = useTranslations('admin.stages');
  return (stage) => {
    const known = RUN_STAGES.find((name) => name === stage);
    return known ? t(known) : stage;
  };
}
