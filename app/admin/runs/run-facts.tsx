'use client';

// What a run was made from and made: settings, seed, device, times, snapshot and versions.
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { useFormats } from '@/app/admin/format';
import { SnapshotLinks } from '@/app/admin/snapshots/snapshot-links';
import type { RunDetail } from '@/app/admin/types';
import { VersionLink } from '@/app/admin/versions/version-link';
import { Card } from '@/app/ui/card';
import { CopyButton } from '@/app/ui/copy-button';

export function RunFacts({ run }: { run: RunDetail }) {
  const t = useTranslations('admin');
  const page = useTranslations('runPage');
  const snapshots = useTranslations('snapshots');
  const { date, duration } = useFormats();
  const { startedAt, finishedAt, plan } = run;
  const order = JSON.stringify(run.config, null, 2);
  return (
    <Card title={page('facts')}>
      <dl className="grid grid-cols-2 gap-x-4 gap-y-5 text-sm sm:grid-cols-4">
        <Fact label={t('trigger')}>{t(`triggers.${run.trigger}`)}</Fact>
        <Fact label={page('preset')}>{run.preset ?? page('defaults')}</Fact>
        <Fact label={t('algorithm')}>{plan ? (plan.algorithm?.toUpperCase() ?? t('imitationOnly')) : '–'}</Fact>
        <Fact label={page('seed')}>{plan ? plan.seed : '–'}</Fact>
        <Fact label={t('parent')}>
          <VersionLink id={run.parentVersionId} />
        </Fact>
        <Fact label={t('result')}>{run.resultVersionId ? <VersionLink id={run.resultVersionId} /> : '–'}</Fact>
        <Fact label={snapshots('label')}>{run.snapshotId ? <SnapshotLinks id={run.snapshotId} /> : '–'}</Fact>
        <Fact label={page('device')}>
          {run.origin
            ? page('deviceThreads', { device: run.origin.device.toUpperCase(), threads: run.origin.threads })
            : '–'}
        </Fact>
        <Fact label={t('created')}>{date(run.createdAt)}</Fact>
        <Fact label={page('started')}>{startedAt ? date(startedAt) : '–'}</Fact>
        <Fact label={page('totalTime')}>
          {startedAt && finishedAt ? duration((finishedAt.getTime() - startedAt.getTime()) / 1000) : '–'}
        </Fact>
        <Fact label={page('attempts')}>{run.attempt}</Fact>
      </dl>
      <details className="mt-5">
        <summary className="w-fit rounded font-medium text-primary-strong text-sm">{page('config')}</summary>
        <div className="mt-3 flex items-start gap-2">
          <pre className="min-w-0 flex-1 whitespace-pre-wrap rounded-xl bg-muted p-3 text-xs [overflow-wrap:anywhere]">
            {order}
          </pre>
          <CopyButton text={order} label={page('copyConfig')} />
        </div>
      </details>
    </Card>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-muted-foreground text-xs">{label}</dt>
      <dd className="mt-0.5 break-words">{children}</dd>
    </div>
  );
}
