'use client';

// The state of a run, version or experiment.
import { useTranslations } from 'next-intl';
import { Badge, type Tone } from '@/app/ui/badge';

const TONE = {
  queued: 'plain',
  running: 'busy',
  done: 'good',
  rejected: 'bad',
  failed: 'bad',
  cancelled: 'plain',
  accepted: 'good',
  stopped: 'plain',
} as const satisfies Record<string, Tone>;

export function StatusBadge({ status }: { status: keyof typeof TONE }) {
  const t = useTranslations('admin.statuses');
  return <Badge tone={TONE[status]}>{t(status)}</Badge>;
}
