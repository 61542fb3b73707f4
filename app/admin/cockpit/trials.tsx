'use client';

// The last experiments with their outcome and the interval of the comparisons that the candidate won.
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { Estimate } from '@/app/admin/estimate';
import { useFormats } from '@/app/admin/format';
import { StatusBadge } from '@/app/admin/status-badge';
import type { LiveData } from '@/app/admin/types';
import { EmptyState } from '@/app/ui/empty-state';
import { Cell, Table } from '@/app/ui/table';

export function Trials({ trials }: { trials: LiveData['trials'] }) {
  const t = useTranslations('cockpit');
  const phases = useTranslations('rollout.phases');
  const { date, percent } = useFormats();
  if (trials.length === 0) return <EmptyState>{t('noTrials')}</EmptyState>;
  return (
    <Table
      caption={t('trials')}
      head={[t('trial'), t('candidate'), t('against'), t('share'), t('won'), t('outcome'), t('from'), t('until')]}
    >
      {trials.map((trial) => (
        <tr key={trial.id}>
          <Cell className="min-w-32 break-words">
            <Link href={trial.canary ? '/admin/rollout' : '/admin/experiments'} className="font-medium underline">
              {trial.name}
            </Link>
          </Cell>
          <Cell className="min-w-32 break-all">{trial.candidateVersionId ?? '–'}</Cell>
          <Cell className="min-w-32 break-all">{trial.championVersionId}</Cell>
          <Cell className="tabular-nums">{percent(trial.share)}</Cell>
          <Cell>
            <Estimate estimate={trial.sideBySide} unit="percent" />
            {trial.sideBySide && (
              <span className="block text-muted-foreground text-xs">{t('people', { n: trial.sideBySide.people })}</span>
            )}
          </Cell>
          <Cell className="whitespace-nowrap">
            {trial.canary && !trial.isRunning ? (
              phases(trial.canary.phase)
            ) : (
              <StatusBadge status={trial.isRunning ? 'running' : 'stopped'} />
            )}
          </Cell>
          <Cell className="whitespace-nowrap text-muted-foreground">{date(trial.createdAt)}</Cell>
          <Cell className="whitespace-nowrap text-muted-foreground">{trial.stoppedAt && date(trial.stoppedAt)}</Cell>
        </tr>
      ))}
    </Table>
  );
}
