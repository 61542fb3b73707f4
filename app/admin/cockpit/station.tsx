'use client';

// One station of the loop: its state as a word and a shape, a sentence, and what a person can do.
import { clsx } from 'clsx';
import { Check, CircleDashed, LoaderCircle, TriangleAlert } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { useStationSentence } from '@/app/admin/cockpit/use-station-sentence';
import type { OverviewData } from '@/app/admin/types';
import { Rollback } from '@/app/admin/versions/release-buttons';
import { Badge } from '@/app/ui/badge';
import { buttonClass } from '@/app/ui/button';
import type { Station as Name, StationState, StationView } from '@/core/cockpit/loop';

const LOOKS = {
  done: { tone: 'good', icon: Check },
  busy: { tone: 'busy', icon: LoaderCircle },
  waits: { tone: 'plain', icon: CircleDashed },
  bad: { tone: 'bad', icon: TriangleAlert },
} as const satisfies Record<StationState, object>;

interface StationProps {
  name: Name;
  station: StationView;
  champion: OverviewData['champion'];
}

export function Station({ name, station, champion }: StationProps) {
  const t = useTranslations('cockpit');
  const sentenceOf = useStationSentence();
  const { state } = station;
  const { tone, icon: Icon } = LOOKS[state];
  return (
    <article
      className={clsx(
        'flex w-full flex-col gap-3 rounded-2xl border bg-card p-4',
        state === 'bad' ? 'border-danger' : state === 'busy' ? 'border-primary' : 'border-border',
      )}
    >
      <header className="flex flex-wrap items-center justify-between gap-2">
        <h3 className="font-semibold text-sm">{t(`stations.${name}`)}</h3>
        <Badge tone={tone}>
          <Icon aria-hidden className="size-3.5" />
          {t(`states.${state}`)}
        </Badge>
      </header>
      <p className="grow text-sm leading-relaxed [overflow-wrap:anywhere]">{sentenceOf(station)}</p>
      {typeof station.values.progress === 'number' && state === 'busy' && (
        <progress aria-label={t('progress')} value={station.values.progress} className="h-1.5 w-full accent-primary" />
      )}
      <Act station={station} name={name} champion={champion} />
    </article>
  );
}

function Act({ station: { act, href }, name, champion }: StationProps) {
  const t = useTranslations('cockpit');
  const link = (to: string, words: ReactNode) => (
    <Link href={to} className={buttonClass('outline', 'small')}>
      {words}
      <span className="sr-only">: {t(`stations.${name}`)}</span>
    </Link>
  );
  return (
    <div className="flex flex-wrap gap-2">
      {act === 'chat' && link('/', t('acts.chat'))}
      {act === 'start_run' && link('/admin/runs/new', t('acts.start_run'))}
      {act === 'roll_back' && <Rollback championId={champion.versionId} previousId={champion.previousId} />}
      {href &&
        act !== 'chat' &&
        link(href, t(`acts.${act === 'start_run' || act === 'roll_back' ? 'open' : (act ?? 'open')}`))}
    </div>
  );
}
