'use client';

// The leaderboard of versions: what else may win votes is left out on request, and no place is claimed without evidence.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { CountedAt } from '@/app/admin/counted-at';
import { Estimate } from '@/app/admin/estimate';
import { ForestChart } from '@/app/admin/leaderboard/forest-chart';
import { PairTable } from '@/app/admin/leaderboard/pair-table';
import { VersionTable } from '@/app/admin/leaderboard/version-table';
import { Loaded } from '@/app/admin/loaded';
import type { LeaderboardData } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { Card } from '@/app/ui/card';
import { EmptyState } from '@/app/ui/empty-state';
import { Switch } from '@/app/ui/switch';
import { Cell, Table } from '@/app/ui/table';

const CONTROLS = ['length', 'style', 'position'] as const;

export function Leaderboard() {
  const t = useTranslations('statistics');
  const trpc = useTRPC();
  const [controls, setControls] = useState({ length: false, style: false, position: false });
  const query = useQuery(trpc.statistics.leaderboard.queryOptions(controls, { placeholderData: keepPreviousData }));
  return (
    <div className="space-y-4">
      <Card title={t('leaderboard')}>
        <p className="max-w-prose text-muted-foreground text-sm">{t('leaderboardText')}</p>
        <fieldset className="mt-4 flex flex-wrap items-center gap-x-6 gap-y-3">
          <legend className="mb-2 font-medium text-sm">{t('controls')}</legend>
          {CONTROLS.map((name) => (
            <Switch
              key={name}
              label={t(`controlNames.${name}`)}
              isOn={controls[name]}
              onChange={(isOn) => setControls({ ...controls, [name]: isOn })}
            />
          ))}
        </fieldset>
        <p className="mt-3 max-w-prose text-muted-foreground text-xs">{t('controlsHint')}</p>
      </Card>
      <Loaded query={query}>
        {(board) =>
          board.versions.length === 0 ? <EmptyState>{t('noComparisons')}</EmptyState> : <Board board={board} />
        }
      </Loaded>
    </div>
  );
}

function Board({
  board: { versions, pairs, effects, votes, people, isTruncated, countedAt },
}: {
  board: LeaderboardData;
}) {
  const t = useTranslations('statistics');
  return (
    <>
      <p role="status" className="text-muted-foreground text-sm">
        {t(isTruncated ? 'countsNewest' : 'counts', { votes, people })}
      </p>
      <CountedAt of="votes" at={countedAt} />
      <VersionTable versions={versions} />
      <Card title={t('forest')}>
        <ForestChart versions={versions} />
        <p className="mt-3 max-w-prose text-muted-foreground text-sm">{t('forestText')}</p>
      </Card>
      {effects.length > 0 && <Effects effects={effects} />}
      <PairTable pairs={pairs} />
    </>
  );
}

function Effects({ effects }: { effects: LeaderboardData['effects'] }) {
  const t = useTranslations('statistics');
  return (
    <section className="space-y-2">
      <h2 className="font-semibold text-base">{t('effects')}</h2>
      <Table caption={t('effects')} head={[t('effectOf'), t('odds')]}>
        {effects.map(({ name, value, low, high }) => (
          <tr key={name}>
            <Cell>{t(`effectNames.${name}`)}</Cell>
            <Cell>
              <Estimate
                estimate={{ value: Math.exp(value), low: Math.exp(low), high: Math.exp(high) }}
                unit="decimal"
              />
            </Cell>
          </tr>
        ))}
      </Table>
      <p className="max-w-prose text-muted-foreground text-xs">{t('effectsText')}</p>
    </section>
  );
}
