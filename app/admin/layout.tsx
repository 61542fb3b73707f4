// The administration's frame; nobody but an administrator gets past it.
import { ArrowLeft } from 'lucide-react';
import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { getTranslations } from 'next-intl/server';
import type { ReactNode } from 'react';
import { AdminNav } from '@/app/admin/admin-nav';
import { readCurrentUser } from '@/app/admin/current-user';
import { buttonClass } from '@/app/ui/button';
import { Logo } from '@/app/ui/logo';
import { MessagePage } from '@/app/ui/message-page';
import { SkipLink } from '@/app/ui/skip-link';

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('admin');
  return { title: t('title') };
}

/** The procedures check the role too; this spares the others a page that they cannot use. */
export default async function AdminLayout({ children }: { children: ReactNode }) {
  const t = await getTranslations('admin');
  const app = await getTranslations('app');
  const account = await getTranslations('account');
  const user = await readCurrentUser();
  if (user && !user.isAnonymous && user.role !== 'admin') notFound();
  if (user?.role !== 'admin')
    return (
      <MessagePage title={t('signInTitle')} text={t('signInText')}>
        <Link href="/sign-in?next=/admin" className={buttonClass('primary', 'medium')}>
          {account('signIn')}
        </Link>
        <Link href="/" className={buttonClass('outline', 'medium')}>
          {app('home')}
        </Link>
      </MessagePage>
    );
  return (
    <div className="min-h-dvh">
      <SkipLink label={app('skipAdmin')} />
      <header className="border-border border-b bg-sidebar">
        <div className="mx-auto max-w-7xl px-4 sm:px-6">
          <div className="flex h-14 items-center gap-3">
            <Logo />
            <h1 className="min-w-0 flex-1 truncate font-semibold tracking-tight">{t('title')}</h1>
            <Link href="/" className={buttonClass('quiet', 'small')}>
              <ArrowLeft aria-hidden className="size-4" />
              {t('back')}
            </Link>
          </div>
          <AdminNav />
        </div>
      </header>
      <main id="main" tabIndex={-1} className="mx-auto max-w-7xl px-4 py-6 outline-none sm:px-6">
        {children}
      </main>
    </div>
  );
}
