'use client';

// The list of keys with the usage of each; revoked keys stay in it for their usage.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { useFormats } from '@/app/admin/format';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Badge } from '@/app/ui/badge';
import { Button } from '@/app/ui/button';
import { ConfirmDialog } from '@/app/ui/dialog';
import { Cell, Table } from '@/app/ui/table';
import type { RouterOutputs } from '@/server/routers';

type Key = RouterOutputs['apiKey']['list'][number];

export function KeyTable({ keys }: { keys: Key[] }) {
  const t = useTranslations('settings');
  const sentenceOf = useErrorSentence();
  const { date } = useFormats();
  const trpc = useTRPC();
  const client = useQueryClient();
  const [asked, setAsked] = useState<Key | null>(null);
  const revoke = useMutation(
    trpc.apiKey.revoke.mutationOptions({
      onSuccess: () => {
        setAsked(null);
        return client.invalidateQueries({ queryKey: trpc.apiKey.list.queryKey() });
      },
    }),
  );
  if (keys.length === 0)
    return (
      <p className="rounded-2xl border border-border border-dashed p-8 text-center text-muted-foreground text-sm">
        {t('noKeys')}
      </p>
    );
  return (
    <>
      <Table
        caption={t('keys')}
        head={[t('name'), t('lastUsed'), t('requests'), t('tokens'), t('training'), t('actions')]}
      >
        {keys.map((key) => (
          <tr key={key.id}>
            <Cell className="min-w-40">
              <p className="break-words font-medium">{key.name}</p>
              <code className="whitespace-nowrap text-muted-foreground text-xs">{key.prefix}…</code>
            </Cell>
            <Cell className="whitespace-nowrap text-muted-foreground">
              {key.lastUsedAt ? date(key.lastUsedAt) : t('never')}
            </Cell>
            <Cell className="tabular-nums">{t('count', { count: key.requests })}</Cell>
            <Cell className="whitespace-nowrap tabular-nums">
              {t('inOut', { input: key.promptTokens, output: key.completionTokens })}
            </Cell>
            <Cell className="whitespace-nowrap">{key.allowTraining ? t('yes') : t('no')}</Cell>
            {/* On a phone the figures scroll away beneath it. */}
            <Cell className="sticky right-0 bg-card text-right">
              {key.revokedAt ? (
                <Badge tone="plain">{t('revoked')}</Badge>
              ) : (
                <Button size="small" variant="outline" onClick={() => setAsked(key)}>
                  <span aria-hidden>{t('revoke')}</span>
                  <span className="sr-only">{t('revokeNamed', { name: key.name })}</span>
                </Button>
              )}
            </Cell>
          </tr>
        ))}
      </Table>
      <ConfirmDialog
        isOpen={asked !== null}
        onOpenChange={(isOpen) => !isOpen && setAsked(null)}
        title={t('revokeTitle', { name: asked?.name ?? '' })}
        text={t('revokeText')}
        action={t('revoke')}
        variant="danger"
        isBusy={revoke.isPending}
        error={revoke.error && sentenceOf(revoke.error)}
        onConfirm={() => asked && revoke.mutate({ id: asked.id })}
      />
    </>
  );
}
