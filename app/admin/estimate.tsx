'use client';

// A value with its 95 % interval, in words and numbers.
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';

interface EstimateProps {
  /** null where the value has no meaning. */
  estimate: { value: number; low: number; high: number } | null;
  unit: 'percent' | 'points' | 'decimal';
}

export function Estimate({ estimate, unit }: EstimateProps) {
  const t = useTranslations('statistics');
  const { percent, decimal } = useFormats();
  if (!estimate) return <span className="text-muted-foreground">–</span>;
  const format = { percent, points: (value: number) => String(Math.round(value)), decimal }[unit];
  return (
    <span className="whitespace-nowrap tabular-nums">
      <span className="font-medium">{format(estimate.value)}</span>{' '}
      <span className="text-muted-foreground text-xs">
        {t('range', { low: format(estimate.low), high: format(estimate.high) })}
      </span>
    </span>
  );
}
