'use client';

// The form for a new judge: the base of Attune, or an endpoint elsewhere.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { EndpointLimitFields, NEW_LIMITS, readLimits } from '@/app/admin/judges/endpoint-limits';
import { LabelKinds } from '@/app/admin/judges/label-kinds';
import type { JudgeData } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { CONTROL, Field, TextField } from '@/app/ui/field';
import { Notice } from '@/app/ui/notice';
import { Switch } from '@/app/ui/switch';

export function AddJudge({ onDone }: { onDone: () => void }) {
  const t = useTranslations('judges');
  const app = useTranslations('app');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const [kind, setKind] = useState<JudgeData['kind']>('local');
  const [labels, setLabels] = useState<JudgeData['labels']>(['comparison']);
  const [givesLogprobs, setGivesLogprobs] = useState(true);
  const add = useMutation(
    trpc.judge.add.mutationOptions({
      async onSuccess() {
        await client.invalidateQueries({ queryKey: trpc.judge.list.queryKey() });
        onDone();
      },
    }),
  );
  return (
    <Card title={t('add')}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          const form = new FormData(event.currentTarget);
          const read = (name: string) => String(form.get(name) ?? '').trim();
          const own = { name: read('name'), labels };
          if (kind === 'local') add.mutate({ kind, ...own });
          else
            add.mutate({
              ...{ kind, ...own, url: read('url'), model: read('model'), key: read('key') || null },
              ...{ givesLogprobs, limits: readLimits(form) },
            });
        }}
      >
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField label={t('name')} name="name" required maxLength={200} />
          <Field label={t('kind')}>
            {(control) => (
              <select
                {...control}
                className={`${CONTROL} h-11 sm:h-10`}
                value={kind}
                onChange={(event) => setKind(event.target.value as JudgeData['kind'])}
              >
                <option value="local">{t('local')}</option>
                <option value="endpoint">{t('endpoint')}</option>
              </select>
            )}
          </Field>
        </div>
        <LabelKinds kinds={labels} onChange={setLabels} />
        {kind === 'endpoint' && (
          <>
            <div className="grid gap-4 sm:grid-cols-3">
              <TextField label={t('url')} hint={t('urlHint')} name="url" type="url" required maxLength={1000} />
              <TextField label={t('model')} name="model" required maxLength={200} />
              <TextField
                label={t('key')}
                hint={t('keyHint')}
                name="key"
                type="password"
                autoComplete="off"
                maxLength={500}
              />
            </div>
            <Switch label={t('givesLogprobs')} isOn={givesLogprobs} onChange={setGivesLogprobs} />
            <EndpointLimitFields limits={NEW_LIMITS} />
          </>
        )}
        {add.error && <Notice kind="error">{sentenceOf(add.error)}</Notice>}
        <div className="flex flex-wrap gap-2">
          <Button type="submit" variant="primary" isBusy={add.isPending}>
            {t('save')}
          </Button>
          <Button onClick={onDone}>{app('cancel')}</Button>
        </div>
      </form>
    </Card>
  );
}
