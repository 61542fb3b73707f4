'use client';

// The parts of the rating workplace's administration.
import { clsx } from 'clsx';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';

const PARTS = [
  { path: '/admin/rating', label: 'tasksTab' },
  { path: '/admin/rating/guideline', label: 'guidelineTab' },
  { path: '/admin/rating/questionnaires', label: 'questionnairesTab' },
  { path: '/admin/rating/disagreements', label: 'disagreementsTab' },
  { path: '/admin/rating/agreement', label: 'agreementTab' },
  { path: '/admin/rating/raters', label: 'ratersTab' },
] as const;

export default function RatingLayout({ children }: { children: ReactNode }) {
  const t = useTranslations('ratingAdmin');
  const pathname = usePathname();
  return (
    <div className="space-y-4">
      <nav aria-label={t('nav')} className="flex flex-wrap gap-2">
        {PARTS.map(({ path, label }) => (
          <Link
            key={path}
            href={path}
            aria-current={pathname === path ? 'page' : undefined}
            className={clsx(
              'flex h-9 items-center rounded-full px-3.5 text-sm transition-colors',
              pathname === path
                ? 'bg-primary-soft font-medium text-primary-strong'
                : 'bg-muted text-muted-foreground hover:text-foreground',
            )}
          >
            {t(label)}
          </Link>
        ))}
      </nav>
      {children}
    </div>
  );
}
