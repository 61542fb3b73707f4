// What changed: every version in plain words, for anyone to read.
import type { Metadata } from 'next';
import { getFormatter, getTranslations } from 'next-intl/server';
import { PageFrame } from '@/app/ui/page-frame';
import { getWebProcess } from '@/server/product';
import { createCaller, type RouterOutputs } from '@/server/routers';
import { Examples } from './examples';
import { GateList } from './gate-list';

type Change = RouterOutputs['system']['changes'][number];

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('changes');
  return { title: t('title') };
}

export default async function ChangesPage() {
  const t = await getTranslations('changes');
  const { product } = await getWebProcess();
  const changes = await createCaller({ product, user: null }).system.changes();
  return (
    <PageFrame title={t('title')} back={t('back')} width="narrow">
      <p className="max-w-prose text-muted-foreground text-sm leading-relaxed">{t('intro')}</p>
      <ol className="mt-6 space-y-4">
        {changes.map((change) => (
          <Version key={change.id} change={change} />
        ))}
      </ol>
    </PageFrame>
  );
}

async function Version({ change }: { change: Change }) {
  const t = await getTranslations('changes');
  const format = await getFormatter();
  const { id, parentId, createdAt, crowd, gates, examples, status, isChampion, isServed } = change;
  const fate = isChampion ? 'serves' : isServed ? 'served' : status === 'rejected' ? 'rejected' : 'waits';
  return (
    <li>
      <article aria-labelledby={`version-${id}`} className="rounded-2xl border border-border bg-card p-5">
        <header className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
          <h2 id={`version-${id}`} className="font-semibold text-base [overflow-wrap:anywhere]">
            {id}
          </h2>
          <time dateTime={createdAt.toISOString()} className="text-muted-foreground text-sm">
            {format.dateTime(createdAt, { dateStyle: 'medium' })}
          </time>
          <span className={FATE_LOOK[fate]}>{t(`fate.${fate}`)}</span>
        </header>
        <p className="mt-2 text-sm leading-relaxed">
          {parentId ? t('from', { parent: parentId }) : t('base')} {crowdOf()}
        </p>
        {gates.length > 0 && <GateList gates={gates} />}
        {examples.length > 0 && <Examples examples={examples} />}
      </article>
    </li>
  );

  function crowdOf(): string {
    if (!crowd) return '';
    const { atLeastVotes: votes, atLeastPeople: people } = crowd;
    return votes === null || people === null ? t('few') : t('crowd', { votes, people });
  }
}

const BADGE = 'inline-flex h-6 items-center rounded-full px-2.5 font-medium text-xs sm:ml-auto';
const FATE_LOOK = {
  serves: `${BADGE} bg-primary-soft text-primary-strong`,
  served: `${BADGE} bg-muted text-muted-foreground`,
  waits: `${BADGE} bg-muted text-muted-foreground`,
  rejected: `${BADGE} bg-danger-soft text-danger`,
} as const;
