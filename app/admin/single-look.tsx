'use client';

// Says what the intervals beside it are good for.
import { useTranslations } from 'next-intl';
import { Notice } from '@/app/ui/notice';

export function SingleLook() {
  const t = useTranslations('admin');
  return <Notice kind="info">{t('singleLook')}</Notice>;
}
