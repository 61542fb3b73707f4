'use client';

// One webhook: its address, its events, and what an admin can do to it.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import type { WebhookData } from '@/app/admin/types';
import { EventsField } from '@/app/admin/webhooks/events-field';
import { Secret } from '@/app/admin/webhooks/secret';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { ConfirmDialog } from '@/app/ui/dialog';
import { Notice } from '@/app/ui/notice';
import { Switch } from '@/app/ui/switch';

export function WebhookCard({ webhook: { id, url, events, isOn } }: { webhook: WebhookData }) {
  const t = useTranslations('webhooks');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const [asks, setAsks] = useState<'remove' | 'renew' | null>(null);
  const options = {
    onSuccess: () => setAsks(null),
    onSettled: () => client.invalidateQueries({ queryKey: trpc.webhook.list.queryKey() }),
  };
  const change = useMutation(trpc.webhook.change.mutationOptions(options));
  const test = useMutation(trpc.webhook.test.mutationOptions(options));
  const remove = useMutation(trpc.webhook.remove.mutationOptions(options));
  const renew = useMutation(trpc.webhook.renewSecret.mutationOptions(options));
  const error = change.error ?? test.error;
  const asked = asks === 'remove' ? remove : renew;
  return (
    <Card
      title={new URL(url).host}
      actions={<Switch label={t('on')} isOn={isOn} onChange={(on) => change.mutate({ id, isOn: on })} />}
    >
      <p className="mb-4 break-all text-muted-foreground text-sm">{url}</p>
      <EventsField
        chosen={events}
        isDisabled={change.isPending}
        onChange={(chosen) => chosen.length > 0 && change.mutate({ id, events: chosen })}
      />
      {error && (
        <div className="mt-4">
          <Notice kind="error">{sentenceOf(error)}</Notice>
        </div>
      )}
      <div className="mt-4 flex flex-wrap gap-2">
        <Button size="small" disabled={!isOn} isBusy={test.isPending} onClick={() => test.mutate({ id })}>
          {t('test')}
        </Button>
        <Button size="small" onClick={() => setAsks('renew')}>
          {t('renew')}
        </Button>
        <Button size="small" variant="danger" onClick={() => setAsks('remove')}>
          {t('remove')}
        </Button>
      </div>
      {renew.data && <Secret secret={renew.data.secret} />}
      {asks && (
        <ConfirmDialog
          isOpen
          onOpenChange={() => setAsks(null)}
          title={t(asks)}
          text={t(`${asks}Text`)}
          action={t(asks)}
          variant={asks === 'remove' ? 'danger' : 'primary'}
          isBusy={asked.isPending}
          error={asked.error ? sentenceOf(asked.error) : null}
          onConfirm={() => asked.mutate({ id })}
        />
      )}
    </Card>
  );
}
