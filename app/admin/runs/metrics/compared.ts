'use client';

// Another run whose curves are drawn beside those of the run that is open.
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useMemo } from 'react';
import { useTRPC } from '@/app/lib/trpc';
import { type Curve, curvesByStage } from './curves';

export interface Compared {
  name: string;
  pointsOf(stage: string, name: string): Curve['points'];
}

/** null while no run is chosen, or while its curves load. */
export function useCompared(id: string | null): Compared | null {
  const t = useTranslations('admin');
  const trpc = useTRPC();
  const { data } = useQuery(trpc.admin.run.queryOptions({ id: id ?? '' }, { enabled: id !== null }));
  const metrics = id === null ? undefined : data?.metrics;
  const stages = useMemo(() => (metrics ? curvesByStage(metrics) : null), [metrics]);
  if (!stages || id === null) return null;
  return {
    name: t('run', { id: id.slice(0, 8) }),
    pointsOf(stage, name) {
      const found = stages.find((one) => one.stage === stage);
      return [...(found?.main ?? []), ...(found?.others ?? [])].find((curve) => curve.name === name)?.points ?? [];
    },
  };
}
