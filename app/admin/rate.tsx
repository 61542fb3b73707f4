'use client';

// A rate with its 95 % interval, as a sentence and as a bar from 0 to 1.
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import type { SideBySideData } from '@/app/admin/types';

interface RateProps {
  /** All 0..1. */
  rate: number;
  low: number;
  high: number;
  /** The number of observations; at 0 the text says that there is no data. */
  n: number;
}

export function Rate({ rate, low, high, n }: RateProps) {
  const t = useTranslations('admin');
  const { percent } = useFormats();
  if (n === 0) return <span className="text-muted-foreground">{t('noData')}</span>;
  return (
    <div className="min-w-44 max-w-64">
      <p className="tabular-nums">
        {t('interval', { rate: percent(rate), low: percent(low), high: percent(high), n })}
      </p>
      <div aria-hidden className="relative mt-1.5 h-1.5 rounded-full bg-muted">
        <div
          className="absolute inset-y-0 rounded-full bg-primary/35"
          style={{ left: `${low * 100}%`, width: `${(high - low) * 100}%` }}
        />
        <div className="absolute -inset-y-0.5 w-0.5 bg-primary" style={{ left: `${rate * 100}%` }} />
      </div>
    </div>
  );
}

/** The share of decided comparisons that were won. */
export const WinRate = ({ of: { winRate, low, high, wins, losses } }: { of: SideBySideData }) => (
  <Rate rate={winRate} low={low} high={high} n={wins + losses} />
);
