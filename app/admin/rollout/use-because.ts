// Why a canary stands where it stands, as a sentence: what its last review found, or a person's words.
import { useTranslations } from 'next-intl';
import type { CanaryData } from '@/app/admin/types';

export function useBecause(): (canary: CanaryData) => string {
  const t = useTranslations('rollout');
  return ({ verdict, reason, endedAt, phase, isPaused }) => {
    const acted = verdict?.act === 'promote' ? 'promoted' : verdict?.act === 'roll_back' ? 'rolled_back' : null;
    // What a person did is newer than the review that did not end it.
    if (endedAt ? acted !== phase : isPaused) return reason ? t('byPerson', { reason }) : t('byRelease');
    if (!verdict) return t('notReviewed');
    return t(`because.${verdict.because}`);
  };
}
