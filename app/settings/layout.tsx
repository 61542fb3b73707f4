// The frame of a person's own settings.
import { ArrowLeft } from 'lucide-react';
import type { Metadata } from 'next';
import Link from 'next/link';
import { getTranslations } from 'next-intl/server';
import type { ReactNode } from 'react';
import { SessionGate } from '@/app/sidebar/session-gate';
import { buttonClass } from '@/app/ui/button';
import { Logo } from '@/app/ui/logo';
import { SkipLink } from '@/app/ui/skip-link';

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('settings');
  return { title: t('title') };
}

export default async function SettingsLayout({ children }: { children: ReactNode }) {
  const t = await getTranslations('settings');
  const app = await getTranslations('app');
  return (
    <div className="min-h-dvh">
      <SkipLink label={app('skipAdmin')} />
      <header className="border-border border-b bg-sidebar">
        <div className="mx-auto flex h-14 max-w-4xl items-center gap-3 px-4 sm:px-6">
          <Logo />
          <h1 className="min-w-0 flex-1 truncate font-semibold tracking-tight">{t('title')}</h1>
          <Link href="/" className={buttonClass('quiet', 'small')}>
            <ArrowLeft aria-hidden className="size-4" />
            {t('back')}
          </Link>
        </div>
      </header>
      <main id="main" tabIndex={-1} className="mx-auto max-w-4xl space-y-6 px-4 py-6 outline-none sm:px-6">
        <SessionGate>{children}</SessionGate>
      </main>
    </div>
  );
}
