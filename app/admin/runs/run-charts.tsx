'use client';

// A run's measurements: one small chart per metric, stage by stage, and the same numbers as a table.
import { useTranslations } from 'next-intl';
import { useMemo } from 'react';
import { CartesianGrid, Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { useFormats } from '@/app/admin/format';
import { type Curve, curvesByStage } from '@/app/admin/run-metrics';
import { NoMetrics } from '@/app/admin/runs/no-metrics';
import { rewardAgainstCosts } from '@/app/admin/runs/reward-cost';
import { RewardCostChart } from '@/app/admin/runs/reward-cost-chart';
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
  return stages.map(({ stage, curves }) => (
    <Card key={stage} title={stageName(stage)}>
      <div className="grid gap-x-6 gap-y-7 sm:grid-cols-2 xl:grid-cols-3">
        {stage === 'ppo' && costs.map((own) => <RewardCostChart key={own.constraint} of={own} />)}
        {curves.map((curve) => (
          <Chart key={curve.name} curve={curve} />
        ))}
      </div>
      <details className="mt-6">
        <summary className="w-fit rounded text-primary-strong text-sm">{t('asTable')}</summary>
        <div className="mt-3">
          <Numbers stage={stage} curves={curves} />
        </div>
      </details>
    </Card>
  ));
}

const AXIS = { fontSize: 11, fill: 'var(--muted-foreground)' };

function Chart({ curve: { name, points } }: { curve: Curve }) {
  const t = useTranslations('admin');
  const { metric } = useFormats();
  const last = points[points.length - 1];
  return (
    <figure className="min-w-0">
      <figcaption className="flex items-baseline justify-between gap-2 text-sm">
        <span className="truncate font-medium" title={name}>
          {name}
        </span>
        {last && (
          <span className="shrink-0 text-muted-foreground tabular-nums">
            {t('latest', { value: metric(last.value) })}
          </span>
        )}
      </figcaption>
      {/* The numbers are in the table below. */}
      <div aria-hidden className="mt-2 h-36">
        <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 320, height: 144 }}>
          <LineChart data={points} margin={{ top: 4, right: 4, bottom: 0, left: 0 }} accessibilityLayer={false}>
            <CartesianGrid stroke="var(--border)" strokeDasharray="2 4" vertical={false} />
            <XAxis
              dataKey="step"
              type="number"
              allowDecimals={false}
              domain={['dataMin', 'dataMax']}
              tick={AXIS}
              tickLine={false}
              axisLine={false}
              minTickGap={24}
              height={20}
            />
            <YAxis
              width="auto"
              tick={AXIS}
              tickLine={false}
              axisLine={false}
              tickCount={4}
              domain={['auto', 'auto']}
              tickFormatter={metric}
            />
            <Tooltip
              isAnimationActive={false}
              formatter={(value) => [metric(Number(value)), name]}
              labelFormatter={(step) => `${t('step')} ${step}`}
              contentStyle={{
                background: 'var(--card)',
                border: '1px solid var(--border)',
                borderRadius: 10,
                color: 'var(--foreground)',
                fontSize: 12,
              }}
            />
            <Line
              dataKey="value"
              stroke="var(--primary)"
              strokeWidth={2}
              dot={points.length < 3}
              isAnimationActive={false}
            />
          </LineChart>
        </ResponsiveContainer>
      </div>
    </figure>
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
