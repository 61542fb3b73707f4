'use client';

// Changes what a judge labels and may spend, replaces its key, or retires it.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { EndpointLimitFields, readLimits } from '@/app/admin/judges/endpoint-limits';
import { LabelKinds } from '@/app/admin/judges/label-kinds';
import type { JudgeData } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { Dialog } from '@/app/ui/dialog';
import { TextField } from '@/app/ui/field';
import { Notice } from '@/app/ui/notice';

export function ChangeJudge({ judge, onDone }: { judge: JudgeData; onDone: () => void }) {
  const t = useTranslations('judges');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const [labels, setLabels] = useState(judge.labels);
  const [isRetiring, setIsRetiring] = useState(false);
  const { id, name, endpoint } = judge;
  const refresh = () => client.invalidateQueries({ queryKey: trpc.judge.list.queryKey() });
  const change = useMutation(
    trpc.judge.change.mutationOptions({
      async onSuccess() {
        await refresh();
        onDone();
      },
    }),
  );
  const retire = useMutation(trpc.judge.retire.mutationOptions({ onSettled: refresh }));
  return (
    <form
      className="space-y-4 rounded-xl border border-border p-4"
      onSubmit={(event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        const key = String(form.get('key') ?? '').trim();
        const spending = endpoint ? { limits: readLimits(form), ...(key && { key }) } : {};
        change.mutate({ id, change: { name: String(form.get('name')).trim(), labels, ...spending } });
      }}
    >
      <TextField label={t('name')} name="name" required maxLength={200} defaultValue={name} />
      <LabelKinds kinds={labels} onChange={setLabels} />
      {endpoint && (
        <>
          <TextField
            label={t('newKey')}
            hint={endpoint.hasKey ? t('newKeyHint') : t('noKeyHint')}
            name="key"
            type="password"
            autoComplete="off"
            maxLength={500}
          />
          <EndpointLimitFields limits={endpoint.limits} />
        </>
      )}
      {[change.error, retire.error].map(
        (error, at) =>
          error && (
            <Notice key={at} kind="error">
              {sentenceOf(error)}
            </Notice>
          ),
      )}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" variant="primary" isBusy={change.isPending}>
          {t('save')}
        </Button>
        <Button onClick={() => setIsRetiring(true)}>{t('retire')}</Button>
      </div>
      <Dialog
        isOpen={isRetiring}
        onOpenChange={setIsRetiring}
        title={t('retireTitle', { name })}
        text={t('retireText')}
      >
        <div className="mt-5 flex justify-end">
          <Button variant="primary" isBusy={retire.isPending} onClick={() => retire.mutate({ id })}>
            {t('retire')}
          </Button>
        </div>
      </Dialog>
    </form>
  );
}
