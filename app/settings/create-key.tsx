'use client';

// Creates a key and shows it once.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { type SyntheticEvent, useState } from 'react';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { CopyButton } from '@/app/ui/copy-button';
import { TextField } from '@/app/ui/field';
import { Notice } from '@/app/ui/notice';
import { Switch } from '@/app/ui/switch';
import { TEXT_LIMITS } from '@/core/text/text-limits';

export function CreateKey() {
  const t = useTranslations('settings');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  // Starts with the person's choice for chats.
  const account = useQuery(trpc.account.get.queryOptions());
  const [chosen, setChosen] = useState<boolean | null>(null);
  const allowTraining = chosen ?? account.data?.allowTraining ?? false;
  const [name, setName] = useState('');
  const create = useMutation(
    trpc.apiKey.create.mutationOptions({
      onSuccess: () => client.invalidateQueries({ queryKey: trpc.apiKey.list.queryKey() }),
    }),
  );
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    // Only the name is cleared: a reset of the form would also turn the switch off.
    if (name.trim()) create.mutate({ name: name.trim(), allowTraining }, { onSuccess: () => setName('') });
  };
  return (
    <div className="space-y-4">
      <form onSubmit={submit} className="flex flex-wrap items-end gap-x-5 gap-y-4">
        <div className="min-w-0 flex-1 basis-56">
          <TextField
            label={t('name')}
            name="name"
            required
            maxLength={TEXT_LIMITS.keyName}
            autoComplete="off"
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </div>
        <div className="flex h-11 items-center sm:h-10">
          <Switch label={t('allowTraining')} isOn={allowTraining} onChange={setChosen} />
        </div>
        <Button type="submit" variant="primary" isBusy={create.isPending}>
          {t('create')}
        </Button>
      </form>
      <p className="text-muted-foreground text-sm">{t('allowTrainingText')}</p>
      {create.error && <Notice kind="error">{sentenceOf(create.error)}</Notice>}
      {create.data && (
        <div role="status" className="space-y-2 rounded-xl bg-primary-soft p-4">
          <p className="font-medium text-sm">{t('once')}</p>
          <div className="flex items-center gap-2">
            <code className="min-w-0 flex-1 break-all rounded-lg bg-background px-3 py-2 text-sm">
              {create.data.secret}
            </code>
            <CopyButton text={create.data.secret} label={t('copyKey')} />
          </div>
        </div>
      )}
    </div>
  );
}
