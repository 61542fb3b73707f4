'use client';

// Sends an adapter from elsewhere to the gates: its two files, or an archive of them, and the name of its version.
import { useMutation } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { type SyntheticEvent, useState } from 'react';
import { packAdapter } from '@/app/admin/versions/import/pack';
import { LINK } from '@/app/admin/versions/version-link';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { CONTROL, Field, SELECT, TextField } from '@/app/ui/field';
import { Notice } from '@/app/ui/notice';
import { VersionName } from '@/core/versions';

/** The settings by which the reward model of the judgement is trained. */
const PRESETS = ['demo-cpu', 'cpu', 'gpu'] as const;

interface Sent {
  name: string;
  preset: string;
  files: File[];
}

async function send({ name, preset, files }: Sent): Promise<{ runId: string }> {
  const { body, file } = packAdapter(files);
  const query = new URLSearchParams({ name, file, preset });
  const headers = { 'content-type': 'application/x-tar' };
  const response = await fetch(`/api/admin/adapters?${query}`, { method: 'POST', body, headers });
  const answer = (await response.json()) as { runId: string; message?: string };
  if (!response.ok) throw new Error(answer.message);
  return answer;
}

export function ImportAdapter() {
  const t = useTranslations('versions');
  const [isBadName, setIsBadName] = useState(false);
  const upload = useMutation({ mutationFn: send });
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const name = VersionName.safeParse(String(form.get('name')));
    setIsBadName(!name.success);
    const files = form.getAll('files').filter((file): file is File => file instanceof File);
    if (name.success) upload.mutate({ name: name.data, preset: String(form.get('preset')), files });
  };
  return (
    <Card title={t('importTitle')}>
      <p className="mb-4 max-w-prose text-muted-foreground text-sm">{t('importText')}</p>
      <form onSubmit={submit} className="max-w-xl space-y-4">
        <Field label={t('adapterFiles')} hint={t('adapterFilesHint')}>
          {(control) => (
            <input
              {...control}
              name="files"
              type="file"
              multiple
              required
              accept=".json,.safetensors,.tar,.gz,.tgz"
              className={`${CONTROL} py-2`}
            />
          )}
        </Field>
        <TextField
          label={t('versionName')}
          name="name"
          required
          maxLength={128}
          autoComplete="off"
          hint={t('versionNameHint')}
          error={isBadName ? t('badName') : null}
        />
        <Field label={t('judgePreset')} hint={t('judgePresetHint')}>
          {(control) => (
            <select {...control} name="preset" className={SELECT}>
              {PRESETS.map((preset) => (
                <option key={preset} value={preset}>
                  {t(`judgePresets.${preset}`)}
                </option>
              ))}
            </select>
          )}
        </Field>
        {upload.error && <Notice kind="error">{upload.error.message || t('uploadFailed')}</Notice>}
        {upload.data && (
          <Notice kind="info">
            {t('queued')}{' '}
            <Link href={`/admin/runs/${upload.data.runId}`} className={LINK}>
              {t('toRun')}
            </Link>
          </Notice>
        )}
        <Button type="submit" variant="primary" isBusy={upload.isPending}>
          {t('importButton')}
        </Button>
      </form>
    </Card>
  );
}
