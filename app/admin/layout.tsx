// The frame of the admin pages; only administrators get past it.
import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { getTranslations } from 'next-intl/server';
import type { ReactNode } from 'react';
import { AdminNav } from '@/app/admin/admin-nav';
import { readCurrentUser } from '@/app/admin/current-user';
import { RunWatcher } from '@/app/admin/runs/run-watcher';
import { buttonClass } from '@/app/ui/button';
import { MessagePage } from '@/app/ui/message-page';
import { PageFrame } from '@/app/ui/page-frame';

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('admin');
  return { title: t('title') };
}

/** The procedures also check the role; this only keeps other people from a page that they cannot use. */
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
    <PageFrame title={t('title')} back={t('back')} width="wide" navigation={<AdminNav />}>
      {children}
      <RunWatcher />
    </PageFrame>
  );
}
