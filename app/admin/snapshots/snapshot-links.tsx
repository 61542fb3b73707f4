'use client';

// The two ways from a snapshot: to what it holds, and to the votes in it.
import Link from 'next/link';
import { useTranslations } from 'next-intl';

const LINK = 'rounded text-primary-strong underline underline-offset-4';

export function SnapshotLinks({ id }: { id: string }) {
  const t = useTranslations('snapshots');
  return (
    <span className="inline-flex flex-wrap gap-x-3 gap-y-1">
      <Link href={`/admin/snapshots/${id}`} className={LINK}>
        {t('snapshot', { id: id.slice(0, 8) })}
      </Link>
      <Link href={`/admin/feedback?snapshot=${id}`} className={LINK}>
        {t('votes')}
      </Link>
    </span>
  );
}
