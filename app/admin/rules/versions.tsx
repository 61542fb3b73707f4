'use client';

// The versions of a rule with what each changed; any of them can be put in force again.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import { useRuleWords } from '@/app/admin/rules/use-rule-words';
import type { RuleVersionData } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Badge } from '@/app/ui/badge';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { Notice } from '@/app/ui/notice';

export function RuleVersions({ id, versions }: { id: string; versions: readonly RuleVersionData[] }) {
  const t = useTranslations('rules');
  const words = useRuleWords();
  const { date } = useFormats();
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const restore = useMutation(
    trpc.rule.restore.mutationOptions({
      onSettled: () => client.invalidateQueries({ queryKey: trpc.rule.pathKey() }),
    }),
  );
  const expectedVersion = versions[0]!.version;
  return (
    <Card title={t('versions')}>
      {restore.error && <Notice kind="error">{sentenceOf(restore.error)}</Notice>}
      <ul className="divide-y divide-border">
        {versions.map(({ version, isRemoved, createdAt, author, changed, rule }, at) => (
          <li key={version} className="flex flex-wrap items-center gap-2 py-3 text-sm">
            <span className="font-medium">{t('version', { version })}</span>
            <span className="text-muted-foreground">
              {author ? t('by', { date: date(createdAt), author }) : date(createdAt)}
            </span>
            {isRemoved && <Badge tone="bad">{t('wasRemoved')}</Badge>}
            {changed.length > 0 && (
              <span className="text-muted-foreground">
                {t('changedFields', { fields: changed.map(words.label).join(' · ') })}
              </span>
            )}
            {at === 0 && !isRemoved && <Badge tone="good">{t('now')}</Badge>}
            {rule && !(at === 0 && !isRemoved) && (
              <Button
                size="small"
                className="ml-auto"
                aria-label={t('restoreNamed', { version })}
                isBusy={restore.isPending && restore.variables.version === version}
                onClick={() => restore.mutate({ id, version, expectedVersion })}
              >
                {t('restore')}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}
