'use client';

// The places that an interval leaves open: one number, or a range.
import { useTranslations } from 'next-intl';

export function Place({ place: { best, worst } }: { place: { best: number; worst: number } }) {
  const t = useTranslations('statistics');
  return <span className="tabular-nums">{best === worst ? best : t('placeRange', { best, worst })}</span>;
}
