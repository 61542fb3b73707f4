'use client';

// One version: where it stands, what an admin may do to it, what it was made from, and what came of it.
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { Loaded } from '@/app/admin/loaded';
import type { VersionDetail } from '@/app/admin/types';
import { GateList } from '@/app/admin/versions/gates';
import { Downloads } from '@/app/admin/versions/registry/downloads';
import { Examples } from '@/app/admin/versions/registry/examples';
import { History } from '@/app/admin/versions/registry/history';
import { Labels } from '@/app/admin/versions/registry/labels';
import { Lineage } from '@/app/admin/versions/registry/lineage';
import { Opinion } from '@/app/admin/versions/registry/opinion';
import { Retirement } from '@/app/admin/versions/registry/retirement';
import { Promote } from '@/app/admin/versions/release-buttons';
import { VersionBadge } from '@/app/admin/versions/version-badge';
import { useTRPC } from '@/app/lib/trpc';
import { buttonClass } from '@/app/ui/button';
import { Card } from '@/app/ui/card';

export function Version({ id }: { id: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.version.get.queryOptions({ id }));
  return (
    <Loaded query={query}>
      {(version) => (
        <div className="space-y-4">
          <Head version={version} />
          <div className="grid gap-4 lg:grid-cols-2">
            <Lineage version={version} />
            <Labels version={version} />
            <GateCard version={version} />
            <Opinion id={id} />
            <History version={version} />
            <Downloads version={version} />
          </div>
          <Examples examples={version.examples} />
        </div>
      )}
    </Loaded>
  );
}

function Head({ version }: { version: VersionDetail }) {
  const t = useTranslations('versions');
  const trpc = useTRPC();
  const { data: registry } = useQuery(trpc.version.registry.queryOptions());
  const { id, status, isChampion, isRetired } = version;
  return (
    <div className="flex flex-wrap items-center justify-between gap-3">
      <h2 className="flex min-w-0 flex-wrap items-center gap-2 break-all font-semibold text-lg tracking-tight">
        {id}
        <VersionBadge of={version} />
      </h2>
      <div className="flex flex-wrap gap-2">
        {registry && !isChampion && (
          <Link
            href={`/admin/versions/compare?a=${encodeURIComponent(registry.championId)}&b=${encodeURIComponent(id)}`}
            className={buttonClass('outline', 'small')}
          >
            {t('compareWithChampion')}
          </Link>
        )}
        {registry && !isChampion && !isRetired && status === 'accepted' && (
          <Promote versionId={id} championId={registry.championId} />
        )}
        <Retirement version={version} />
      </div>
    </div>
  );
}

function GateCard({ version: { gates, status } }: { version: VersionDetail }) {
  const t = useTranslations('versions');
  const admin = useTranslations('admin');
  return (
    <Card title={admin('gates')}>
      {gates.length > 0 ? (
        <GateList gates={gates} />
      ) : (
        <p className="text-muted-foreground text-sm">{status === 'imported' ? t('neverJudged') : t('noGates')}</p>
      )}
    </Card>
  );
}
