'use client';

// What a snapshot holds: rows by kind and split, by source, by trust in their raters, and by group.
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { useRowKind } from '@/app/admin/snapshots/use-row-kind';
import type { SnapshotData } from '@/app/admin/types';
import { Card } from '@/app/ui/card';
import { Cell, Table } from '@/app/ui/table';

type Content = NonNullable<SnapshotData['content']>;

export function SnapshotContent({ content }: { content: Content }) {
  const t = useTranslations('snapshots');
  const rowKind = useRowKind();
  const { rows, raters, kinds, sources, trust, groups } = content;
  return (
    <>
      <p className="text-sm">{t('holds', { rows, raters })}</p>
      <Table caption={t('byKind')} head={[t('kind'), t('splits.train'), t('splits.heldout')]}>
        {kinds.map(({ kind, train, heldout }) => (
          <tr key={kind}>
            <Cell>{rowKind(kind)}</Cell>
            <Cell className="tabular-nums">{train}</Cell>
            <Cell className="tabular-nums">{heldout}</Cell>
          </tr>
        ))}
      </Table>
      <div className="grid gap-4 md:grid-cols-2">
        <Counts title={t('bySource')} counts={sources.map(({ name, rows: n }) => [t(`sources.${name}`), n])} />
        <Counts
          title={t('byTrust')}
          hint={t('trustHint')}
          counts={trust.map(({ name, rows: n }) => [t(`trust.${name}`), n])}
        />
        {groups.map(({ name, values }) => (
          <Counts key={name} title={t('byGroup', { name })} counts={values.map((value) => [value.name, value.rows])} />
        ))}
      </div>
    </>
  );
}

interface CountsProps {
  title: string;
  hint?: string;
  counts: readonly (readonly [name: ReactNode, rows: number])[];
}

function Counts({ title, hint, counts }: CountsProps) {
  const t = useTranslations('snapshots');
  return (
    <Card title={title}>
      {hint && <p className="-mt-3 mb-3 text-muted-foreground text-xs">{hint}</p>}
      {counts.length === 0 && <p className="text-muted-foreground text-sm">{t('noRows')}</p>}
      <dl className="space-y-1 text-sm">
        {counts.map(([name, rows], at) => (
          <div key={at} className="flex justify-between gap-4">
            <dt className="min-w-0 [overflow-wrap:anywhere]">{name}</dt>
            <dd className="tabular-nums">{rows}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
