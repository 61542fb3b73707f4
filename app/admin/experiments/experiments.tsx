'use client';

// Lists experiments with their results, the running one first, and starts new ones.
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { Experiment } from '@/app/admin/experiments/experiment';
import { StartExperiment } from '@/app/admin/experiments/start-experiment';
import { Loaded } from '@/app/admin/loaded';
import { SingleLook } from '@/app/admin/single-look';
import { useTRPC } from '@/app/lib/trpc';
import { EmptyState } from '@/app/ui/empty-state';

export function Experiments() {
  const t = useTranslations('admin');
  const trpc = useTRPC();
  const query = useQuery(trpc.admin.experiments.queryOptions());
  return (
    <Loaded query={query}>
      {(experiments) => (
        <div className="space-y-4">
          <StartExperiment />
          {experiments.length > 0 && <SingleLook />}
          {experiments.length === 0 && <EmptyState>{t('noExperiments')}</EmptyState>}
          {experiments.map((experiment) => (
            <Experiment key={experiment.id} experiment={experiment} />
          ))}
        </div>
      )}
    </Loaded>
  );
}
