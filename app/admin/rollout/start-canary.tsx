'use client';

// The form that sends a version on its way: which one, and how careful its steps are.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { WithCandidates } from '@/app/admin/candidates';
import { Loaded } from '@/app/admin/loaded';
import { CanaryFields, readCanary } from '@/app/admin/rollout/canary-fields';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { Notice } from '@/app/ui/notice';
import type { CanarySettings } from '@/core/rollout/canary';

export function StartCanary() {
  const t = useTranslations('rollout');
  const trpc = useTRPC();
  const query = useQuery(trpc.admin.settings.queryOptions(undefined, { refetchOnWindowFocus: false }));
  return (
    <Card title={t('start')}>
      <WithCandidates
        none={t('noCandidate')}
        form={(field) => (
          <Loaded query={query}>{({ canary }) => <CanaryForm candidate={field} settings={canary} />}</Loaded>
        )}
      />
    </Card>
  );
}

function CanaryForm({ candidate, settings }: { candidate: ReactNode; settings: CanarySettings }) {
  const t = useTranslations('rollout');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const start = useMutation(
    trpc.admin.startCanary.mutationOptions({
      onSuccess: () => client.invalidateQueries({ queryKey: trpc.admin.canaries.queryKey() }),
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
          settings: readCanary((name) => Number(form.get(name))),
        });
      }}
    >
      {candidate}
      <CanaryFields settings={settings} />
      <div className="space-y-3 sm:col-span-2">
        {start.error && <Notice kind="error">{sentenceOf(start.error)}</Notice>}
        <Button type="submit" variant="primary" isBusy={start.isPending}>
          {t('start')}
        </Button>
      </div>
    </form>
  );
}
