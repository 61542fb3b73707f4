'use client';

// Says until when a task is kept for the rater, and when that time is over.
import { useFormatter, useTranslations } from 'next-intl';
import { useEffect, useState } from 'react';
import { Notice } from '@/app/ui/notice';

export function LockNote({ until }: { until: Date }) {
  const t = useTranslations('rate');
  const format = useFormatter();
  const [isOver, setIsOver] = useState(() => until.getTime() <= Date.now());
  useEffect(() => {
    const timer = setTimeout(() => setIsOver(true), until.getTime() - Date.now());
    return () => clearTimeout(timer);
  }, [until]);
  if (isOver) return <Notice kind="warning">{t('lockOver')}</Notice>;
  return (
    <p className="text-muted-foreground text-xs">
      {t('lockedUntil', { time: format.dateTime(until, { hour: 'numeric', minute: 'numeric' }) })}
    </p>
  );
}
