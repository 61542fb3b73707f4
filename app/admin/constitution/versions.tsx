'use client';

// The versions of the principles, each of which can be put in force again.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import type { ConstitutionData } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Badge } from '@/app/ui/badge';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { Notice } from '@/app/ui/notice';

export function ConstitutionVersions({ versions }: { versions: readonly ConstitutionData[] }) {
  const t = useTranslations('constitution');
  const { date } = useFormats();
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const restore = useMutation(
    trpc.judge.restoreConstitution.mutationOptions({
      onSettled: () => client.invalidateQueries({ queryKey: trpc.judge.constitutions.queryKey() }),
    }),
  );
  return (
    <Card title={t('versions')}>
      {restore.error && <Notice kind="error">{sentenceOf(restore.error)}</Notice>}
      <ul className="divide-y divide-border">
        {versions.map(({ version, principles, restores, createdAt, author }, at) => (
          <li key={version} className="space-y-2 py-3 text-sm">
            <div className="flex flex-wrap items-center gap-2">
              <span className="font-medium">{t('version', { version })}</span>
              <span className="text-muted-foreground">
                {author ? t('by', { date: date(createdAt), author }) : date(createdAt)}
              </span>
              {restores !== null && (
                <span className="text-muted-foreground">{t('restores', { version: restores })}</span>
              )}
              {at === 0 ? (
                <Badge tone="good">{t('now')}</Badge>
              ) : (
                <Button
                  size="small"
                  className="ml-auto"
                  aria-label={t('restoreNamed', { version })}
                  isBusy={restore.isPending && restore.variables.version === version}
                  onClick={() => restore.mutate({ version })}
                >
                  {t('restore')}
                </Button>
              )}
            </div>
            <ul className="list-disc space-y-1 pl-5 text-muted-foreground">
              {principles.map(({ id, text }) => (
                <li key={id} className="break-words">
                  {text}
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
    </Card>
  );
}
