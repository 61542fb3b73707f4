// The frame of a person's own settings.
import type { Metadata } from 'next';
import { getTranslations } from 'next-intl/server';
import type { ReactNode } from 'react';
import { SessionGate } from '@/app/sidebar/session-gate';
import { PageFrame } from '@/app/ui/page-frame';

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('settings');
  return { title: t('title') };
}

export default async function SettingsLayout({ children }: { children: ReactNode }) {
  const t = await getTranslations('settings');
  return (
    <PageFrame title={t('title')} back={t('back')} width="narrow">
      <div className="space-y-6">
        <SessionGate>{children}</SessionGate>
      </div>
    </PageFrame>
  );
}
