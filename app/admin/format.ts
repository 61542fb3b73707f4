// Formats numbers, times and sizes for the admin pages.
'use client';

import { useLocale } from 'next-intl';
import { useMemo } from 'react';

const MINUTE = 60;
const HOUR = 3600;

/** 95 -> `1 min 35 s`, with units that every language uses. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)} min ${whole % MINUTE} s`;
  return `${Math.floor(whole / HOUR)} h ${Math.floor((whole % HOUR) / MINUTE)} min`;
}

export const formatBytes = (bytes: number): string =>
  bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)} GiB` : `${Math.round(bytes / 2 ** 20)} MiB`;

export function useFormats() {
  const locale = useLocale();
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
      metric: (value: number) => (Number.isFinite(value) ? metric.format(value) : String(value)),
    };
  }, [locale]);
}
