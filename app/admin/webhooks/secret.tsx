'use client';

// A webhook's secret, shown once with a button to copy it.
import { useTranslations } from 'next-intl';
import { CopyButton } from '@/app/ui/copy-button';

export function Secret({ secret }: { secret: string }) {
  const t = useTranslations('webhooks');
  return (
    <div role="status" className="mt-4 space-y-2 rounded-xl bg-primary-soft p-4">
      <p className="font-medium text-sm">{t('once')}</p>
      <div className="flex items-center gap-2">
        <code className="min-w-0 flex-1 break-all rounded-lg bg-background px-3 py-2 text-sm">{secret}</code>
        <CopyButton text={secret} label={t('copySecret')} />
      </div>
    </div>
  );
}
