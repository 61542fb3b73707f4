'use client';

// The versions of a rule with what each changed; after asking, any of them can be put in force again.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { useFormats } from '@/app/admin/format';
import { useRuleWords } from '@/app/admin/rules/use-rule-words';
import type { RuleVersionData } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Badge } from '@/app/ui/badge';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { ConfirmDialog } from '@/app/ui/dialog';

interface VersionsProps {
  id: string;
  versions: readonly RuleVersionData[];
  onRestored: () => void;
}

export function RuleVersions({ id, versions, onRestored }: VersionsProps) {
  const t = useTranslations('rules');
  const words = useRuleWords();
  const { date } = useFormats();
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const [asked, setAsked] = useState<RuleVersionData | null>(null);
  const restore = useMutation(
    trpc.rule.restore.mutationOptions({
      onSuccess: () => {
        setAsked(null);
        onRestored();
      },
      onSettled: () => client.invalidateQueries({ queryKey: trpc.rule.pathKey() }),
    }),
  );
  const last = versions[0]!;
  const putsBack = asked?.isRemoved ?? false;
  const differing = asked ? differences(last, asked).map(words.label).join(' · ') : '';
  return (
    <Card title={t('versions')}>
      <ul className="divide-y divide-border">
        {versions.map((one) => (
          <li key={one.version} className="flex flex-wrap items-center gap-2 py-3 text-sm">
            <span className="font-medium">{t('version', { version: one.version })}</span>
            <span className="text-muted-foreground">
              {one.author ? t('by', { date: date(one.createdAt), author: one.author }) : date(one.createdAt)}
            </span>
            {one.isRemoved && <Badge tone="bad">{t('wasRemoved')}</Badge>}
            {one.restores !== null && (
              <span className="text-muted-foreground">
                {versions.some(({ version, isRemoved }) => isRemoved && version === one.restores)
                  ? t('wasPutBack')
                  : t('restoredFrom', { version: one.restores })}
              </span>
            )}
            {one.changed.length > 0 && (
              <span className="text-muted-foreground">
                {t('changedFields', { fields: one.changed.map(words.label).join(' · ') })}
              </span>
            )}
            {one === last && !one.isRemoved && <Badge tone="good">{t('now')}</Badge>}
            {canReturn(last, one) && (
              <Button
                size="small"
                className="ml-auto"
                aria-label={one === last ? t('putBack') : t('restoreNamed', { version: one.version })}
                onClick={() => {
                  restore.reset();
                  setAsked(one);
                }}
              >
                {one === last ? t('putBack') : t('restore')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      <ConfirmDialog
        isOpen={asked !== null}
        onOpenChange={() => setAsked(null)}
        title={putsBack ? t('putBackTitle') : t('restoreTitle', { version: asked?.version ?? 0 })}
        text={putsBack ? t('putBackText') : t('restoreText')}
        action={putsBack ? t('putBack') : t('restore')}
        isBusy={restore.isPending}
        error={restore.error && sentenceOf(restore.error)}
        onConfirm={() => restore.mutate({ id, version: asked!.version, expectedVersion: last.version })}
      >
        {differing && <p className="mt-3 text-sm">{t('restoreChanges', { fields: differing })}</p>}
      </ConfirmDialog>
    </Card>
  );
}

/** Whether putting it in force would change anything. A removal has the settings of the version before it. */
function canReturn(last: RuleVersionData, one: RuleVersionData): boolean {
  if (!one.rule) return false;
  if (last.isRemoved) return one === last || !one.isRemoved;
  return !one.isRemoved && differences(last, one).length > 0;
}

/** The settings in which two versions differ. */
function differences(one: RuleVersionData, other: RuleVersionData): string[] {
  const a: Record<string, unknown> = { ...one.rule, version: 0 };
  const b: Record<string, unknown> = { ...other.rule, version: 0 };
  return Object.keys({ ...a, ...b }).filter((key) => JSON.stringify(a[key]) !== JSON.stringify(b[key]));
}
