'use client';

// A rater's progress, agreement, times and place, and the way to the next task.
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import { Loaded } from '@/app/admin/loaded';
import { Place } from '@/app/admin/place';
import { useTRPC } from '@/app/lib/trpc';
import { AgreementText } from '@/app/rate/agreement';
import type { ProgressData } from '@/app/rate/types';
import { useDayStart } from '@/app/rate/use-day-start';
import { buttonClass } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { Cell, Table } from '@/app/ui/table';

export function Overview() {
  const trpc = useTRPC();
  const dayStart = useDayStart();
  const query = useQuery(trpc.rating.progress.queryOptions({ dayStart }));
  return <Loaded query={query}>{(progress) => <Progress progress={progress} />}</Loaded>;
}

const COUNTS = ['open', 'doneToday', 'done', 'skipped'] as const;
const AGREEMENTS = ['withTruth', 'withOthers', 'withSelf'] as const;

function Progress({ progress }: { progress: ProgressData }) {
  const t = useTranslations('rate');
  const { duration } = useFormats();
  return (
    <div className="grid grid-cols-1 gap-4 lg:grid-cols-2">
      <Card
        title={t('work')}
        actions={
          <Link href="/rate/work" className={buttonClass('primary', 'medium')}>
            {t('start')}
          </Link>
        }
      >
        <dl className="grid grid-cols-2 gap-4 sm:grid-cols-4">
          {COUNTS.map((name) => (
            <div key={name}>
              <dt className="text-muted-foreground text-xs">{t(name)}</dt>
              <dd className="mt-1 font-semibold text-2xl tabular-nums">{progress[name]}</dd>
            </div>
          ))}
        </dl>
        <p className="mt-4 text-muted-foreground text-xs">{t('workHint')}</p>
      </Card>
      <Card title={t('agreement')}>
        <dl className="space-y-3 text-sm">
          {AGREEMENTS.map((name) => (
            <div key={name} className="flex flex-wrap justify-between gap-x-4">
              <dt>{t(name)}</dt>
              <dd>
                <AgreementText agreement={progress[name]} />
              </dd>
            </div>
          ))}
        </dl>
        <p className="mt-4 text-muted-foreground text-xs">{t('agreementHint')}</p>
      </Card>
      <Card title={t('times')}>
        {progress.medianSeconds.length === 0 && <p className="text-muted-foreground text-sm">{t('noTimes')}</p>}
        <dl className="space-y-2 text-sm">
          {progress.medianSeconds.map(({ kind, seconds, count }) => (
            <div key={kind} className="flex justify-between gap-4">
              <dt>{t(`kinds.${kind}`)}</dt>
              <dd className="tabular-nums">
                {duration(seconds)} <span className="text-muted-foreground text-xs">{t('of', { count })}</span>
              </dd>
            </div>
          ))}
        </dl>
      </Card>
      <Leaderboard leaders={progress.leaderboard} />
    </div>
  );
}

function Leaderboard({ leaders }: { leaders: ProgressData['leaderboard'] }) {
  const t = useTranslations('rate');
  const { percent } = useFormats();
  return (
    <section aria-label={t('leaderboard')} className="min-w-0 space-y-2">
      <h2 className="font-semibold text-base">{t('leaderboard')}</h2>
      <Table caption={t('leaderboard')} head={[t('rank'), t('rater'), t('withOthers'), t('coverage')]}>
        {leaders.map((leader) => (
          <tr key={leader.rank} className={leader.isMe ? 'bg-primary-soft' : undefined}>
            <Cell className="whitespace-nowrap">{leader.place ? <Place place={leader.place} /> : '–'}</Cell>
            <Cell>{leader.isMe ? t('you') : t('otherRater', { rank: leader.rank })}</Cell>
            <Cell>
              <AgreementText agreement={leader.withOthers} />
            </Cell>
            <Cell className="whitespace-nowrap tabular-nums">{percent(leader.coverage)}</Cell>
          </tr>
        ))}
      </Table>
      {leaders.length === 0 && <p className="text-sm">{t('noLeaders')}</p>}
      <p className="text-muted-foreground text-xs">{t('leaderboardHint')}</p>
    </section>
  );
}
