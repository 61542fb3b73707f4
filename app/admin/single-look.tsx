'use client';

// A note on what the intervals on the page can and cannot show.
import { useTranslations } from 'next-intl';
import { Notice } from '@/app/ui/notice';

export function SingleLook() {
  const t = useTranslations('admin');
  return <Notice kind="info">{t('singleLook')}</Notice>;
}
