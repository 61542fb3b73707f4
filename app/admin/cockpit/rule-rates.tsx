'use client';

// What each rule found, day by day, as small bars with their numbers.
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import type { LiveData } from '@/app/admin/types';
import { EmptyState } from '@/app/ui/empty-state';

const HEIGHT = 28;

export function RuleRates({ rules }: { rules: LiveData['rules'] }) {
  const t = useTranslations('cockpit');
  if (rules.length === 0) return <EmptyState>{t('noHits')}</EmptyState>;
  return (
    <>
      <ul className="space-y-3">
        {rules.map(({ ruleId, name, days }) => {
          const most = Math.max(1, ...days);
          const total = days.reduce((sum, hits) => sum + hits, 0);
          return (
            <li key={ruleId} className="grid grid-cols-[1fr_auto] items-end gap-3 text-sm">
              <div className="min-w-0">
                <Link href={`/admin/rules/${encodeURIComponent(ruleId)}`} className="font-medium underline">
                  {name}
                </Link>
                <p className="text-muted-foreground text-xs tabular-nums">
                  {t('hits', { today: days.at(-1)!, perDay: total / days.length })}
                </p>
              </div>
              <svg aria-hidden width={days.length * 8} height={HEIGHT} className="text-primary">
                {days.map((hits, at) => {
                  const height = Math.max(1, (hits / most) * HEIGHT);
                  return <rect key={at} x={at * 8} y={HEIGHT - height} width={6} height={height} fill="currentColor" />;
                })}
              </svg>
            </li>
          );
        })}
      </ul>
      <p className="mt-3 text-muted-foreground text-xs">{t('hitsText')}</p>
    </>
  );
}
