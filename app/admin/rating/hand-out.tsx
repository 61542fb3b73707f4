'use client';

// The settings of how tasks are handed out to raters.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { type SyntheticEvent, useState } from 'react';
import { Loaded } from '@/app/admin/loaded';
import type { SettingsData } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { TextField } from '@/app/ui/field';
import { Notice } from '@/app/ui/notice';
import { Switch } from '@/app/ui/switch';

const FIELDS = [
  { name: 'lockMinutes', min: 1, max: 1440, scale: 1 },
  { name: 'overlapShare', min: 0, max: 100, scale: 100 },
  { name: 'overlapRaters', min: 2, max: 20, scale: 1 },
  { name: 'goldShare', min: 0, max: 50, scale: 100 },
  { name: 'repeatShare', min: 0, max: 50, scale: 100 },
] as const;

export function HandOut() {
  const trpc = useTRPC();
  const query = useQuery(trpc.admin.settings.queryOptions(undefined, { refetchOnWindowFocus: false }));
  return <Loaded query={query}>{({ rating }) => <HandOutForm rating={rating} />}</Loaded>;
}

function HandOutForm({ rating }: { rating: SettingsData['rating'] }) {
  const t = useTranslations('ratingAdmin');
  const app = useTranslations('app');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const save = useMutation(
    trpc.admin.setSettings.mutationOptions({
      onSuccess: (saved) => client.setQueryData(trpc.admin.settings.queryKey(), saved),
    }),
  );
  const [hidesPersonalData, setHidesPersonalData] = useState(rating.hidePersonalData);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const values = FIELDS.map(({ name, scale }) => [name, Number(form.get(name)) / scale]);
    save.mutate({
      rating: { ...(Object.fromEntries(values) as SettingsData['rating']), hidePersonalData: hidesPersonalData },
    });
  };
  return (
    <Card title={t('settings')}>
      <form onSubmit={submit} className="space-y-4">
        <div className="grid items-end gap-4 sm:grid-cols-2 lg:grid-cols-5">
          {FIELDS.map(({ name, min, max, scale }) => (
            <TextField
              key={name}
              label={t(name)}
              name={name}
              type="number"
              required
              min={min}
              max={max}
              step={scale === 1 ? 1 : 'any'}
              defaultValue={Math.round(rating[name] * scale * 100) / 100}
            />
          ))}
        </div>
        <div className="space-y-1">
          <Switch label={t('hidePersonalData')} isOn={hidesPersonalData} onChange={setHidesPersonalData} />
          <p className="text-muted-foreground text-xs">{t('hidePersonalDataHint')}</p>
        </div>
        {save.error && <Notice kind="error">{sentenceOf(save.error)}</Notice>}
        {save.isSuccess && <Notice kind="info">{t('saved')}</Notice>}
        <Button type="submit" isBusy={save.isPending}>
          {app('save')}
        </Button>
      </form>
    </Card>
  );
}
