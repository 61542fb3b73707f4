'use client';

// One rule with its editor, its hits and its versions.
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { Loaded } from '@/app/admin/loaded';
import { RuleEditor } from '@/app/admin/rules/editor';
import type { RuleForms } from '@/app/admin/rules/form';
import { RuleHits } from '@/app/admin/rules/hits';
import { RemoveRule } from '@/app/admin/rules/remove-rule';
import { RuleVersions } from '@/app/admin/rules/versions';
import { useTRPC } from '@/app/lib/trpc';
import { Card } from '@/app/ui/card';
import { Notice } from '@/app/ui/notice';

export function RuleDetail({ id, forms }: { id: string; forms: RuleForms }) {
  const t = useTranslations('rules');
  const trpc = useTRPC();
  /** What was said of marks holds no more once an old version is restored. */
  const [restored, setRestored] = useState(0);
  const query = useQuery(trpc.rule.versions.queryOptions({ id }));
  return (
    <div className="space-y-4">
      <Link className="inline-block text-sm underline" href="/admin/rules">
        {t('all')}
      </Link>
      <Loaded query={query}>
        {(versions) => {
          const { rule, isRemoved, version } = versions[0]!;
          return (
            <>
              {isRemoved && <Notice kind="warning">{t('isRemoved')}</Notice>}
              {!rule && (
                <Notice kind={isRemoved ? 'warning' : 'error'}>
                  {t('unreadable')} {!isRemoved && t('stopsAll')}
                </Notice>
              )}
              {!isRemoved && (
                <Card
                  title={t('settingsOf', { name: rule?.name || id, version })}
                  actions={<RemoveRule id={id} version={version} />}
                >
                  {rule && (
                    <>
                      <p className="mb-4 text-muted-foreground text-sm">{t(`kinds.${rule.kind}`)}</p>
                      <RuleEditor forms={forms} rule={rule} />
                    </>
                  )}
                </Card>
              )}
              <RuleHits key={restored} id={id} />
              <RuleVersions id={id} versions={versions} onRestored={() => setRestored(restored + 1)} />
            </>
          );
        }}
      </Loaded>
    </div>
  );
}
