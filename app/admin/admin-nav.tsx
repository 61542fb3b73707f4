'use client';

// The sections of the administration.
import { clsx } from 'clsx';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { useTranslations } from 'next-intl';

const SECTIONS = [
  { path: '/admin', label: 'overview' },
  { path: '/admin/versions', label: 'versions' },
  { path: '/admin/leaderboard', label: 'leaderboard' },
  { path: '/admin/groups', label: 'groups' },
  { path: '/admin/runs', label: 'runs' },
  { path: '/admin/rollout', label: 'rollout' },
  { path: '/admin/experiments', label: 'experiments' },
  { path: '/admin/feedback', label: 'feedback' },
  { path: '/admin/rating', label: 'rating' },
  { path: '/admin/rules', label: 'rules' },
  { path: '/admin/judges', label: 'judges' },
  { path: '/admin/constitution', label: 'constitution' },
  { path: '/admin/users', label: 'people' },
  { path: '/admin/settings', label: 'settings' },
  { path: '/admin/webhooks', label: 'webhooks' },
  { path: '/admin/audit', label: 'audit' },
] as const;

export function AdminNav() {
  const t = useTranslations('admin');
  const pathname = usePathname();
  // A snapshot is opened from its run.
  const section = pathname.replace(/^\/admin\/snapshots\b/, '/admin/runs');
  return (
    <nav aria-label={t('nav')} className="-mb-px flex gap-1 overflow-x-auto">
      {SECTIONS.map(({ path, label }) => {
        const isOpen = path === '/admin' ? pathname === path : section.startsWith(path);
        return (
          <Link
            key={path}
            href={path}
            // On a phone the open section may be scrolled out of view.
            ref={(link) => {
              if (isOpen) link?.scrollIntoView({ inline: 'center', block: 'nearest' });
            }}
            aria-current={isOpen ? 'page' : undefined}
            className={clsx(
              'flex h-11 shrink-0 items-center rounded-t-lg border-b-2 px-3 text-sm transition-colors focus-visible:-outline-offset-2',
              isOpen
                ? 'border-primary font-medium text-foreground'
                : 'border-transparent text-muted-foreground hover:text-foreground',
            )}
          >
            {t(label)}
          </Link>
        );
      })}
    </nav>
  );
}
