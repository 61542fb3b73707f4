'use client';

import Link from 'next/link';
// What a version was made from, and which versions were made from it.
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import { SnapshotLinks } from '@/app/admin/snapshots/snapshot-links';
import { StatusBadge } from '@/app/admin/status-badge';
import type { VersionDetail } from '@/app/admin/types';
import { VersionBadge } from '@/app/admin/versions/version-badge';
import { LINK, VersionLink } from '@/app/admin/versions/version-link';
import { Card } from '@/app/ui/card';
import { type Fact, Facts } from '@/app/ui/facts';

export function Lineage({ version }: { version: VersionDetail }) {
  const t = useTranslations('versions');
  const admin = useTranslations('admin');
  const { date } = useFormats();
  const { parentId, run, snapshotId, baseId, baseSha256, imported, children, createdAt } = version;
  const facts: (Fact | null)[] = [
    [t('base'), <Hashed key="base" name={baseId} sha256={baseSha256} />],
    parentId === null ? null : [admin('parent'), <VersionLink key="parent" id={parentId} />],
    imported && [t('importedFrom'), <Hashed key="file" name={imported.fileName} sha256={imported.sha256} />],
    run && [run.kind === 'judge' ? t('judgedBy') : t('trainedBy'), <RunLink key="run" run={run} />],
    snapshotId === null ? null : [t('snapshot'), <SnapshotLinks key="snapshot" id={snapshotId} />],
    [admin('created'), date(createdAt)],
  ];
  return (
    <Card title={t('madeFrom')}>
      <Facts facts={facts.filter((fact) => fact !== null)} />
      {run && Object.keys(run.config).length > 0 && (
        <details className="mt-3 text-sm">
          <summary className="w-fit rounded text-primary-strong">{t('config')}</summary>
          <pre className="mt-2 overflow-x-auto rounded-xl bg-muted p-3 text-xs">
            {JSON.stringify(run.config, null, 2)}
          </pre>
        </details>
      )}
      {children.length > 0 && (
        <>
          <h3 className="mt-4 mb-2 font-medium text-sm">{t('children')}</h3>
          <ul className="space-y-1.5 text-sm">
            {children.map((child) => (
              <li key={child.id} className="flex flex-wrap items-center gap-2">
                <VersionLink id={child.id} />
                <VersionBadge of={child} />
              </li>
            ))}
          </ul>
        </>
      )}
    </Card>
  );
}

function RunLink({ run: { id, status } }: { run: NonNullable<VersionDetail['run']> }) {
  const t = useTranslations('admin');
  return (
    <span className="inline-flex flex-wrap items-center gap-2">
      <Link href={`/admin/runs/${id}`} className={LINK}>
        {t('run', { id: id.slice(0, 8) })}
      </Link>
      <StatusBadge status={status} />
    </span>
  );
}

function Hashed({ name, sha256 }: { name: string; sha256: string }) {
  return (
    <span className="block min-w-0">
      <span className="wrap-anywhere">{name}</span>
      <span className="block break-all font-mono text-muted-foreground text-xs">sha256 {sha256}</span>
    </span>
  );
}
