'use client';

// The cockpit: the loop as a picture, what to do first, the five figures, and what happens around the loop.
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { CockpitFigures } from '@/app/admin/cockpit/figures';
import { FirstSteps } from '@/app/admin/cockpit/first-steps';
import { Live } from '@/app/admin/cockpit/live';
import { LoopPicture } from '@/app/admin/cockpit/loop';
import { Machines } from '@/app/admin/cockpit/machines';
import { Loaded } from '@/app/admin/loaded';
import type { OverviewData } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';

const REFRESH_MS = 5000;

export function Cockpit({ initial }: { initial: OverviewData }) {
  const t = useTranslations('cockpit');
  const trpc = useTRPC();
  const query = useQuery(
    trpc.admin.overview.queryOptions(undefined, { initialData: initial, refetchInterval: REFRESH_MS }),
  );
  return (
    <Loaded query={query}>
      {(overview) => (
        <div className="space-y-8">
          {overview.counts.feedback.n === 0 && <FirstSteps />}
          <section aria-labelledby="loop" className="space-y-3">
            <h2 id="loop" className="font-semibold text-base">
              {t('loop')}
            </h2>
            <p className="max-w-3xl text-muted-foreground text-sm leading-relaxed">{t('loopText')}</p>
            <LoopPicture loop={overview.loop} champion={overview.champion} />
          </section>
          <CockpitFigures />
          <Machines overview={overview} />
          <Live />
        </div>
      )}
    </Loaded>
  );
}
