// The page for an address that does not exist.
import Link from 'next/link';
import { getTranslations } from 'next-intl/server';
import { buttonClass } from '@/app/ui/button';
import { MessagePage } from '@/app/ui/message-page';

export default async function NotFound() {
  const t = await getTranslations('app');
  return (
    <MessagePage title={t('notFoundTitle')} text={t('notFoundText')}>
      <Link href="/" className={buttonClass('primary', 'medium')}>
        {t('home')}
      </Link>
    </MessagePage>
  );
}
