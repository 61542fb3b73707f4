'use client';

// The raters, best agreement first, with an administrator's word on each.
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import { Loaded } from '@/app/admin/loaded';
import { Place } from '@/app/admin/place';
import { ChangeStanding, StandingBadge } from '@/app/admin/rating/raters/standing';
import { useTRPC } from '@/app/lib/trpc';
import { AgreementText } from '@/app/rate/agreement';
import { EmptyState } from '@/app/ui/empty-state';
import { Cell, Table } from '@/app/ui/table';

export function Raters() {
  const t = useTranslations('ratingAdmin');
  const rate = useTranslations('rate');
  const admin = useTranslations('admin');
  const { percent, duration } = useFormats();
  const trpc = useTRPC();
  const query = useQuery(trpc.ratingAdmin.raters.queryOptions());
  return (
    <Loaded query={query}>
      {(raters) =>
        raters.length === 0 ? (
          <EmptyState>{t('noRaters')}</EmptyState>
        ) : (
          <Table
            caption={t('raters')}
            head={[
              rate('rank'),
              rate('rater'),
              rate('withOthers'),
              rate('withTruth'),
              rate('withSelf'),
              rate('done'),
              rate('coverage'),
              t('medianTime'),
              t('standing'),
              admin('actions'),
            ]}
          >
            {raters.map((rater) => (
              <tr key={rater.id}>
                <Cell className="whitespace-nowrap">{rater.place ? <Place place={rater.place} /> : '–'}</Cell>
                <Cell className="break-words font-medium">{rater.name}</Cell>
                {[rater.withOthers, rater.withTruth, rater.withSelf].map((agreement, at) => (
                  <Cell key={at}>
                    <AgreementText agreement={agreement} />
                  </Cell>
                ))}
                <Cell className="tabular-nums">{rater.done}</Cell>
                <Cell className="tabular-nums">{percent(rater.coverage)}</Cell>
                <Cell className="whitespace-nowrap tabular-nums">
                  {rater.medianSeconds === null ? '–' : duration(rater.medianSeconds)}
                </Cell>
                <Cell>
                  <StandingBadge standing={rater.standing} reason={rater.standingReason} />
                </Cell>
                <Cell>
                  <ChangeStanding person={rater} />
                </Cell>
              </tr>
            ))}
          </Table>
        )
      }
    </Loaded>
  );
}
