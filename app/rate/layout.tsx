// The frame of the rating workplace; only raters and administrators get past it.
import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { getTranslations } from 'next-intl/server';
import type { ReactNode } from 'react';
import { readCurrentUser } from '@/app/admin/current-user';
import { buttonClass } from '@/app/ui/button';
import { MessagePage } from '@/app/ui/message-page';
import { PageFrame } from '@/app/ui/page-frame';

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('rate');
  return { title: t('title') };
}

/** The procedures also check the role; this only keeps other people from a page that they cannot use. */
export default async function RateLayout({ children }: { children: ReactNode }) {
  const t = await getTranslations('rate');
  const account = await getTranslations('account');
  const user = await readCurrentUser();
  const isRater = user?.role === 'rater' || user?.role === 'admin';
  if (user && !user.isAnonymous && !isRater) notFound();
  if (!isRater)
    return (
      <MessagePage title={t('signInTitle')} text={t('signInText')}>
        <Link href="/sign-in?next=/rate" className={buttonClass('primary', 'medium')}>
          {account('signIn')}
        </Link>
      </MessagePage>
    );
  return (
    <PageFrame title={t('title')} back={t('back')} width="wide">
      {children}
    </PageFrame>
  );
}
