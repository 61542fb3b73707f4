'use client';

// Starts a new rule from a template; nothing is in force before it is saved.
import { useQuery } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { Loaded } from '@/app/admin/loaded';
import { RuleEditor } from '@/app/admin/rules/editor';
import type { RuleForms } from '@/app/admin/rules/form';
import { freeId } from '@/app/admin/rules/free-id';
import type { RuleListData } from '@/app/admin/types';
import type messages from '@/app/i18n/en.json';
import { useTRPC } from '@/app/lib/trpc';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { Field, SELECT } from '@/app/ui/field';

/** A test demands a name for every template. */
type TemplateId = keyof typeof messages.rules.templates;

const takenIn = ({ rules, removed }: RuleListData) => [...rules, ...removed].map(({ id }) => id);

export function AddRule({ forms }: { forms: RuleForms }) {
  const t = useTranslations('rules');
  const app = useTranslations('app');
  const router = useRouter();
  const trpc = useTRPC();
  const [isAdding, setIsAdding] = useState(false);
  const [chosen, setChosen] = useState(0);
  const query = useQuery(trpc.admin.ruleTemplates.queryOptions(undefined, { enabled: isAdding, staleTime: Infinity }));
  const known = useQuery(trpc.rule.list.queryOptions()).data;
  if (!isAdding)
    return (
      <Button variant="primary" onClick={() => setIsAdding(true)}>
        {t('add')}
      </Button>
    );
  return (
    <Card title={t('add')} actions={<Button onClick={() => setIsAdding(false)}>{app('cancel')}</Button>}>
      <Loaded query={query}>
        {(templates) =>
          known && (
            <div className="space-y-4">
              <Field label={t('template')} hint={t('templateHint')}>
                {(control) => (
                  <select
                    {...control}
                    className={SELECT}
                    value={chosen}
                    onChange={(event) => setChosen(Number(event.target.value))}
                  >
                    {templates.map(({ id }, at) => (
                      <option key={id} value={at}>
                        {t(`templates.${id as TemplateId}`)}
                      </option>
                    ))}
                  </select>
                )}
              </Field>
              <RuleEditor
                key={chosen}
                forms={forms}
                rule={{ ...templates[chosen]!, id: freeId(templates[chosen]!.id, takenIn(known)) }}
                isNew
                onSaved={(id) => router.push(`/admin/rules/${id}`)}
              />
            </div>
          )
        }
      </Loaded>
    </Card>
  );
}
