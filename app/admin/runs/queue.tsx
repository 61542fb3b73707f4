'use client';

// The runs that wait or train, in their order, and when each starts and ends.
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import { useStageName } from '@/app/admin/runs/use-stage-name';
import { useTRPC } from '@/app/lib/trpc';
import { Card } from '@/app/ui/card';
import type { RouterOutputs } from '@/server/routers';

const REFRESH_MS = 5000;

export function Queue() {
  const t = useTranslations('runPage');
  const trpc = useTRPC();
  const { data = [] } = useQuery(trpc.admin.runQueue.queryOptions(undefined, { refetchInterval: REFRESH_MS }));
  const sentenceOf = useQueueSentence();
  if (data.length === 0) return null;
  return (
    <Card title={t('queue')}>
      <ol className="space-y-2 text-sm">
        {data.map((run, i) => (
          <li key={run.id} className="flex flex-wrap items-baseline gap-x-3 gap-y-0.5">
            <span className="w-5 text-muted-foreground tabular-nums">{i + 1}.</span>
            <Link
              href={`/admin/runs/${run.id}`}
              className="rounded font-medium font-mono text-primary-strong underline underline-offset-4"
            >
              {run.id.slice(0, 8)}
            </Link>
            <span>
              {run.preset ?? t('defaults')} · {run.algorithm?.toUpperCase() ?? t('imitationOnly')}
            </span>
            <span className="text-muted-foreground">{sentenceOf(run)}</span>
          </li>
        ))}
      </ol>
    </Card>
  );
}

/** Where a run is, and when it starts or ends. */
function useQueueSentence() {
  const t = useTranslations('runPage');
  const stageName = useStageName();
  const { duration, percent } = useFormats();
  return ({ status, stage, progress, startsIn, endsIn }: RouterOutputs['admin']['runQueue'][number]): string => {
    if (status === 'queued') {
      if (startsIn === 0) return t('startsNext');
      return startsIn === null ? t('startsLater') : t('startsIn', { time: duration(startsIn) });
    }
    const where = stage ? `${stageName(stage)} ${percent(progress)}` : t('starting');
    return endsIn === null ? where : `${where} · ${t('endsIn', { time: duration(endsIn) })}`;
  };
}
