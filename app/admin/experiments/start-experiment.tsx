'use client';

// The form that starts an experiment: what differs, who takes part, what decides, and how long that will take.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { WithCandidates } from '@/app/admin/candidates';
import { Forecast } from '@/app/admin/experiments/forecast';
import { readChange, SettingsFields } from '@/app/admin/experiments/settings-fields';
import { ShareSlider } from '@/app/admin/experiments/share-slider';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { Field, SELECT, TextField } from '@/app/ui/field';
import { Notice } from '@/app/ui/notice';
import { ExperimentPlan, PRIMARY_METRICS, type PrimaryMetric } from '@/core/rollout/experiment';
import { TEXT_LIMITS } from '@/core/text/text-limits';

const KINDS = ['version', 'settings'] as const;
type Kind = (typeof KINDS)[number];
const FIRST_PLAN = ExperimentPlan.parse({});

export function StartExperiment() {
  const t = useTranslations('admin');
  return (
    <Card title={t('newExperiment')}>
      <p className="-mt-2 mb-5 text-muted-foreground text-sm">{t('experimentText')}</p>
      <ExperimentForm />
    </Card>
  );
}

function ExperimentForm() {
  const t = useTranslations('admin');
  const tOwn = useTranslations('experiments');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const [kind, setKind] = useState<Kind>('version');
  const [share, setShare] = useState(0.5);
  const [part, setPart] = useState(1);
  const [plan, setPlan] = useState(FIRST_PLAN);
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
        const candidate = form.get('candidate');
        const what =
          kind === 'version'
            ? { candidateVersionId: String(candidate ?? '') }
            : { change: readChange(form), layer: String(form.get('layer')) };
        start.mutate({ ...what, name: String(form.get('name')).trim(), share, part, plan });
      }}
    >
      <TextField label={t('experimentName')} name="name" required maxLength={TEXT_LIMITS.experimentName} />
      <Field label={tOwn('what')}>
        {(control) => (
          <select
            {...control}
            value={kind}
            onChange={(event) => setKind(event.target.value as Kind)}
            className={SELECT}
          >
            {KINDS.map((name) => (
              <option key={name} value={name}>
                {tOwn(`kinds.${name}`)}
              </option>
            ))}
          </select>
        )}
      </Field>
      {kind === 'version' ? (
        <div className="sm:col-span-2">
          <WithCandidates none={t('noCandidate')} form={(field) => field} />
        </div>
      ) : (
        <SettingsFields />
      )}
      <ShareSlider share={share} label={t('share')} onChange={setShare} />
      <ShareSlider
        share={part}
        label={tOwn('part')}
        describe={(percent) => tOwn('partOf', { percent })}
        onChange={(value) => setPart(Math.max(0.01, value))}
      />
      <PlanFields plan={plan} onChange={setPlan} />
      <div className="space-y-3 sm:col-span-2">
        <Forecast plan={plan} share={share} part={part} />
        {start.error && <Notice kind="error">{sentenceOf(start.error)}</Notice>}
        <Button type="submit" variant="primary" isBusy={start.isPending}>
          {t('newExperiment')}
        </Button>
      </div>
    </form>
  );
}

/** A field that cannot be read leaves the plan as it is; the browser says what is wrong with it. */
function PlanFields({ plan, onChange }: { plan: ExperimentPlan; onChange: (plan: ExperimentPlan) => void }) {
  const t = useTranslations('experiments');
  const set = (change: Partial<ExperimentPlan>) => {
    const next = ExperimentPlan.safeParse({ ...plan, ...change });
    if (next.success) onChange(next.data);
  };
  return (
    <>
      <Field label={t('metric')} hint={t(`metricTexts.${plan.metric}`)}>
        {(control) => (
          <select
            {...control}
            value={plan.metric}
            onChange={(event) => set({ metric: event.target.value as PrimaryMetric })}
            className={SELECT}
          >
            {PRIMARY_METRICS.map((name) => (
              <option key={name} value={name}>
                {t(`metrics.${name}`)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <TextField
        label={t('smallestEffect')}
        hint={t('smallestEffectHint')}
        type="number"
        required
        min={1}
        max={50}
        step="any"
        defaultValue={100 * plan.smallestEffect}
        onChange={(event) => set({ smallestEffect: Number(event.target.value) / 100 })}
      />
      <TextField
        label={t('mostDays')}
        hint={t('mostDaysHint')}
        type="number"
        required
        min={0.1}
        max={365}
        step="any"
        defaultValue={plan.mostDays}
        onChange={(event) => set({ mostDays: Number(event.target.value) })}
      />
      <Field label={t('allocation')} hint={t('allocationHint')}>
        {(control) => (
          <select
            {...control}
            value={plan.thompson ? 'thompson' : 'fixed'}
            onChange={(event) => set({ thompson: event.target.value === 'thompson' ? BOUNDS : null })}
            className={SELECT}
          >
            <option value="fixed">{t('allocations.fixed')}</option>
            <option value="thompson">{t('allocations.thompson')}</option>
          </select>
        )}
      </Field>
    </>
  );
}

/** Both arms keep enough people to be measured. */
const BOUNDS = { least: 0.1, most: 0.9 };
