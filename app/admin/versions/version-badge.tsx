'use client';

// Where a version stands: it serves, it may serve, its gates refused it, or an admin took it out of use.
import { Archive, Crown } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { StatusBadge } from '@/app/admin/status-badge';
import type { VersionData } from '@/app/admin/types';
import { Badge } from '@/app/ui/badge';

type Standing = Pick<VersionData, 'status' | 'isRetired' | 'isChampion'>;

export function VersionBadge({ of: { status, isRetired, isChampion } }: { of: Standing }) {
  const t = useTranslations('admin');
  const words = useTranslations('versions');
  if (isChampion)
    return (
      <Badge tone="good">
        <Crown aria-hidden className="size-3.5" />
        {t('champion')}
      </Badge>
    );
  return (
    <>
      <StatusBadge status={status} />
      {isRetired && (
        <Badge tone="plain">
          <Archive aria-hidden className="size-3.5" />
          {words('retired')}
        </Badge>
      )}
    </>
  );
}
