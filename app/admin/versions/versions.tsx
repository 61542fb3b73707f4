'use client';

// The table of versions: their lineage, the gates they passed, people's feedback, and which one serves.
import { useQuery } from '@tanstack/react-query';
import { clsx } from 'clsx';
import { Check, Crown, X } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import { orderByLineage } from '@/app/admin/lineage';
import { Loaded } from '@/app/admin/loaded';
import { Rate, WinRate } from '@/app/admin/rate';
import { SingleLook } from '@/app/admin/single-look';
import { SnapshotLinks } from '@/app/admin/snapshots/snapshot-links';
import { StatusBadge } from '@/app/admin/status-badge';
import type { VersionData } from '@/app/admin/types';
import { Promote, Rollback } from '@/app/admin/versions/release-buttons';
import { useTRPC } from '@/app/lib/trpc';
import { useGateName } from '@/app/lib/use-gate-name';
import { Badge } from '@/app/ui/badge';
import { Cell, Table } from '@/app/ui/table';

/** Deeper descendants are not indented further, so that the table stays readable. */
const MAX_INDENT = 6;
const GATE_BOUNDS = { min: 'gateMin', max: 'gateMax', above: 'gateAbove' } as const;

export function Versions() {
  const t = useTranslations('admin');
  const { date } = useFormats();
  const trpc = useTRPC();
  const query = useQuery(trpc.admin.versions.queryOptions());
  return (
    <Loaded query={query}>
      {(versions) => {
        const champion = versions.find((version) => version.isChampion);
        return (
          <div className="space-y-4">
            <div className="flex justify-end">
              <Rollback championId={champion?.id ?? null} isFirst={champion?.parentId === null} />
            </div>
            <SingleLook />
            <Table
              caption={t('versions')}
              head={[t('lineage'), t('gates'), t('thumbRate'), t('wins'), t('rulesBroken'), t('created'), t('actions')]}
            >
              {orderByLineage(versions).map(({ version, depth }) => (
                <tr key={version.id} id={`version-${version.id}`}>
                  <Cell>
                    <Name version={version} depth={depth} />
                  </Cell>
                  <Cell>
                    <Gates gates={version.gates} />
                  </Cell>
                  <Cell>
                    <Rate {...version.thumbRate} />
                  </Cell>
                  <Cell>
                    <WinRate of={version.sideBySide} />
                  </Cell>
                  <Cell>
                    <Rate {...version.rules.any} />
                  </Cell>
                  <Cell className="min-w-28 text-muted-foreground">{date(version.createdAt)}</Cell>
                  <Cell>
                    {!version.isChampion && version.status !== 'rejected' && (
                      <Promote versionId={version.id} championId={champion?.id ?? null} />
                    )}
                  </Cell>
                </tr>
              ))}
            </Table>
          </div>
        );
      }}
    </Loaded>
  );
}

function Name({ version, depth }: { version: VersionData; depth: number }) {
  const t = useTranslations('admin');
  return (
    <div className="flex items-start gap-1.5" style={{ paddingLeft: `${Math.min(depth, MAX_INDENT)}rem` }}>
      {depth > 0 && (
        <span aria-hidden className="-mt-0.5 text-muted-foreground">
          └
        </span>
      )}
      <div className="min-w-44">
        <p className="flex flex-wrap items-center gap-2 break-all font-medium">
          {version.id}
          {version.isChampion ? (
            <Badge tone="good">
              <Crown aria-hidden className="size-3.5" />
              {t('champion')}
            </Badge>
          ) : (
            <StatusBadge status={version.status} />
          )}
        </p>
        {version.parentId && (
          <p className="mt-0.5 text-muted-foreground text-xs">
            {t('parent')}: {version.parentId}
          </p>
        )}
        {version.runId && (
          <Link
            href={`/admin/runs/${version.runId}`}
            className="text-primary-strong text-xs underline underline-offset-4"
          >
            {t('run', { id: version.runId.slice(0, 8) })}
          </Link>
        )}
        {version.snapshotId && (
          <p className="mt-0.5 text-xs">
            <SnapshotLinks id={version.snapshotId} />
          </p>
        )}
      </div>
    </div>
  );
}

function Gates({ gates }: { gates: VersionData['gates'] }) {
  const t = useTranslations('admin');
  const gateName = useGateName();
  const { metric } = useFormats();
  if (gates.length === 0) return <span className="text-muted-foreground">{t('noGates')}</span>;
  const passed = gates.filter((gate) => gate.passed).length;
  return (
    <details className="min-w-40">
      <summary className="rounded text-primary-strong">{t('gatesPassed', { passed, total: gates.length })}</summary>
      <ul className="mt-2 space-y-1.5 text-xs">
        {gates.map((gate) => (
          <li key={gate.name}>
            <span
              className={clsx('inline-flex items-center gap-1', gate.passed ? 'text-primary-strong' : 'text-danger')}
            >
              {gate.passed ? <Check aria-hidden className="size-3" /> : <X aria-hidden className="size-3" />}
              {gate.passed ? t('pass') : t('fail')}
            </span>{' '}
            <span title={gate.name}>{gateName(gate.name)}</span>: {metric(gate.value)} (
            {t(GATE_BOUNDS[gate.bound], { threshold: metric(gate.threshold) })})
            {gate.note && <span className="block text-muted-foreground">{gate.note}</span>}
          </li>
        ))}
      </ul>
    </details>
  );
}
