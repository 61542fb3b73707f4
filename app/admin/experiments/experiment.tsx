'use client';

// One experiment: what it has found, the feedback on each arm, and the controls to change its share or stop it.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { Findings } from '@/app/admin/experiments/findings';
import { ShareSlider } from '@/app/admin/experiments/share-slider';
import { useFormats } from '@/app/admin/format';
import { Loaded } from '@/app/admin/loaded';
import { Rate, WinRate } from '@/app/admin/rate';
import { StatusBadge } from '@/app/admin/status-badge';
import type { ExperimentData } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { ConfirmDialog } from '@/app/ui/dialog';
import { Notice } from '@/app/ui/notice';
import { Cell, Table } from '@/app/ui/table';

const ARMS = ['champion', 'candidate'] as const;
const REFRESH_MS = 10_000;

export function Experiment({ experiment }: { experiment: ExperimentData }) {
  const t = useTranslations('admin');
  const tOwn = useTranslations('experiments');
  const { date, percent } = useFormats();
  const trpc = useTRPC();
  const isRunning = experiment.status === 'running';
  const results = useQuery(
    trpc.admin.experimentResults.queryOptions(
      { id: experiment.id },
      { refetchInterval: isRunning ? REFRESH_MS : false },
    ),
  );
  return (
    <Card title={experiment.name} actions={<StatusBadge status={experiment.status} />}>
      <p className="-mt-2 mb-4 text-muted-foreground text-sm">
        {date(experiment.createdAt)}
        {experiment.stoppedAt && ` – ${date(experiment.stoppedAt)}`} ·{' '}
        {t('shareOf', { percent: percent(experiment.share) })} ·{' '}
        {tOwn('where', { layer: experiment.layer, percent: percent(experiment.segmentTo - experiment.segmentFrom) })}
        {experiment.change && ` · ${describe(experiment.change)}`}
      </p>
      <Loaded query={results}>
        {(data) => (
          <>
            {data.findings ? (
              <Findings experiment={data.experiment} findings={data.findings} />
            ) : (
              <p className="text-muted-foreground text-sm">{tOwn('noPlan')}</p>
            )}
            <p className="mt-5 mb-2 text-muted-foreground text-sm">
              {tOwn('exposed', { exposed: data.exposed, users: data.champion.users + data.candidate.users })}
            </p>
            <Table
              caption={experiment.name}
              head={[t('arm'), t('users'), t('thumbRate'), t('wins'), t('sideBySide'), t('rulesBroken')]}
            >
              {ARMS.map((arm) => {
                const { versionId, users, thumbs, sideBySide, rules } = data[arm];
                return (
                  <tr key={arm}>
                    <Cell>
                      <p className="font-medium">{t(`arms.${arm}`)}</p>
                      <p className="break-all text-muted-foreground text-xs">
                        {versionId ?? tOwn(`settingsArms.${arm}`)}
                      </p>
                    </Cell>
                    <Cell className="tabular-nums">{users}</Cell>
                    <Cell>
                      <Rate {...thumbs} />
                    </Cell>
                    <Cell>
                      <WinRate of={sideBySide} />
                    </Cell>
                    <Cell className="min-w-48 text-muted-foreground text-xs">{t('sideCounts', { ...sideBySide })}</Cell>
                    <Cell>
                      <Rate {...rules.any} />
                      {rules.rules.map(({ ruleId, answers, hits }) => (
                        <p key={ruleId} className="mt-1 break-all text-muted-foreground text-xs">
                          {t('ruleHits', { rule: ruleId, answers, hits })}
                        </p>
                      ))}
                    </Cell>
                  </tr>
                );
              })}
            </Table>
          </>
        )}
      </Loaded>
      {isRunning && <Controls experiment={experiment} />}
    </Card>
  );
}

const describe = (change: object) =>
  Object.entries(change)
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ');

function Controls({ experiment: { id, name, share: current } }: { experiment: ExperimentData }) {
  const t = useTranslations('admin');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const [share, setShare] = useState(current);
  const [isAsking, setIsAsking] = useState(false);
  const onSettled = () => client.invalidateQueries({ queryKey: trpc.admin.experiments.queryKey() });
  const change = useMutation(trpc.admin.setShare.mutationOptions({ onSettled }));
  const stop = useMutation(
    trpc.admin.stopExperiment.mutationOptions({ onSettled, onSuccess: () => setIsAsking(false) }),
  );
  return (
    <div className="mt-5 space-y-4">
      <ShareSlider share={share} label={t('share')} onChange={setShare} />
      {change.error && <Notice kind="error">{sentenceOf(change.error)}</Notice>}
      <div className="flex flex-wrap gap-2">
        <Button
          variant="primary"
          size="small"
          disabled={share === current}
          isBusy={change.isPending}
          onClick={() => change.mutate({ id, share })}
        >
          {t('applyShare')}
        </Button>
        <Button size="small" onClick={() => setIsAsking(true)}>
          {t('stopExperiment')}
        </Button>
      </div>
      <ConfirmDialog
        isOpen={isAsking}
        onOpenChange={setIsAsking}
        title={t('stopExperimentTitle', { name })}
        text={t('stopExperimentText')}
        action={t('stopExperiment')}
        variant="danger"
        isBusy={stop.isPending}
        error={stop.error ? sentenceOf(stop.error) : null}
        onConfirm={() => stop.mutate({ id })}
      />
    </div>
  );
}
