'use client';

// Agreement of raters on shared tasks: of all of them, of each two, and against what is most likely right.
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { CountedAt } from '@/app/admin/counted-at';
import { Estimate } from '@/app/admin/estimate';
import { Loaded } from '@/app/admin/loaded';
import { Crowd } from '@/app/admin/rating/agreement/crowd';
import type { AgreementData } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { EmptyState } from '@/app/ui/empty-state';
import { Cell, Table } from '@/app/ui/table';

export function Agreement() {
  const t = useTranslations('agreement');
  const trpc = useTRPC();
  const query = useQuery(trpc.statistics.agreement.queryOptions());
  return (
    <Loaded query={query}>
      {({ kinds, pairs, crowd, countedAt }) =>
        kinds.length === 0 ? (
          <EmptyState>{t('none')}</EmptyState>
        ) : (
          <div className="space-y-8">
            <CountedAt of="tasks" at={countedAt} />
            <Kinds kinds={kinds} />
            {pairs.length > 0 && <Pairs pairs={pairs} />}
            {crowd && <Crowd crowd={crowd} />}
          </div>
        )
      }
    </Loaded>
  );
}

function Kinds({ kinds }: { kinds: AgreementData['kinds'] }) {
  const t = useTranslations('agreement');
  const rate = useTranslations('rate');
  return (
    <section className="space-y-2">
      <h2 className="font-semibold text-base">{t('title')}</h2>
      <p className="max-w-prose text-muted-foreground text-sm">{t('text')}</p>
      <Table caption={t('title')} head={[t('kind'), t('tasks'), t('raters'), t('alpha'), t('fleiss')]}>
        {kinds.map(({ kind, tasks, raters, alpha, alphaOfLevels, fleiss, fleissRaters }) => (
          <tr key={kind}>
            <Cell>{rate(`kinds.${kind}`)}</Cell>
            <Cell className="tabular-nums">{tasks}</Cell>
            <Cell className="tabular-nums">{raters}</Cell>
            <Cell>
              <Estimate estimate={alpha} unit="decimal" />
              {alphaOfLevels && (
                <p className="mt-1 text-xs">
                  {t('ofLevels')} <Estimate estimate={alphaOfLevels} unit="decimal" />
                </p>
              )}
            </Cell>
            <Cell>
              <Estimate estimate={fleiss} unit="decimal" />
              <p className="mt-1 text-muted-foreground text-xs">{t('fleissRaters', { raters: fleissRaters })}</p>
            </Cell>
          </tr>
        ))}
      </Table>
      <p className="max-w-prose text-muted-foreground text-xs">{t('normal')}</p>
    </section>
  );
}

function Pairs({ pairs }: { pairs: AgreementData['pairs'] }) {
  const t = useTranslations('agreement');
  return (
    <section className="space-y-2">
      <h2 className="font-semibold text-base">{t('pairs')}</h2>
      <Table caption={t('pairs')} head={[t('pair'), t('tasks'), t('cohen')]}>
        {pairs.map(({ one, other, tasks, kappa }, at) => (
          <tr key={at}>
            <Cell className="break-words">{t('and', { one, other })}</Cell>
            <Cell className="tabular-nums">{tasks}</Cell>
            <Cell>
              <Estimate estimate={kappa} unit="decimal" />
            </Cell>
          </tr>
        ))}
      </Table>
      <p className="max-w-prose text-muted-foreground text-xs">{t('pairsText')}</p>
    </section>
  );
}
