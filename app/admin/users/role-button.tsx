'use client';

// Gives one person the administrator role or removes it, after a confirmation.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import type { PersonData } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { ConfirmDialog } from '@/app/ui/dialog';

export function RoleButton({ person: { id, name, role } }: { person: PersonData }) {
  const t = useTranslations('admin');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const [isAsking, setIsAsking] = useState(false);
  const setRole = useMutation(
    trpc.user.setRole.mutationOptions({
      onSuccess: () => setIsAsking(false),
      onSettled: () => client.invalidateQueries({ queryKey: trpc.user.pathKey() }),
    }),
  );
  const isAdmin = role === 'admin';
  const action = isAdmin ? t('takeAdmin') : t('makeAdmin');
  return (
    <>
      <Button size="small" variant="outline" className="whitespace-nowrap" onClick={() => setIsAsking(true)}>
        <span aria-hidden>{action}</span>
        <span className="sr-only">{isAdmin ? t('takeAdminNamed', { name }) : t('makeAdminNamed', { name })}</span>
      </Button>
      <ConfirmDialog
        isOpen={isAsking}
        onOpenChange={setIsAsking}
        title={isAdmin ? t('takeAdminTitle', { name }) : t('makeAdminTitle', { name })}
        text={isAdmin ? t('takeAdminText') : t('makeAdminText')}
        action={action}
        variant={isAdmin ? 'danger' : 'primary'}
        isBusy={setRole.isPending}
        error={setRole.error ? sentenceOf(setRole.error) : null}
        onConfirm={() => setRole.mutate({ id, role: isAdmin ? 'user' : 'admin' })}
      />
    </>
  );
}
