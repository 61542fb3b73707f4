'use client';

// The table of versions: rating, the places that are open to it, votes, win rate and thumbs.
import { Crown } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { Estimate } from '@/app/admin/estimate';
import { Place } from '@/app/admin/place';
import { Rate, WinRate } from '@/app/admin/rate';
import type { LeaderboardData } from '@/app/admin/types';
import { Badge } from '@/app/ui/badge';
import { Cell, Table } from '@/app/ui/table';

export function VersionTable({ versions }: { versions: LeaderboardData['versions'] }) {
  const t = useTranslations('statistics');
  const admin = useTranslations('admin');
  const head = [
    t('place'),
    admin('lineage'),
    t('rating'),
    t('votes'),
    admin('wins'),
    admin('thumbRate'),
    t('thumbsLead'),
    t('elo'),
  ];
  return (
    <section className="space-y-2">
      <Table caption={t('leaderboard')} head={head}>
        {versions.map((version) => (
          <tr key={version.versionId}>
            <Cell className="whitespace-nowrap">
              <Place place={version.place} />
            </Cell>
            <Cell className="min-w-44">
              <p className="flex flex-wrap items-center gap-2 break-all font-medium">
                {version.versionId}
                {version.isChampion && (
                  <Badge tone="good">
                    <Crown aria-hidden className="size-3.5" />
                    {admin('champion')}
                  </Badge>
                )}
                {version.isFew && <Badge tone="busy">{t('few')}</Badge>}
              </p>
            </Cell>
            <Cell>
              <Estimate estimate={version.rating} unit="points" />
            </Cell>
            <Cell className="whitespace-nowrap tabular-nums">
              {t('votesOf', { votes: version.votes, people: version.people })}
            </Cell>
            <Cell>
              <WinRate of={version.sideBySide} />
            </Cell>
            <Cell>
              <Rate {...version.thumbs} />
            </Cell>
            <Cell>
              <Estimate estimate={version.thumbsLead} unit="percent" />
            </Cell>
            <Cell>
              <Estimate estimate={version.elo} unit="points" />
            </Cell>
          </tr>
        ))}
      </Table>
      <p className="max-w-prose text-muted-foreground text-xs">{t('placeHint')}</p>
      <p className="max-w-prose text-muted-foreground text-xs">{t('ratingHint')}</p>
    </section>
  );
}
