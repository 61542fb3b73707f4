'use client';

// The form that sends a version on its way: which one, and how careful its steps are.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { WithCandidates } from '@/app/admin/candidates';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { TextField } from '@/app/ui/field';
import { Notice } from '@/app/ui/notice';
import { CanarySettings } from '@/core/rollout/canary';

const DEFAULTS = CanarySettings.parse({});
/** As the form shows them: the margin in points. */
const NUMBERS = [
  { name: 'minutesPerStep', min: 0, max: 10_080, step: 'any', value: DEFAULTS.minutesPerStep },
  { name: 'answersPerStep', min: 1, max: 1_000_000, step: 1, value: DEFAULTS.answersPerStep },
  { name: 'margin', min: 1, max: 50, step: 1, value: 100 * DEFAULTS.margin },
  { name: 'mostDays', min: 0.01, max: 90, step: 'any', value: DEFAULTS.mostDays },
] as const;

export function StartCanary() {
  const t = useTranslations('rollout');
  return (
    <Card title={t('start')}>
      <WithCandidates none={t('noCandidate')} form={(field) => <CanaryForm candidate={field} />} />
    </Card>
  );
}

function CanaryForm({ candidate }: { candidate: ReactNode }) {
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
        const number = (name: string) => Number(form.get(name));
        start.mutate({
          candidateVersionId: String(form.get('candidate')),
          settings: {
            minutesPerStep: number('minutesPerStep'),
            answersPerStep: number('answersPerStep'),
            margin: number('margin') / 100,
            mostDays: number('mostDays'),
          },
        });
      }}
    >
      {candidate}
      {NUMBERS.map(({ name, value, ...limits }) => (
        <TextField
          key={name}
          label={t(name)}
          hint={t(`hints.${name}`)}
          name={name}
          type="number"
          required
          defaultValue={value}
          {...limits}
        />
      ))}
      <div className="space-y-3 sm:col-span-2">
        {start.error && <Notice kind="error">{sentenceOf(start.error)}</Notice>}
        <Button type="submit" variant="primary" isBusy={start.isPending}>
          {t('start')}
        </Button>
      </div>
    </form>
  );
}
