'use client';

// A run's measurements, stage by stage: what matters most, then the rest, and the same numbers as a table.
import { useTranslations } from 'next-intl';
import { type ReactNode, useMemo } from 'react';
import { useFormats } from '@/app/admin/format';
import { Chart } from '@/app/admin/runs/metrics/chart';
import { type Curve, curvesByStage } from '@/app/admin/runs/metrics/curves';
import { Figure } from '@/app/admin/runs/metrics/figure';
import { rewardAgainstCosts } from '@/app/admin/runs/metrics/reward-cost';
import { RewardCostChart } from '@/app/admin/runs/metrics/reward-cost-chart';
import { NoMetrics } from '@/app/admin/runs/no-metrics';
import { useStageName } from '@/app/admin/runs/use-stage-name';
import type { RunDetail } from '@/app/admin/types';
import { Card } from '@/app/ui/card';
import { Cell, Table } from '@/app/ui/table';

export function RunCharts({ run }: { run: RunDetail }) {
  const t = useTranslations('admin');
  const stageName = useStageName();
  const stages = useMemo(() => curvesByStage(run.metrics), [run.metrics]);
  const costs = useMemo(() => rewardAgainstCosts(run.metrics), [run.metrics]);
  if (stages.length === 0) return <NoMetrics run={run} />;
  return stages.map(({ stage, main, others }) => (
    <Card key={stage} title={stageName(stage)}>
      <Curves stage={stage} curves={main}>
        {stage === 'ppo' && costs.map((own) => <RewardCostChart key={own.constraint} of={own} />)}
      </Curves>
      {others.length > 0 && (
        <details className="mt-6">
          <summary className="w-fit rounded text-primary-strong text-sm">
            {t('moreMetrics', { count: others.length })}
          </summary>
          <div className="mt-4">
            <Curves stage={stage} curves={others} />
          </div>
        </details>
      )}
      <details className="mt-3">
        <summary className="w-fit rounded text-primary-strong text-sm">{t('asTable')}</summary>
        <div className="mt-3">
          <Numbers stage={stage} curves={[...main, ...others]} />
        </div>
      </details>
    </Card>
  ));
}

/** A single value has no course to draw. */
function Curves({ stage, curves, children }: { stage: string; curves: readonly Curve[]; children?: ReactNode }) {
  const charts = curves.filter(({ points }) => points.length > 1);
  const figures = curves.filter(({ points }) => points.length === 1);
  return (
    <div className="space-y-7">
      {charts.length > 0 && (
        <div className="grid gap-x-6 gap-y-7 sm:grid-cols-2 xl:grid-cols-3">
          {charts.map((curve) => (
            <Chart key={curve.name} stage={stage} curve={curve} />
          ))}
          {children}
        </div>
      )}
      {figures.length > 0 && (
        <dl className="grid gap-x-6 gap-y-5 sm:grid-cols-2 xl:grid-cols-3">
          {figures.map((curve) => (
            <Figure key={curve.name} stage={stage} curve={curve} />
          ))}
        </dl>
      )}
    </div>
  );
}

function Numbers({ stage, curves }: { stage: string; curves: readonly Curve[] }) {
  const t = useTranslations('admin');
  const { metric } = useFormats();
  const stageName = useStageName();
  const steps = [...new Set(curves.flatMap((curve) => curve.points.map((point) => point.step)))].sort((a, b) => a - b);
  const valueAt = new Map(curves.map((curve) => [curve.name, new Map(curve.points.map((p) => [p.step, p.value]))]));
  return (
    <Table caption={`${t('charts')}: ${stageName(stage)}`} head={[t('step'), ...curves.map((curve) => curve.name)]}>
      {steps.map((step) => (
        <tr key={step} className="tabular-nums">
          <Cell>{step}</Cell>
          {curves.map((curve) => {
            const value = valueAt.get(curve.name)?.get(step);
            return <Cell key={curve.name}>{value === undefined ? '–' : metric(value)}</Cell>;
          })}
        </tr>
      ))}
    </Table>
  );
}
