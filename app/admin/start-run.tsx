// Leads to the page on which a run is started.
import { Play } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { buttonClass } from '@/app/ui/button';

export function StartRun() {
  const t = useTranslations('admin');
  return (
    <Link href="/admin/runs/new" className={buttonClass('primary', 'medium')}>
      <Play aria-hidden className="size-4" />
      {t('startRun')}
    </Link>
  );
}
