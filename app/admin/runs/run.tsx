'use client';

// One training run: how it ended and why, or where it is; then what it changed, what it measured, and what it was made from.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import { useTranslations } from 'next-intl';
import { Loaded } from '@/app/admin/loaded';
import { BeforeAfter } from '@/app/admin/runs/before-after';
import { CancelRun } from '@/app/admin/runs/cancel-run';
import { GateTable } from '@/app/admin/runs/gate-table';
import { mergePoints } from '@/app/admin/runs/metrics/curves';
import { Notify } from '@/app/admin/runs/notify';
import { RunCharts } from '@/app/admin/runs/run-charts';
import { RunFacts } from '@/app/admin/runs/run-facts';
import { StageProgress } from '@/app/admin/runs/stage-progress';
import { Verdict } from '@/app/admin/runs/verdict';
import { StatusBadge } from '@/app/admin/status-badge';
import type { RunDetail } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { Badge } from '@/app/ui/badge';
import { Card } from '@/app/ui/card';

const REFRESH_MS = 5000;
const isLive = (run: RunDetail | undefined) => run?.status === 'queued' || run?.status === 'running';

export function Run({ id }: { id: string }) {
  const t = useTranslations('admin');
  const trpc = useTRPC();
  const client = useQueryClient();
  const queryKey = trpc.admin.run.queryKey({ id });
  const query = useQuery(trpc.admin.run.queryOptions({ id }));
  const { data: queue } = useQuery(
    trpc.admin.runQueue.queryOptions(undefined, { enabled: isLive(query.data), refetchInterval: REFRESH_MS }),
  );
  const cancel = useMutation(
    trpc.admin.cancelRun.mutationOptions({ onSettled: () => client.invalidateQueries({ queryKey }) }),
  );
  const subscription = useSubscription(
    trpc.admin.watchRun.subscriptionOptions(
      { id },
      {
        enabled: isLive(query.data),
        onData: ({ data }) => {
          client.setQueryData<RunDetail>(queryKey, (old) => {
            if (!old) return old;
            if (data.type === 'state') return { ...old, ...data.run };
            return { ...old, metrics: mergePoints(old.metrics, data.points) };
          });
          // The gates and answers of its version come with the end.
          if (data.type === 'state' && data.run.finishedAt) void client.invalidateQueries({ queryKey });
        },
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
              {isLive(run) && (
                <div className="ml-auto flex flex-wrap items-center gap-3">
                  <Notify />
                  <CancelRun
                    isRequested={run.cancelRequested}
                    cancel={cancel}
                    onConfirm={() => cancel.mutate({ id })}
                  />
                </div>
              )}
            </div>
            <StageProgress run={run} endsIn={queue?.find((one) => one.id === id)?.endsIn ?? null} />
          </Card>
          <Verdict run={run} />
          <GateTable gates={run.gates} />
          <BeforeAfter run={run} />
          <RunCharts run={run} />
          <RunFacts run={run} />
        </div>
      )}
    </Loaded>
  );
}
