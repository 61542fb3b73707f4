'use client';

// API keys: the list with buttons to revoke them, and a form for a new one.
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { Loaded } from '@/app/admin/loaded';
import { authClient } from '@/app/lib/auth-client';
import { useTRPC } from '@/app/lib/trpc';
import { CreateKey } from '@/app/settings/create-key';
import { KeyTable } from '@/app/settings/key-table';
import { buttonClass } from '@/app/ui/button';
import { Card } from '@/app/ui/card';

export function ApiKeys() {
  const t = useTranslations('settings');
  const account = useTranslations('account');
  const trpc = useTRPC();
  const isGuest = authClient.useSession().data?.user.isAnonymous !== false;
  const query = useQuery(trpc.apiKey.list.queryOptions());
  return (
    <Card title={t('keys')}>
      <p className="mb-4 max-w-prose text-muted-foreground text-sm">{t('keysText')}</p>
      {isGuest ? (
        <div className="flex flex-wrap items-center gap-3 rounded-xl bg-muted p-4 text-sm">
          <p className="min-w-0 flex-1 basis-60">{t('guest')}</p>
          <Link href="/sign-in?next=/settings" className={buttonClass('primary', 'medium')}>
            {account('signIn')}
          </Link>
        </div>
      ) : (
        <div className="space-y-5">
          <CreateKey />
          <Loaded query={query}>{(keys) => <KeyTable keys={keys} />}</Loaded>
        </div>
      )}
    </Card>
  );
}
