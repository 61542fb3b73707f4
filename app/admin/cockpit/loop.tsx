'use client';

// The loop as a picture: its stations in order, each with its state, what it waits for, and what comes next.
import { ArrowDown, ArrowRight } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { Fragment } from 'react';
import { Station } from '@/app/admin/cockpit/station';
import type { OverviewData } from '@/app/admin/types';
import { STATIONS } from '@/core/cockpit/loop';

export function LoopPicture({ loop, champion }: Pick<OverviewData, 'loop' | 'champion'>) {
  const t = useTranslations('cockpit');
  return (
    <ol aria-label={t('loop')} className="grid gap-x-5 gap-y-6 md:grid-cols-3 xl:grid-cols-6">
      {STATIONS.map((name, at) => (
        <li key={name} className="relative flex">
          <Station name={name} station={loop[name]} champion={champion} />
          {at < STATIONS.length - 1 && (
            <Fragment>
              <ArrowDown aria-hidden className={`${ARROW} -bottom-5 left-1/2 -translate-x-1/2 md:hidden`} />
              <ArrowRight
                aria-hidden
                className={`${ARROW} top-1/2 -right-4.5 hidden -translate-y-1/2 ${at % 3 === 2 ? 'xl:block' : 'md:block'}`}
              />
            </Fragment>
          )}
        </li>
      ))}
    </ol>
  );
}

const ARROW = 'absolute size-4 text-muted-foreground';
