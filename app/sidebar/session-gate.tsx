'use client';

// Makes every visitor someone: the first visit signs in as a guest, and nothing is asked of the API before that.
import { useTranslations } from 'next-intl';
import { type ReactNode, useEffect } from 'react';
import { authClient, signInAsGuest } from '@/app/lib/auth-client';
import { Logo } from '@/app/ui/logo';

export function SessionGate({ children }: { children: ReactNode }) {
  const t = useTranslations('app');
  const { data, isPending, error, refetch } = authClient.useSession();
  const needsGuest = !isPending && !data && !error;
  useEffect(() => {
    if (needsGuest) void signInAsGuest().then(() => refetch());
  }, [needsGuest, refetch]);
  if (data) return children;
  return (
    <div role="status" aria-label={t('loading')} className="grid h-dvh place-items-center">
      <Logo className="size-11 animate-breathe" />
    </div>
  );
}
