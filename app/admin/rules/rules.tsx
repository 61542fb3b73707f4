'use client';

// The rules in force with how often they hit, the way to add one, and those that were removed.
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { Loaded } from '@/app/admin/loaded';
import { AddRule } from '@/app/admin/rules/add-rule';
import type { RuleForms } from '@/app/admin/rules/form';
import { RuleTable } from '@/app/admin/rules/rule-table';
import { useTRPC } from '@/app/lib/trpc';
import { Card } from '@/app/ui/card';
import { EmptyState } from '@/app/ui/empty-state';

export function Rules({ forms }: { forms: RuleForms }) {
  const t = useTranslations('rules');
  const trpc = useTRPC();
  const query = useQuery(trpc.rule.list.queryOptions());
  return (
    <div className="space-y-4">
      <p className="max-w-prose text-muted-foreground text-sm">{t('intro')}</p>
      <AddRule forms={forms} />
      <Loaded query={query}>
        {({ rules, removed }) => (
          <>
            {rules.length === 0 ? <EmptyState>{t('none')}</EmptyState> : <RuleTable rules={rules} />}
            {removed.length > 0 && (
              <Card title={t('removed')}>
                <ul className="flex flex-wrap gap-x-4 gap-y-2 text-sm">
                  {removed.map(({ id, rule }) => (
                    <li key={id}>
                      <Link className="underline" href={`/admin/rules/${id}`}>
                        {rule?.name || id}
                      </Link>
                    </li>
                  ))}
                </ul>
              </Card>
            )}
          </>
        )}
      </Loaded>
    </div>
  );
}
