'use client';

// The switch with which an admin asks to be told when a run ends.
import { useTranslations } from 'next-intl';
import { chooseNotices, useNoticeChoice } from '@/app/admin/runs/notice-choice';
import { Switch } from '@/app/ui/switch';

export function Notify() {
  const t = useTranslations('runPage');
  const choice = useNoticeChoice();
  return (
    <span className="inline-flex flex-wrap items-center gap-x-3">
      <Switch label={t('tell')} isOn={choice !== 'off'} onChange={(isOn) => void chooseNotices(isOn)} />
      {choice === 'silent' && <span className="text-muted-foreground text-xs">{t('tellSilent')}</span>}
    </span>
  );
}
