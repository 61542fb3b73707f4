'use client';

// The list of training runs, refreshed while one is running.
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import { Loaded } from '@/app/admin/loaded';
import { Notify } from '@/app/admin/runs/notify';
import { Queue } from '@/app/admin/runs/queue';
import { useStageName } from '@/app/admin/runs/use-stage-name';
import { StartRun } from '@/app/admin/start-run';
import { StatusBadge } from '@/app/admin/status-badge';
import { useTRPC } from '@/app/lib/trpc';
import { EmptyState } from '@/app/ui/empty-state';
import { Cell, Table } from '@/app/ui/table';
import { VerdictText } from '@/app/ui/verdict-text';

const REFRESH_MS = 5000;

export function Runs() {
  const t = useTranslations('admin');
  const { date, percent } = useFormats();
  const stageName = useStageName();
  const trpc = useTRPC();
  const query = useQuery(trpc.admin.runs.queryOptions(undefined, { refetchInterval: REFRESH_MS }));
  return (
    <div className="space-y-4">
      <div className="flex flex-wrap items-center justify-end gap-3">
        <Notify />
        <StartRun />
      </div>
      <Queue />
      <Loaded query={query}>
        {(runs) =>
          runs.length === 0 ? (
            <EmptyState>{t('noRuns')}</EmptyState>
          ) : (
            <Table
              caption={t('runs')}
              head={[t('runShort'), t('status'), t('stage'), t('trigger'), t('created'), t('result')]}
            >
              {runs.map((run) => (
                <tr key={run.id} className="hover:bg-muted/50">
                  <Cell>
                    <Link
                      href={`/admin/runs/${run.id}`}
                      className="rounded font-medium font-mono text-primary-strong underline underline-offset-4"
                    >
                      {run.id.slice(0, 8)}
                    </Link>
                  </Cell>
                  <Cell>
                    <StatusBadge status={run.status} />
                  </Cell>
                  <Cell className="whitespace-nowrap">
                    {run.stage ? stageName(run.stage) : '–'}
                    {run.status === 'running' && ` · ${percent(run.progress)}`}
                  </Cell>
                  <Cell className="whitespace-nowrap">{t(`triggers.${run.trigger}`)}</Cell>
                  <Cell className="whitespace-nowrap text-muted-foreground">{date(run.createdAt)}</Cell>
                  <Cell className="min-w-56">
                    {run.resultVersionId ?? (run.verdict ? <VerdictText verdict={run} /> : '–')}
                  </Cell>
                </tr>
              ))}
            </Table>
          )
        }
      </Loaded>
    </div>
  );
}
