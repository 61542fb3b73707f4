'use client';

// The form of the product's settings; the server checks every value again.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { type SyntheticEvent, useState } from 'react';
import { ShareSlider } from '@/app/admin/experiments/share-slider';
import { Loaded } from '@/app/admin/loaded';
import { CanaryFields, readCanary } from '@/app/admin/rollout/canary-fields';
import { LimitsCard, readLimits } from '@/app/admin/settings/limits-card';
import { readTrigger, TriggerFields } from '@/app/admin/settings/trigger-fields';
import type { SettingsData } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { TextArea, TextField } from '@/app/ui/field';
import { Notice } from '@/app/ui/notice';
import { Switch } from '@/app/ui/switch';
import { TEXT_LIMITS } from '@/core/text/text-limits';

export function Settings() {
  const trpc = useTRPC();
  const query = useQuery(trpc.admin.settings.queryOptions(undefined, { refetchOnWindowFocus: false }));
  return <Loaded query={query}>{(settings) => <SettingsForm settings={settings} />}</Loaded>;
}

const SAMPLING = [
  { name: 'temperature', min: 0, max: 2, step: 0.05 },
  { name: 'topP', min: 0.01, max: 1, step: 0.01 },
  { name: 'topK', min: 0, max: 1000, step: 1 },
  { name: 'repetitionPenalty', min: 0.5, max: 2, step: 0.05 },
  { name: 'maxTokens', min: 1, max: 4096, step: 1 },
] as const;

function SettingsForm({ settings }: { settings: SettingsData }) {
  const t = useTranslations('admin');
  const app = useTranslations('app');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const tExperiments = useTranslations('experiments');
  const [comparisonShare, setComparisonShare] = useState(settings.comparisonShare);
  const [holdoutShare, setHoldoutShare] = useState(settings.holdoutShare);
  const [autoCanary, setAutoCanary] = useState(settings.autoCanary);
  const save = useMutation(
    trpc.admin.setSettings.mutationOptions({
      onSuccess: (saved) => {
        client.setQueryData(trpc.admin.settings.queryKey(), saved);
        void client.invalidateQueries({ queryKey: trpc.admin.trigger.queryKey() });
      },
    }),
  );

  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? '').trim();
    save.mutate({
      comparisonShare,
      holdoutShare,
      autoCanary,
      canary: readCanary((name) => Number(text(name))),
      trigger: readTrigger(text),
      sampling: {
        temperature: Number(text('temperature')),
        topP: Number(text('topP')),
        topK: Number(text('topK')),
        repetitionPenalty: Number(text('repetitionPenalty')),
        maxTokens: Number(text('maxTokens')),
      },
      systemPrompt: text('systemPrompt') || null,
      limits: readLimits((name) => Number(text(name))),
    });
  };

  return (
    <form onSubmit={submit} className="grid gap-4 lg:grid-cols-2">
      <Card title={t('sideBySide')}>
        <ShareSlider
          share={comparisonShare}
          label={t('comparisonShare')}
          describe={(percent) => percent}
          onChange={setComparisonShare}
        />
        <ShareSlider
          share={holdoutShare}
          label={tExperiments('holdout')}
          describe={(percent) => tExperiments('holdoutOf', { percent })}
          onChange={(share) => setHoldoutShare(Math.min(0.5, share))}
        />
      </Card>
      <Card title={t('triggerTitle')}>
        <TriggerFields trigger={settings.trigger} />
        <div className="mt-4">
          <Switch label={t('autoCanary')} isOn={autoCanary} onChange={setAutoCanary} />
          <p className="mt-1 text-muted-foreground text-xs">{t('autoCanaryHint')}</p>
        </div>
      </Card>
      <Card title={t('canary')}>
        <p className="mb-4 text-muted-foreground text-sm">{t('canaryHint')}</p>
        <div className="grid gap-4 sm:grid-cols-2">
          <CanaryFields settings={settings.canary} />
        </div>
      </Card>
      <Card title={t('sampling')}>
        <div className="grid gap-4 sm:grid-cols-2">
          {SAMPLING.map(({ name, ...limits }) => (
            <TextField
              key={name}
              label={t(name)}
              name={name}
              type="number"
              required
              {...limits}
              step={Number.isInteger(limits.step) ? 1 : 'any'}
              defaultValue={settings.sampling[name]}
            />
          ))}
        </div>
      </Card>
      <Card title={t('systemPrompt')}>
        <TextArea
          label={t('systemPrompt')}
          isLabelHidden
          hint={t('systemPromptHint')}
          name="systemPrompt"
          rows={8}
          maxLength={TEXT_LIMITS.systemPrompt}
          defaultValue={settings.systemPrompt ?? ''}
        />
      </Card>
      <LimitsCard limits={settings.limits} />
      <div className="space-y-3 lg:col-span-2">
        {save.error && <Notice kind="error">{sentenceOf(save.error)}</Notice>}
        {save.isSuccess && <Notice kind="info">{t('settingsSaved')}</Notice>}
        <Button type="submit" variant="primary" isBusy={save.isPending}>
          {app('save')}
        </Button>
      </div>
    </form>
  );
}
