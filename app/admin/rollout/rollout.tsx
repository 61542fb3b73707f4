'use client';

// The running canary, or the form that starts one, and those that have ended.
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import { Loaded } from '@/app/admin/loaded';
import { Canary } from '@/app/admin/rollout/canary';
import { StartCanary } from '@/app/admin/rollout/start-canary';
import { useBecause } from '@/app/admin/rollout/use-because';
import type { CanaryData } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { Card } from '@/app/ui/card';
import { EmptyState } from '@/app/ui/empty-state';
import { Cell, Table } from '@/app/ui/table';

const REFRESH_MS = 5000;

export function Rollout() {
  const t = useTranslations('rollout');
  const trpc = useTRPC();
  const query = useQuery(trpc.admin.canaries.queryOptions(undefined, { refetchInterval: REFRESH_MS }));
  return (
    <Loaded query={query}>
      {(canaries) => {
        const running = canaries.find(({ endedAt }) => endedAt === null);
        const ended = canaries.filter(({ endedAt }) => endedAt !== null);
        return (
          <div className="space-y-4">
            <p className="max-w-3xl text-muted-foreground text-sm">{t('intro')}</p>
            {running ? <Canary canary={running} /> : <StartCanary />}
            <Card title={t('ended')}>
              {ended.length === 0 ? <EmptyState>{t('noneEnded')}</EmptyState> : <Ended canaries={ended} />}
            </Card>
          </div>
        );
      }}
    </Loaded>
  );
}

function Ended({ canaries }: { canaries: readonly CanaryData[] }) {
  const t = useTranslations('rollout');
  const { date } = useFormats();
  const because = useBecause();
  return (
    <Table caption={t('ended')} head={[t('candidate'), t('outcome'), t('why'), t('from'), t('until')]}>
      {canaries.map((canary) => (
        <tr key={canary.id}>
          <Cell className="min-w-40 break-all">{canary.candidateVersionId}</Cell>
          <Cell className="whitespace-nowrap font-medium">{t(`phases.${canary.phase}`)}</Cell>
          <Cell className="min-w-56">{because(canary)}</Cell>
          <Cell className="whitespace-nowrap text-muted-foreground">{date(canary.createdAt)}</Cell>
          <Cell className="whitespace-nowrap text-muted-foreground">{canary.endedAt && date(canary.endedAt)}</Cell>
        </tr>
      ))}
    </Table>
  );
}
