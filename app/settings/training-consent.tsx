'use client';

// The consent to training with which new chats begin.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Card } from '@/app/ui/card';
import { Notice } from '@/app/ui/notice';
import { Switch } from '@/app/ui/switch';

export function TrainingConsent() {
  const t = useTranslations('settings');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const account = useQuery(trpc.account.get.queryOptions());
  const change = useMutation(
    trpc.account.setAllowTraining.mutationOptions({
      scope: { id: 'account consent' },
      onSuccess: (_, { allowTraining }) => client.setQueryData(trpc.account.get.queryKey(), { allowTraining }),
    }),
  );
  const error = account.error ?? change.error;
  return (
    <Card title={t('consent')}>
      {account.data && (
        <Switch
          label={t('consentLabel')}
          isOn={account.data.allowTraining ?? false}
          onChange={(allowTraining) => !change.isPending && change.mutate({ allowTraining })}
        />
      )}
      <p className="mt-2 text-muted-foreground text-sm">{t('consentText')}</p>
      {error && (
        <div className="mt-3">
          <Notice kind="error">{sentenceOf(error)}</Notice>
        </div>
      )}
    </Card>
  );
}
