'use client';

// Every pair of versions that met, with how often each won.
import { useTranslations } from 'next-intl';
import { Rate } from '@/app/admin/rate';
import type { LeaderboardData } from '@/app/admin/types';
import { Cell, Table } from '@/app/ui/table';

export function PairTable({ pairs }: { pairs: LeaderboardData['pairs'] }) {
  const t = useTranslations('statistics');
  return (
    <section className="space-y-2">
      <h2 className="font-semibold text-base">{t('pairs')}</h2>
      <Table caption={t('pairs')} head={[t('pairOf'), t('wonLostTied'), t('firstWins'), t('firstScore')]}>
        {pairs.map(({ a, b, wins, losses, ties, winRate, score }) => (
          <tr key={`${a} ${b}`}>
            <Cell className="min-w-44 break-all">{t('against', { a, b })}</Cell>
            <Cell className="whitespace-nowrap tabular-nums">{t('wonLostTiedOf', { wins, losses, ties })}</Cell>
            <Cell>
              <Rate rate={winRate.value} low={winRate.low} high={winRate.high} n={wins + losses} />
            </Cell>
            <Cell>
              <Rate rate={score.value} low={score.low} high={score.high} n={wins + losses + ties} />
            </Cell>
          </tr>
        ))}
      </Table>
      <p className="max-w-prose text-muted-foreground text-xs">{t('pairsText')}</p>
    </section>
  );
}
