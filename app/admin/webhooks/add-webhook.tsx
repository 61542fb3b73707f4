'use client';

// The form for a new webhook; its secret is shown once.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { EventsField } from '@/app/admin/webhooks/events-field';
import { Secret } from '@/app/admin/webhooks/secret';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { TextField } from '@/app/ui/field';
import { Notice } from '@/app/ui/notice';
import { WEBHOOK_EVENTS, type WebhookEvent } from '@/core/webhooks/events';

export function AddWebhook() {
  const t = useTranslations('webhooks');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const [url, setUrl] = useState('');
  const [events, setEvents] = useState<WebhookEvent[]>([...WEBHOOK_EVENTS]);
  const add = useMutation(
    trpc.webhook.add.mutationOptions({
      onSuccess: () => {
        setUrl('');
        return client.invalidateQueries({ queryKey: trpc.webhook.list.queryKey() });
      },
    }),
  );
  return (
    <Card title={t('add')}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (events.length > 0) add.mutate({ url: url.trim(), events });
        }}
      >
        <TextField
          label={t('url')}
          hint={t('urlHint')}
          type="url"
          required
          maxLength={2000}
          autoComplete="off"
          placeholder="https://example.org/hook"
          value={url}
          onChange={({ target }) => setUrl(target.value)}
        />
        <EventsField chosen={events} onChange={setEvents} />
        {add.error && <Notice kind="error">{sentenceOf(add.error)}</Notice>}
        <Button type="submit" variant="primary" disabled={events.length === 0} isBusy={add.isPending}>
          {t('add')}
        </Button>
      </form>
      {add.data && <Secret secret={add.data.secret} />}
    </Card>
  );
}
