'use client';

// The page for a conversation that does not exist or belongs to another person.
import { useTranslations } from 'next-intl';
import { Button } from '@/app/ui/button';

export function Missing({ onNew }: { onNew: () => void }) {
  const t = useTranslations('chat');
  return (
    <main id="main" tabIndex={-1} className="grid flex-1 place-items-center p-6 text-center outline-none">
      <div>
        <h1 className="font-semibold text-xl">{t('missingTitle')}</h1>
        <p className="mt-2 text-muted-foreground text-sm">{t('missingText')}</p>
        <Button variant="primary" className="mt-6" onClick={onNew}>
          {t('new')}
        </Button>
      </div>
    </main>
  );
}
