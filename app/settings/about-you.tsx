'use client';

// What a person may say of themselves, so that groups that are heard less can be noticed; all of it optional.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { Field, SELECT } from '@/app/ui/field';
import { Notice } from '@/app/ui/notice';
import { SELF_GROUP_NAMES, SELF_GROUPS, type SelfGroups } from '@/core/groups';
import { FEWEST_PEOPLE } from '@/core/statistics/fold';

export function AboutYou() {
  const t = useTranslations('aboutYou');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const account = useQuery(trpc.account.get.queryOptions());
  const change = useMutation(
    trpc.account.setGroups.mutationOptions({
      scope: { id: 'account groups' },
      onSuccess: (_, groups) =>
        client.setQueryData(trpc.account.get.queryKey(), (old) => old && { ...old, groups: groups ?? {} }),
    }),
  );
  const groups = account.data?.groups;
  const error = account.error ?? change.error;
  return (
    <Card title={t('title')}>
      <p className="text-muted-foreground text-sm">{t('text', { fewest: FEWEST_PEOPLE })}</p>
      {groups && (
        <div className="mt-4 grid gap-4 sm:grid-cols-3">
          {SELF_GROUP_NAMES.map((name) => (
            <Field key={name} label={t(`questions.${name}`)}>
              {(control) => (
                <select
                  {...control}
                  value={groups[name] ?? ''}
                  disabled={change.isPending}
                  onChange={({ target }) => change.mutate(withAnswer(groups, name, target.value))}
                  className={SELECT}
                >
                  <option value="">{t('unsaid')}</option>
                  {SELF_GROUPS[name].map((value) => (
                    <option key={value} value={value}>
                      {t(`answers.${value}`)}
                    </option>
                  ))}
                </select>
              )}
            </Field>
          ))}
        </div>
      )}
      {groups && Object.keys(groups).length > 0 && (
        <div className="mt-4">
          <Button size="small" isBusy={change.isPending} onClick={() => change.mutate({})}>
            {t('remove')}
          </Button>
        </div>
      )}
      <p className="mt-4 text-muted-foreground text-xs">{t('kept')}</p>
      {error && (
        <div className="mt-3">
          <Notice kind="error">{sentenceOf(error)}</Notice>
        </div>
      )}
    </Card>
  );
}

/** An empty answer takes the question out. */
function withAnswer(groups: SelfGroups, name: keyof SelfGroups, answer: string): SelfGroups {
  const { [name]: _, ...others } = groups;
  return answer === '' ? others : { ...others, [name]: answer };
}
