'use client';

// Starts a new rule from a template; nothing is in force before it is saved.
import { useQuery } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { Loaded } from '@/app/admin/loaded';
import { RuleEditor } from '@/app/admin/rules/editor';
import type { RuleForms } from '@/app/admin/rules/form';
import { useTRPC } from '@/app/lib/trpc';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { Field, SELECT } from '@/app/ui/field';

export function AddRule({ forms }: { forms: RuleForms }) {
  const t = useTranslations('rules');
  const app = useTranslations('app');
  const router = useRouter();
  const trpc = useTRPC();
  const [isAdding, setIsAdding] = useState(false);
  const [chosen, setChosen] = useState(0);
  const query = useQuery(trpc.admin.ruleTemplates.queryOptions(undefined, { enabled: isAdding, staleTime: Infinity }));
  if (!isAdding)
    return (
      <Button variant="primary" onClick={() => setIsAdding(true)}>
        {t('add')}
      </Button>
    );
  return (
    <Card title={t('add')} actions={<Button onClick={() => setIsAdding(false)}>{app('cancel')}</Button>}>
      <Loaded query={query}>
        {(templates) => (
          <div className="space-y-4">
            <Field label={t('template')} hint={t('templateHint')}>
              {(control) => (
                <select
                  {...control}
                  className={SELECT}
                  value={chosen}
                  onChange={(event) => setChosen(Number(event.target.value))}
                >
                  {templates.map(({ id, kind }, at) => (
                    <option key={id} value={at}>
                      {id === kind ? t(`kinds.${kind}`) : t('templateOf', { id, kind: t(`kinds.${kind}`) })}
                    </option>
                  ))}
                </select>
              )}
            </Field>
            <RuleEditor
              key={chosen}
              forms={forms}
              rule={templates[chosen]!}
              isNew
              onSaved={(id) => router.push(`/admin/rules/${id}`)}
            />
          </div>
        )}
      </Loaded>
    </Card>
  );
}
