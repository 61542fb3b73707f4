'use client';

// One training run: where it is, how long it takes, what it measures, and how to cancel it.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { useFormats } from '@/app/admin/format';
import { Loaded } from '@/app/admin/loaded';
import { CancelRun } from '@/app/admin/runs/cancel-run';
import { mergePoints } from '@/app/admin/runs/metrics/curves';
import { RunCharts } from '@/app/admin/runs/run-charts';
import { StageProgress } from '@/app/admin/runs/stage-progress';
import { SnapshotLinks } from '@/app/admin/snapshots/snapshot-links';
import { StatusBadge } from '@/app/admin/status-badge';
import type { RunDetail } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { Badge } from '@/app/ui/badge';
import { Card } from '@/app/ui/card';
import { VerdictText } from '@/app/ui/verdict-text';

const isLive = (run: RunDetail | undefined) => run?.status === 'queued' || run?.status === 'running';

export function Run({ id }: { id: string }) {
  const t = useTranslations('admin');
  const snapshots = useTranslations('snapshots');
  const { date } = useFormats();
  const trpc = useTRPC();
  const client = useQueryClient();
  const queryKey = trpc.admin.run.queryKey({ id });
  const query = useQuery(trpc.admin.run.queryOptions({ id }));
  const cancel = useMutation(
    trpc.admin.cancelRun.mutationOptions({ onSettled: () => client.invalidateQueries({ queryKey }) }),
  );
  const subscription = useSubscription(
    trpc.admin.watchRun.subscriptionOptions(
      { id },
      {
        enabled: isLive(query.data),
        onData: ({ data }) =>
          client.setQueryData<RunDetail>(queryKey, (old) => {
            if (!old) return old;
            if (data.type === 'state') return { ...old, ...data.run };
            return { ...old, metrics: mergePoints(old.metrics, data.points) };
          }),
      },
    ),
  );

  return (
    <Loaded query={query}>
      {(run) => (
        <div className="space-y-4">
          <Card>
            <div className="flex flex-wrap items-center gap-3">
              <h2 className="font-semibold text-lg tracking-tight">{t('run', { id: run.id.slice(0, 8) })}</h2>
              <StatusBadge status={run.status} />
              {subscription.status === 'pending' && isLive(run) && (
                <Badge tone="plain">
                  <span aria-hidden className="size-2 animate-breathe rounded-full bg-primary" />
                  {t('live')}
                </Badge>
              )}
              <div className="ml-auto">
                {isLive(run) && (
                  <CancelRun
                    isRequested={run.cancelRequested}
                    cancel={cancel}
                    onConfirm={() => cancel.mutate({ id })}
                  />
                )}
              </div>
            </div>
            <StageProgress run={run} />
            {run.verdict && (
              <p className="mt-5 rounded-xl bg-muted px-4 py-3 text-sm">
                <VerdictText verdict={run} />
              </p>
            )}
            <dl className="mt-5 grid grid-cols-2 gap-4 text-sm sm:grid-cols-6">
              <Fact label={t('trigger')}>{t(`triggers.${run.trigger}`)}</Fact>
              <Fact label={t('algorithm')}>
                {run.plan ? (run.plan.algorithm?.toUpperCase() ?? t('imitationOnly')) : '–'}
              </Fact>
              <Fact label={t('parent')}>{run.parentVersionId}</Fact>
              <Fact label={t('result')}>{run.resultVersionId ?? '–'}</Fact>
              <Fact label={snapshots('label')}>{run.snapshotId ? <SnapshotLinks id={run.snapshotId} /> : '–'}</Fact>
              <Fact label={t('created')}>{date(run.createdAt)}</Fact>
            </dl>
          </Card>
          <RunCharts run={run} />
        </div>
      )}
    </Loaded>
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
