'use client';

// The form that starts an experiment: a candidate, a name, and the share of users who get it.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { type ReactNode, useState } from 'react';
import { WithCandidates } from '@/app/admin/candidates';
import { ShareSlider } from '@/app/admin/experiments/share-slider';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { TextField } from '@/app/ui/field';
import { Notice } from '@/app/ui/notice';
import { TEXT_LIMITS } from '@/core/text/text-limits';

export function StartExperiment() {
  const t = useTranslations('admin');
  return (
    <Card title={t('newExperiment')}>
      <p className="-mt-2 mb-5 text-muted-foreground text-sm">{t('experimentText')}</p>
      <WithCandidates none={t('noCandidate')} form={(field) => <ExperimentForm candidate={field} />} />
    </Card>
  );
}

function ExperimentForm({ candidate }: { candidate: ReactNode }) {
  const t = useTranslations('admin');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const [share, setShare] = useState(0.1);
  const start = useMutation(
    trpc.admin.startExperiment.mutationOptions({
      onSuccess: () => client.invalidateQueries({ queryKey: trpc.admin.experiments.queryKey() }),
    }),
  );
  return (
    <form
      className="grid gap-5 sm:grid-cols-2"
      onSubmit={(event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        start.mutate({
          candidateVersionId: String(form.get('candidate')),
          name: String(form.get('name')).trim(),
          share,
        });
      }}
    >
      <TextField label={t('experimentName')} name="name" required maxLength={TEXT_LIMITS.experimentName} />
      {candidate}
      <div className="sm:col-span-2">
        <ShareSlider share={share} label={t('share')} onChange={setShare} />
      </div>
      <div className="space-y-3 sm:col-span-2">
        {start.error && <Notice kind="error">{sentenceOf(start.error)}</Notice>}
        <Button type="submit" variant="primary" isBusy={start.isPending}>
          {t('newExperiment')}
        </Button>
      </div>
    </form>
  );
}
