// The word for a kind of row: that of the feedback which it holds, or its own.
import { useTranslations } from 'next-intl';
import type { SnapshotRowData } from '@/app/admin/types';

export function useRowKind(): (kind: SnapshotRowData['kind']) => string {
  const t = useTranslations('snapshots.rowKinds');
  const feedback = useTranslations('feedbackKinds');
  return (kind) => (kind === 'questionnaire' || kind === 'prompt' || kind === 'generation' ? t(kind) : feedback(kind));
}
