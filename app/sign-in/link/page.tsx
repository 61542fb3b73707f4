// The page for a sign-in link that has been used or has expired: explains that, and how to get another.
import type { Metadata } from 'next';
import Link from 'next/link';
import { getTranslations } from 'next-intl/server';
import { readCurrentUser } from '@/app/admin/current-user';
import { buttonClass } from '@/app/ui/button';
import { MessagePage } from '@/app/ui/message-page';

const COMMAND = 'npx attune admin-link';

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('signInLink');
  return { title: t('title') };
}

export default async function SpentLinkPage() {
  const t = await getTranslations('signInLink');
  const app = await getTranslations('app');
  const user = await readCurrentUser();
  return (
    <MessagePage
      title={t('title')}
      text={
        <>
          {t('text')}
          <code className="mt-3 block rounded-xl bg-muted px-3 py-2 text-foreground">{COMMAND}</code>
        </>
      }
    >
      {user?.role === 'admin' ? (
        <Link href="/admin" className={buttonClass('primary', 'medium')}>
          {t('admin')}
        </Link>
      ) : (
        <Link href="/sign-in?next=/admin" className={buttonClass('outline', 'medium')}>
          {t('password')}
        </Link>
      )}
      <Link href="/" className={buttonClass('outline', 'medium')}>
        {app('home')}
      </Link>
    </MessagePage>
  );
}
