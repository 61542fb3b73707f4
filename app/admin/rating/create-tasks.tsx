'use client';

// The form that makes tasks of prompts.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { type SyntheticEvent, useState } from 'react';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { CONTROL, Field, SELECT, TextField } from '@/app/ui/field';
import { Notice } from '@/app/ui/notice';
import type { RouterInputs } from '@/server/routers';

type Kind = RouterInputs['ratingAdmin']['createTasks']['kind'];

const KINDS = ['compare', 'rate', 'rank', 'questionnaire', 'write', 'correct'] as const satisfies Kind[];

export function CreateTasks() {
  const t = useTranslations('ratingAdmin');
  const rate = useTranslations('rate');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const sets = useQuery(trpc.ratingAdmin.promptSets.queryOptions());
  const questionnaires = useQuery(trpc.ratingAdmin.questionnaires.queryOptions());
  const versions = useQuery(trpc.version.names.queryOptions());
  const [kind, setKind] = useState<Kind>('compare');
  const [source, setSource] = useState('');
  const create = useMutation(
    trpc.ratingAdmin.createTasks.mutationOptions({
      onSettled: () => client.invalidateQueries({ queryKey: trpc.ratingAdmin.pathKey() }),
    }),
  );
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const questionnaireId = String(form.get('questionnaire') ?? '');
    const versionIds = form.getAll('versions').map(String);
    create.mutate({
      kind,
      promptSetId: source || null,
      count: Number(form.get('count')),
      ...(kind === 'rank' && { completions: Number(form.get('completions')) }),
      ...(questionnaireId && { questionnaireId }),
      ...(versionIds.length > 0 && { versionIds }),
    });
  };
  const { data } = create;
  return (
    <Card title={t('create')}>
      <form onSubmit={submit} className="space-y-4">
        <div className="grid grid-cols-[repeat(auto-fit,minmax(min(100%,19rem),1fr))] gap-4">
          <Field label={t('kind')}>
            {(control) => (
              <select
                {...control}
                className={SELECT}
                value={kind}
                onChange={(event) => setKind(event.target.value as Kind)}
              >
                {KINDS.map((name) => (
                  <option key={name} value={name}>
                    {rate(`kinds.${name}`)}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Field label={t('source')}>
            {(control) => (
              <select
                {...control}
                className={SELECT}
                value={source}
                onChange={(event) => setSource(event.target.value)}
              >
                <option value="">{t('served')}</option>
                {sets.data?.map(({ id, name }) => (
                  <option key={id} value={id}>
                    {t('set', { name })}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <TextField label={t('count')} name="count" type="number" min={1} max={1000} required defaultValue={50} />
          {kind === 'rank' && (
            <TextField
              label={t('completions')}
              name="completions"
              type="number"
              min={2}
              max={8}
              required
              defaultValue={3}
            />
          )}
          {kind === 'questionnaire' && (
            <Field label={t('questionnaire')}>
              {(control) => (
                <select {...control} name="questionnaire" required className={SELECT}>
                  {questionnaires.data
                    ?.filter(({ retiredAt }) => retiredAt === null)
                    .map(({ id, name, version }) => (
                      <option key={id} value={id}>
                        {name} ({t('version', { version })})
                      </option>
                    ))}
                </select>
              )}
            </Field>
          )}
        </div>
        {source !== '' && kind !== 'write' && (
          <Field label={t('versions')} hint={t('champion')}>
            {(control) => (
              <select {...control} name="versions" multiple size={3} className={`${CONTROL} py-2`}>
                {versions.data
                  ?.filter(({ status }) => status !== 'rejected')
                  .map(({ id }) => (
                    <option key={id} value={id}>
                      {id}
                    </option>
                  ))}
              </select>
            )}
          </Field>
        )}
        {create.error && <Notice kind="error">{sentenceOf(create.error)}</Notice>}
        {data && <Notice kind="info">{data.created === 0 ? t('createdNone') : t('created', data)}</Notice>}
        <Button type="submit" variant="primary" isBusy={create.isPending}>
          {t('createButton')}
        </Button>
      </form>
    </Card>
  );
}
