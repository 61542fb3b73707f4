'use client';

// Replaces a page that threw while rendering, and offers to try again.
import { useTranslations } from 'next-intl';
import { Button } from '@/app/ui/button';
import { MessagePage } from '@/app/ui/message-page';

export default function PageError({ reset }: { error: Error; reset: () => void }) {
  const t = useTranslations('app');
  return (
    <MessagePage title={t('crashTitle')} text={t('crashText')}>
      <Button variant="primary" onClick={reset}>
        {t('retry')}
      </Button>
    </MessagePage>
  );
}
