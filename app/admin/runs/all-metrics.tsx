'use client';

// All measurements of a run, stage by stage, folded and found by their name.
import { Search } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { type ReactNode, useMemo, useState } from 'react';
import { Chart } from '@/app/admin/runs/metrics/chart';
import type { Compared } from '@/app/admin/runs/metrics/compared';
import type { Curve, StageCurves } from '@/app/admin/runs/metrics/curves';
import { Figure } from '@/app/admin/runs/metrics/figure';
import { rewardAgainstCosts } from '@/app/admin/runs/metrics/reward-cost';
import { RewardCostChart } from '@/app/admin/runs/metrics/reward-cost-chart';
import { useMetricWords } from '@/app/admin/runs/metrics/use-metric-words';
import { useStageName } from '@/app/admin/runs/use-stage-name';
import type { RunDetail } from '@/app/admin/types';
import { Card } from '@/app/ui/card';

interface AllMetricsProps {
  run: RunDetail;
  stages: readonly StageCurves[];
  compared: Compared | null;
}

export function AllMetrics({ run, stages, compared }: AllMetricsProps) {
  const t = useTranslations('runPage');
  const stageName = useStageName();
  const wordsOf = useMetricWords();
  const [search, setSearch] = useState('');
  const costs = useMemo(() => rewardAgainstCosts(run.metrics), [run.metrics]);
  const sought = search.trim().toLowerCase();
  const isSought = (stage: string, { name, alsoNamed }: Curve) => {
    const { title, text } = wordsOf(stage, name);
    return [title, text ?? '', name, ...alsoNamed].some((said) => said.toLowerCase().includes(sought));
  };
  const found = stages.flatMap(({ stage, main, others }) => {
    const curves = [...main, ...others].filter((curve) => sought === '' || isSought(stage, curve));
    return curves.length > 0 ? [{ stage, curves }] : [];
  });
  return (
    <Card title={t('allMetrics')}>
      <label className="relative mb-4 block sm:max-w-80">
        <span className="sr-only">{t('searchMetrics')}</span>
        <Search aria-hidden className="pointer-events-none absolute top-3 left-3 size-4 text-muted-foreground" />
        <input
          type="search"
          value={search}
          onChange={({ target }) => setSearch(target.value)}
          placeholder={t('searchMetrics')}
          className="h-10 w-full rounded-xl border border-input bg-background pr-3 pl-9 text-base sm:text-sm"
        />
      </label>
      <div className="space-y-3">
        {found.map(({ stage, curves }) => (
          <Fold key={stage} title={stageName(stage)} count={curves.length} isCalled={sought !== ''}>
            <Curves stage={stage} curves={curves} compared={compared}>
              {stage === 'ppo' &&
                sought === '' &&
                costs.map((own) => <RewardCostChart key={own.constraint} of={own} />)}
            </Curves>
          </Fold>
        ))}
        {found.length === 0 && <p className="text-muted-foreground text-sm">{t('noMetricFound')}</p>}
      </div>
    </Card>
  );
}

interface FoldProps {
  title: string;
  count: number;
  isCalled: boolean;
  children: ReactNode;
}

/** Charts are drawn only once they are looked at: a run has about eighty. */
function Fold({ title, count, isCalled, children }: FoldProps) {
  const t = useTranslations('runPage');
  const [isOpen, setIsOpen] = useState(false);
  return (
    <details open={isOpen || isCalled} onToggle={({ currentTarget }) => setIsOpen(currentTarget.open)}>
      <summary className="w-fit rounded font-medium text-primary-strong text-sm">
        {title} <span className="font-normal text-muted-foreground">{t('metricCount', { count })}</span>
      </summary>
      {(isOpen || isCalled) && <div className="mt-4 mb-6">{children}</div>}
    </details>
  );
}

interface CurvesProps {
  stage: string;
  curves: readonly Curve[];
  compared: Compared | null;
  children?: ReactNode;
}

/** A single value has no course to draw. */
function Curves({ stage, curves, compared, children }: CurvesProps) {
  const charts = curves.filter(({ points }) => points.length > 1);
  const figures = curves.filter(({ points }) => points.length === 1);
  return (
    <div className="space-y-7">
      {charts.length > 0 && (
        <div className="grid gap-x-6 gap-y-7 sm:grid-cols-2 xl:grid-cols-3">
          {charts.map((curve) => (
            <Chart key={curve.name} stage={stage} curve={curve} compared={compared} />
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
