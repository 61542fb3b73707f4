'use client';

// An agreement as a percentage, with its interval and how many pairs of answers it stands on.
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import type { Agreement } from '@/app/rate/types';

export function AgreementText({ agreement }: { agreement: Agreement }) {
  const t = useTranslations('rate');
  const { percent } = useFormats();
  if (!agreement) return <span className="text-muted-foreground">{t('noAgreement')}</span>;
  const { mean, low, high, count } = agreement;
  return (
    <span className="whitespace-nowrap">
      <span className="font-medium">{percent(mean)}</span>{' '}
      <span className="text-muted-foreground text-xs">
        {t('interval', { low: percent(low), high: percent(high), count })}
      </span>
    </span>
  );
}
