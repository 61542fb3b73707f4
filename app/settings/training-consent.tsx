'use client';

// The consent to training with which new chats begin, and whether what a person does with answers may count.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Card } from '@/app/ui/card';
import { Notice } from '@/app/ui/notice';
import { Switch } from '@/app/ui/switch';

export function TrainingConsent() {
  const t = useTranslations('settings');
  const consent = useTranslations('consent');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const account = useQuery(trpc.account.get.queryOptions());
  const keep = (changed: Partial<NonNullable<typeof account.data>>) =>
    client.setQueryData(trpc.account.get.queryKey(), (old) => old && { ...old, ...changed });
  const change = useMutation(
    trpc.account.setAllowTraining.mutationOptions({
      scope: { id: 'account consent' },
      onSuccess: (_, { allowTraining }) => keep({ allowTraining }),
    }),
  );
  const changeSignals = useMutation(
    trpc.account.setAllowSignals.mutationOptions({
      scope: { id: 'account signals' },
      onSuccess: (_, { allowSignals }) => keep({ allowSignals }),
    }),
  );
  const error = account.error ?? change.error ?? changeSignals.error;
  return (
    <Card title={t('consent')}>
      {account.data && (
        <Switch
          label={t('consentLabel')}
          isOn={account.data.allowTraining ?? false}
          onChange={(allowTraining) => !change.isPending && change.mutate({ allowTraining })}
        />
      )}
      <p className="mt-2 text-muted-foreground text-sm">
        {t('consentText')} {account.data?.isCheckedOutside && consent('checkedOutside')}
      </p>
      {account.data && (
        <div className="mt-4 border-border border-t pt-4">
          <Switch
            label={t('signalsLabel')}
            isOn={account.data.allowSignals}
            onChange={(allowSignals) => !changeSignals.isPending && changeSignals.mutate({ allowSignals })}
          />
          <p className="mt-2 text-muted-foreground text-sm">{t('signalsText')}</p>
        </div>
      )}
      {error && (
        <div className="mt-3">
          <Notice kind="error">{sentenceOf(error)}</Notice>
        </div>
      )}
    </Card>
  );
}
