'use client';

// A run's measurements: the five that matter most, beside another run's if wanted, and all others behind a search.
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useMemo, useState } from 'react';
import { useFormats } from '@/app/admin/format';
import { AllMetrics } from '@/app/admin/runs/all-metrics';
import { Headlines } from '@/app/admin/runs/headlines';
import { useCompared } from '@/app/admin/runs/metrics/compared';
import { curvesByStage } from '@/app/admin/runs/metrics/curves';
import { headlinesOf } from '@/app/admin/runs/metrics/headline';
import { NoMetrics } from '@/app/admin/runs/no-metrics';
import type { RunDetail } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { Card } from '@/app/ui/card';
import { Field, SELECT } from '@/app/ui/field';

export function RunCharts({ run }: { run: RunDetail }) {
  const t = useTranslations('runPage');
  const [otherId, setOtherId] = useState<string | null>(null);
  const compared = useCompared(otherId);
  const stages = useMemo(() => curvesByStage(run.metrics), [run.metrics]);
  const headlines = useMemo(() => headlinesOf(stages, run.plan?.klBudget ?? null), [stages, run.plan?.klBudget]);
  if (stages.length === 0) return <NoMetrics run={run} />;
  return (
    <>
      {headlines.length > 0 && (
        <Card title={t('headlinesTitle')}>
          <div className="mb-5 flex flex-wrap items-end gap-x-6 gap-y-3">
            <Chooser run={run} otherId={otherId} onChange={setOtherId} />
            {compared && <Legend other={compared.name} />}
          </div>
          <Headlines headlines={headlines} compared={compared} />
        </Card>
      )}
      <AllMetrics run={run} stages={stages} compared={compared} />
    </>
  );
}

interface ChooserProps {
  run: RunDetail;
  otherId: string | null;
  onChange: (id: string | null) => void;
}

function Chooser({ run, otherId, onChange }: ChooserProps) {
  const t = useTranslations('runPage');
  const statuses = useTranslations('admin.statuses');
  const { date } = useFormats();
  const trpc = useTRPC();
  const runs = (useQuery(trpc.admin.runs.queryOptions()).data ?? []).filter(({ id }) => id !== run.id);
  if (runs.length === 0) return null;
  return (
    <div className="w-full sm:w-80">
      <Field label={t('compare')}>
        {(control) => (
          <select
            {...control}
            className={SELECT}
            value={otherId ?? ''}
            onChange={({ target }) => onChange(target.value || null)}
          >
            <option value="">{t('compareNone')}</option>
            {runs.map(({ id, status, createdAt }) => (
              <option key={id} value={id}>
                {`${id.slice(0, 8)} · ${statuses(status)} · ${date(createdAt)}`}
              </option>
            ))}
          </select>
        )}
      </Field>
    </div>
  );
}

function Legend({ other }: { other: string }) {
  const t = useTranslations('admin');
  return (
    <ul className="flex flex-wrap gap-x-5 gap-y-1 pb-2 text-sm">
      <li className="flex items-center gap-2">
        <span aria-hidden className="w-6 border-primary border-t-2" />
        {t('thisRun')}
      </li>
      <li className="flex items-center gap-2">
        <span aria-hidden className="w-6 border-(--chart-3) border-t-2 border-dashed" />
        {other}
      </li>
    </ul>
  );
}
