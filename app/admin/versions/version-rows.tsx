'use client';

// The rows of one page of versions; their figures follow once they have been counted.
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import { Rate, WinRate } from '@/app/admin/rate';
import { SnapshotLinks } from '@/app/admin/snapshots/snapshot-links';
import type { VersionData } from '@/app/admin/types';
import { Gates } from '@/app/admin/versions/gates';
import { Promote } from '@/app/admin/versions/release-buttons';
import { Tag } from '@/app/admin/versions/tag';
import { VersionBadge } from '@/app/admin/versions/version-badge';
import { LINK, VersionLink } from '@/app/admin/versions/version-link';
import { useTRPC } from '@/app/lib/trpc';
import { Cell } from '@/app/ui/table';

export function VersionRows({ items, championId }: { items: VersionData[]; championId: string }) {
  const { date } = useFormats();
  const trpc = useTRPC();
  const figures = useQuery(trpc.version.figures.queryOptions({ ids: items.map(({ id }) => id) }));
  return items.map((version, at) => {
    const own = figures.data?.[at];
    return (
      <tr key={version.id} id={`version-${version.id}`}>
        <Cell>
          <Name version={version} />
        </Cell>
        <Cell>
          <Gates gates={version.gates} />
        </Cell>
        <Cell>{own ? <Rate {...own.thumbRate} /> : <Pending />}</Cell>
        <Cell>{own ? <WinRate of={own.sideBySide} /> : <Pending />}</Cell>
        <Cell>{own ? <Rate {...own.rules.any} /> : <Pending />}</Cell>
        <Cell className="min-w-28 text-muted-foreground">{date(version.createdAt)}</Cell>
        <Cell>
          {!version.isChampion && !version.isRetired && version.status === 'accepted' && (
            <Promote versionId={version.id} championId={championId} />
          )}
        </Cell>
      </tr>
    );
  });
}

const Pending = () => <div aria-hidden className="h-6 w-44 animate-breathe rounded-lg bg-muted" />;

function Name({ version }: { version: VersionData }) {
  const t = useTranslations('admin');
  return (
    <div className="min-w-44 space-y-0.5">
      <p className="flex flex-wrap items-center gap-2 font-medium">
        <VersionLink id={version.id} />
        <VersionBadge of={version} />
      </p>
      {version.tags.length > 0 && (
        <p className="flex flex-wrap gap-1">
          {version.tags.map((tag) => (
            <Tag key={tag}>{tag}</Tag>
          ))}
        </p>
      )}
      {version.parentId && (
        <p className="text-muted-foreground text-xs">
          {t('parent')}: {version.parentId}
        </p>
      )}
      <p className="flex flex-wrap gap-x-3 text-xs">
        {version.runId && (
          <Link href={`/admin/runs/${version.runId}`} className={LINK}>
            {t('run', { id: version.runId.slice(0, 8) })}
          </Link>
        )}
        {version.snapshotId && <SnapshotLinks id={version.snapshotId} />}
      </p>
    </div>
  );
}
