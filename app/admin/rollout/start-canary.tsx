'use client';

// The form that sends a version on its way: which one, and how careful its steps are.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { Loaded } from '@/app/admin/loaded';
import type { VersionData } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { Field, SELECT, TextField } from '@/app/ui/field';
import { Notice } from '@/app/ui/notice';
import { CanarySettings } from '@/core/rollout/canary';

const DEFAULTS = CanarySettings.parse({});

export function StartCanary() {
  const t = useTranslations('rollout');
  const trpc = useTRPC();
  const versions = useQuery(trpc.admin.versions.queryOptions());
  return (
    <Card title={t('start')}>
      <Loaded query={versions}>
        {(all) => {
          const candidates = all.filter(({ status, isChampion }) => status === 'accepted' && !isChampion);
          return candidates.length === 0 ? (
            <p className="text-sm">{t('noCandidate')}</p>
          ) : (
            <CanaryForm candidates={candidates} />
          );
        }}
      </Loaded>
    </Card>
  );
}

function CanaryForm({ candidates }: { candidates: readonly VersionData[] }) {
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
      <Field label={t('candidate')}>
        {(control) => (
          <select {...control} name="candidate" className={SELECT}>
            {candidates.map(({ id }) => (
              <option key={id} value={id}>
                {id}
              </option>
            ))}
          </select>
        )}
      </Field>
      <TextField
        label={t('minutesPerStep')}
        name="minutesPerStep"
        type="number"
        min={0}
        max={10_080}
        step="any"
        required
        defaultValue={DEFAULTS.minutesPerStep}
      />
      <TextField
        label={t('answersPerStep')}
        hint={t('answersHint')}
        name="answersPerStep"
        type="number"
        min={1}
        max={1_000_000}
        required
        defaultValue={DEFAULTS.answersPerStep}
      />
      <TextField
        label={t('margin')}
        hint={t('marginHint')}
        name="margin"
        type="number"
        min={1}
        max={50}
        required
        defaultValue={DEFAULTS.margin * 100}
      />
      <TextField
        label={t('mostDays')}
        hint={t('mostDaysHint')}
        name="mostDays"
        type="number"
        min={0.01}
        max={90}
        step="any"
        required
        defaultValue={DEFAULTS.mostDays}
      />
      <div className="space-y-3 sm:col-span-2">
        {start.error && <Notice kind="error">{sentenceOf(start.error)}</Notice>}
        <Button type="submit" variant="primary" isBusy={start.isPending}>
          {t('start')}
        </Button>
      </div>
    </form>
  );
}
