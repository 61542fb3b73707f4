'use client';

// Takes a rule out of force, after asking; its versions stay.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { ConfirmDialog } from '@/app/ui/dialog';

export function RemoveRule({ id, version }: { id: string; version: number }) {
  const t = useTranslations('rules');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const [isAsking, setIsAsking] = useState(false);
  const remove = useMutation(
    trpc.rule.remove.mutationOptions({
      onSuccess: () => setIsAsking(false),
      onSettled: () => client.invalidateQueries({ queryKey: trpc.rule.pathKey() }),
    }),
  );
  return (
    <>
      <Button onClick={() => setIsAsking(true)}>{t('remove')}</Button>
      <ConfirmDialog
        isOpen={isAsking}
        onOpenChange={setIsAsking}
        title={t('removeTitle', { id })}
        text={t('removeText')}
        action={t('remove')}
        variant="danger"
        isBusy={remove.isPending}
        error={remove.error && sentenceOf(remove.error)}
        onConfirm={() => remove.mutate({ id, expectedVersion: version })}
      />
    </>
  );
}
