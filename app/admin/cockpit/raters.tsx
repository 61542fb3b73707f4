'use client';

// How the raters are: how many work, how many tasks are open, and how many are believed.
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import type { LiveData } from '@/app/admin/types';

export function Raters({ raters: { active, openTasks, trusted, doubted } }: { raters: LiveData['raters'] }) {
  const t = useTranslations('cockpit');
  const rows = [
    { label: t('active'), n: String(active), href: '/admin/rating/raters' },
    {
      label: t('openTasks'),
      n: t(openTasks.isAbout ? 'moreThan' : 'exactly', { n: openTasks.n }),
      href: '/admin/rating',
    },
    { label: t('trusted'), n: String(trusted), href: '/admin/rating/raters' },
    { label: t('doubted'), n: String(doubted), href: '/admin/rating/raters' },
  ];
  return (
    <>
      <dl className="grid grid-cols-2 gap-4 sm:grid-cols-4 lg:grid-cols-2 xl:grid-cols-4">
        {rows.map(({ label, n, href }) => (
          <div key={label}>
            <dt className="text-muted-foreground text-xs">{label}</dt>
            <dd className="mt-0.5 font-semibold text-lg tabular-nums tracking-tight">
              <Link href={href} className="underline decoration-border underline-offset-4">
                {n}
              </Link>
            </dd>
          </div>
        ))}
      </dl>
      <p className="mt-3 text-muted-foreground text-xs leading-relaxed">
        {t('doubtedText')}{' '}
        <Link href="/admin/rating/agreement" className="underline">
          {t('agreement')}
        </Link>
      </p>
    </>
  );
}
