'use client';

// Shows the state of a run, version or experiment as a word and a shape; the colour only repeats them.
import { Ban, Check, Clock, Download, LoaderCircle, Square, TriangleAlert, X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { Badge } from '@/app/ui/badge';

const LOOKS = {
  queued: { tone: 'plain', icon: Clock },
  running: { tone: 'busy', icon: LoaderCircle },
  done: { tone: 'good', icon: Check },
  rejected: { tone: 'bad', icon: X },
  failed: { tone: 'bad', icon: TriangleAlert },
  cancelled: { tone: 'plain', icon: Ban },
  accepted: { tone: 'good', icon: Check },
  imported: { tone: 'plain', icon: Download },
  stopped: { tone: 'plain', icon: Square },
} as const;

export function StatusBadge({ status }: { status: keyof typeof LOOKS }) {
  const t = useTranslations('admin.statuses');
  const { tone, icon: Icon } = LOOKS[status];
  return (
    <Badge tone={tone}>
      <Icon aria-hidden className="size-3.5" />
      {t(status)}
    </Badge>
  );
}
