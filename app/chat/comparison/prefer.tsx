'use client';

// Asks whether a regenerated answer is better than the previous one.
import { useTranslations } from 'next-intl';
import { Button } from '@/app/ui/button';

export function Prefer({ isBusy, onPrefer }: { isBusy: boolean; onPrefer: (isBetter: boolean) => void }) {
  const t = useTranslations('feedback');
  return (
    <div className="mt-3 flex w-fit flex-wrap items-center gap-2 rounded-xl bg-muted px-3.5 py-2 text-sm">
      <p className="mr-1">{t('preferTitle')}</p>
      <Button size="small" disabled={isBusy} onClick={() => onPrefer(true)}>
        {t('better')}
      </Button>
      <Button size="small" disabled={isBusy} onClick={() => onPrefer(false)}>
        {t('worse')}
      </Button>
    </div>
  );
}
