// Formats numbers, times and sizes for the admin pages.
'use client';

import { useLocale, useTranslations } from 'next-intl';
import { useMemo } from 'react';

const MINUTE = 60;
const HOUR = 3600;

export const formatBytes = (bytes: number): string =>
  bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)} GiB` : `${Math.round(bytes / 2 ** 20)} MiB`;

export function useFormats() {
  const locale = useLocale();
  const t = useTranslations('admin.duration');
  return useMemo(() => {
    const dateTime = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
    const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 });
    const decimal = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
    const rough = new Intl.NumberFormat(locale, { maximumSignificantDigits: 2 });
    const metric = new Intl.NumberFormat(locale, { maximumSignificantDigits: 4 });
    return {
      date: (date: Date) => dateTime.format(date),
      percent: (share: number) => percent.format(share),
      decimal: (value: number) => decimal.format(value),
      /** Two digits, however small the number. */
      rough: (value: number) => rough.format(value),
      /** 95 -> `1 min 35 s`. */
      duration: (seconds: number) => {
        const whole = Math.max(0, Math.round(seconds));
        if (whole < MINUTE) return t('seconds', { seconds: whole });
        const minutes = Math.floor(whole / MINUTE);
        if (whole < HOUR) return t('minutes', { minutes, seconds: whole % MINUTE });
        return t('hours', { hours: Math.floor(whole / HOUR), minutes: minutes % MINUTE });
      },
      metric: (value: number) => (Number.isFinite(value) ? metric.format(value) : String(value)),
    };
  }, [locale, t]);
}
