'use client';

// Says why a run shows no measurements yet, or that it will never have any.
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import type { RunDetail } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { EmptyState } from '@/app/ui/empty-state';

const REFRESH_MS = 5000;

export function NoMetrics({ run }: { run: RunDetail }) {
  const t = useTranslations('admin');
  return (
    <EmptyState>
      {run.status === 'queued' ? <Waiting /> : t(run.status === 'running' ? 'noMetrics' : 'noMetricsEnded')}
    </EmptyState>
  );
}

/** Does not say that the run starts soon when no trainer can take it. */
function Waiting() {
  const t = useTranslations('admin');
  const trpc = useTRPC();
  const { data } = useQuery(trpc.admin.overview.queryOptions(undefined, { refetchInterval: REFRESH_MS }));
  if (data && !data.trainer.alive) return t('noMetricsDown');
  if (data?.trainer.lacks) return t('noMetricsLacks', { what: data.trainer.lacks });
  return t('noMetricsQueued');
}
