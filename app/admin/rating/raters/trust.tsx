'use client';

// How far each person is believed, by kind of feedback: the chance that a vote is right, the weight, and the evidence.
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { CountedAt } from '@/app/admin/counted-at';
import { useFormats } from '@/app/admin/format';
import { Loaded } from '@/app/admin/loaded';
import { Rate } from '@/app/admin/rate';
import { Evidence } from '@/app/admin/rating/raters/evidence';
import { ChangeStanding, StandingBadge } from '@/app/admin/rating/raters/standing';
import type { PersonTrustData } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { EmptyState } from '@/app/ui/empty-state';
import { Cell, Table } from '@/app/ui/table';

export function Trust() {
  const t = useTranslations('trust');
  const rating = useTranslations('ratingAdmin');
  const admin = useTranslations('admin');
  const trpc = useTRPC();
  const query = useQuery(trpc.statistics.trust.queryOptions());
  const head = [
    admin('person'),
    t('kind'),
    t('reliability'),
    t('weight'),
    t('evidence'),
    rating('standing'),
    admin('actions'),
  ];
  return (
    <section aria-labelledby="trust" className="space-y-3">
      <h2 id="trust" className="font-semibold text-base">
        {t('title')}
      </h2>
      <p className="max-w-prose text-muted-foreground text-sm">{t('text')}</p>
      <Loaded query={query}>
        {({ people, more, countedAt }) =>
          people.length === 0 ? (
            <EmptyState>{t('none')}</EmptyState>
          ) : (
            <>
              <Table caption={t('title')} head={head}>
                {people.flatMap((person) => rowsOf(person))}
              </Table>
              <CountedAt of="votes" at={countedAt} />
              {more > 0 && <p className="text-muted-foreground text-sm">{t('more', { more })}</p>}
            </>
          )
        }
      </Loaded>
      <p className="max-w-prose text-muted-foreground text-xs">{t('normal')}</p>
    </section>
  );
}

/** A row for each kind; who has only an administrator's word has one row without a kind. */
function rowsOf(person: PersonTrustData) {
  const kinds = person.kinds.length > 0 ? person.kinds : [null];
  return kinds.map((kind) => <Row key={`${person.id} ${kind?.kind}`} person={person} kind={kind} />);
}

function Row({ person, kind }: { person: PersonTrustData; kind: PersonTrustData['kinds'][number] | null }) {
  const t = useTranslations('trust');
  const kinds = useTranslations('feedbackKinds');
  const { decimal } = useFormats();
  return (
    <tr>
      <Cell className="break-words font-medium">{person.name}</Cell>
      <Cell className="whitespace-nowrap">{kind ? kinds(kind.kind) : '–'}</Cell>
      <Cell>{kind ? <Rate {...rateOf(kind)} /> : '–'}</Cell>
      <Cell className="min-w-32">
        {kind ? (
          <>
            <p className="font-medium tabular-nums">{decimal(kind.weight)}</p>
            <p className="text-muted-foreground text-xs">{t(meaningOf(kind.weight))}</p>
            {kind.weight !== kind.weightByEvidence && (
              <p className="text-muted-foreground text-xs">
                {t('weightByEvidence', { weight: decimal(kind.weightByEvidence) })}
              </p>
            )}
          </>
        ) : (
          '–'
        )}
      </Cell>
      <Cell className="min-w-64">{kind ? <Evidence kind={kind} partners={person.partners} /> : '–'}</Cell>
      <Cell>
        <StandingBadge standing={person.standing} reason={person.standingReason} />
      </Cell>
      <Cell>
        <ChangeStanding person={person} />
      </Cell>
    </tr>
  );
}

const rateOf = ({ reliability: { value, low, high }, votes }: PersonTrustData['kinds'][number]) => ({
  rate: value,
  low,
  high,
  n: votes,
});

const meaningOf = (weight: number) =>
  weight < 0 ? 'turned' : weight === 0 ? 'nothing' : weight < 1 ? 'partly' : 'full';
