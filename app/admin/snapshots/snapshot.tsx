'use client';

// One snapshot: when it was frozen, which runs read it, what it holds, and what people took back since.
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import { Loaded } from '@/app/admin/loaded';
import { Rows } from '@/app/admin/snapshots/rows';
import { SnapshotContent } from '@/app/admin/snapshots/snapshot-content';
import { StatusBadge } from '@/app/admin/status-badge';
import type { SnapshotData } from '@/app/admin/types';
import { VersionLink } from '@/app/admin/versions/version-link';
import { useTRPC } from '@/app/lib/trpc';
import { Card } from '@/app/ui/card';
import { Notice } from '@/app/ui/notice';

const LINK = 'rounded text-primary-strong underline underline-offset-4';

export function Snapshot({ id }: { id: string }) {
  const t = useTranslations('snapshots');
  const trpc = useTRPC();
  const query = useQuery(trpc.admin.snapshot.queryOptions({ id }));
  return (
    <Loaded query={query}>
      {(snapshot) => (
        <div className="space-y-4">
          <Card>
            <Facts snapshot={snapshot} />
          </Card>
          {snapshot.trouble && <Notice kind="error">{t(snapshot.trouble)}</Notice>}
          {snapshot.content && (
            <>
              <SnapshotContent content={snapshot.content} />
              <Rows id={id} kinds={snapshot.content.kinds.map(({ kind }) => kind)} />
            </>
          )}
        </div>
      )}
    </Loaded>
  );
}

function Facts({ snapshot: { id, sha256, frozenUpTo, runs, counts, blanked } }: { snapshot: SnapshotData }) {
  const t = useTranslations('snapshots');
  const admin = useTranslations('admin');
  const { date } = useFormats();
  const leftOut = Object.entries(counts).filter(([name]) => name.startsWith('left_out/'));
  return (
    <>
      <h2 className="font-semibold text-lg tracking-tight">{t('snapshot', { id: id.slice(0, 8) })}</h2>
      <p className="mt-1 text-muted-foreground text-sm">{t('frozen', { date: date(frozenUpTo) })}</p>
      <p className="mt-1 font-mono text-muted-foreground text-xs [overflow-wrap:anywhere]">sha256 {sha256}</p>
      <ul className="mt-4 space-y-2 text-sm">
        {runs.map((run) => (
          <li key={run.id} className="flex flex-wrap items-center gap-2">
            <Link href={`/admin/runs/${run.id}`} className={LINK}>
              {admin('run', { id: run.id.slice(0, 8) })}
            </Link>
            <StatusBadge status={run.status} />
            {run.resultVersionId && <VersionLink id={run.resultVersionId} />}
          </li>
        ))}
        <li>
          <Link href={`/admin/feedback?snapshot=${id}`} className={LINK}>
            {t('votes')}
          </Link>
        </li>
      </ul>
      {leftOut.length > 0 && (
        <p className="mt-4 text-muted-foreground text-sm">
          {t('leftOut')}{' '}
          {leftOut.map(([name, rows]) => `${leftOutLabel(name.slice('left_out/'.length))}: ${rows}`).join(' · ')}
        </p>
      )}
      <h3 className="mt-4 font-medium text-sm">{t('blanked')}</h3>
      {blanked.length === 0 ? (
        <p className="mt-1 text-muted-foreground text-sm">{t('noneBlanked')}</p>
      ) : (
        <ul className="mt-1 space-y-1 text-sm">
          {blanked.map(({ at, lines }) => (
            <li key={at.toISOString()}>{t('blankedThen', { date: date(at), lines })}</li>
          ))}
        </ul>
      )}
    </>
  );

  function leftOutLabel(name: string): string {
    const key = `leftOutWhy.${name}`;
    return t.has(key as 'leftOutWhy.empty') ? t(key as 'leftOutWhy.empty') : name;
  }
}
