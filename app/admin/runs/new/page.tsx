// The page on which an admin starts a run; `?repeat=` names a run whose settings it begins with.
import { notFound } from 'next/navigation';
import { getLocale, getTranslations } from 'next-intl/server';
import { z } from 'zod';
import { NewRun } from '@/app/admin/runs/new/new-run';
import { SettingWordsContext } from '@/app/admin/runs/new/use-setting-words';

export default async function NewRunPage({ searchParams }: { searchParams: Promise<{ repeat?: string }> }) {
  const { repeat = null } = await searchParams;
  if (repeat !== null && !z.uuid().safeParse(repeat).success) notFound();
  const t = await getTranslations('newRun');
  // Only Japanese readers need these words; the English ones are in the settings themselves.
  const words = (await getLocale()) === 'ja' ? (await import('@/app/i18n/run-settings.ja.json')).default : null;
  return (
    <>
      <h2 className="mb-1 font-semibold text-lg tracking-tight">{t('title')}</h2>
      <p className="mb-4 max-w-3xl text-muted-foreground text-sm">{t('text')}</p>
      <SettingWordsContext value={words}>
        <NewRun repeat={repeat} />
      </SettingWordsContext>
    </>
  );
}
