'use client';

// The rows of a snapshot as texts, a page at a time, narrowed by kind and split.
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { Choice } from '@/app/admin/choice';
import { SnapshotRow } from '@/app/admin/snapshots/snapshot-row';
import { useRowKind } from '@/app/admin/snapshots/use-row-kind';
import type { SnapshotRowData } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { Notice } from '@/app/ui/notice';

type Kind = SnapshotRowData['kind'];
type Split = SnapshotRowData['split'];

const SPLITS = ['train', 'heldout'] as const satisfies Split[];

export function Rows({ id, kinds }: { id: string; kinds: readonly Kind[] }) {
  const t = useTranslations('snapshots');
  const rowKind = useRowKind();
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const [kind, setKind] = useState<Kind>();
  const [split, setSplit] = useState<Split>();
  const list = useInfiniteQuery(
    trpc.admin.snapshotRows.infiniteQueryOptions(
      { id, ...(kind && { kind }), ...(split && { split }) },
      { getNextPageParam: (page) => page.nextCursor, placeholderData: keepPreviousData },
    ),
  );
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section aria-label={t('rows')} className="space-y-4">
      <div className="grid gap-4 sm:grid-cols-2 lg:max-w-2xl">
        <Choice label={t('kind')} value={kind} options={kinds.map((one) => [one, rowKind(one)])} onChange={setKind} />
        <Choice
          label={t('split')}
          value={split}
          options={SPLITS.map((one) => [one, t(`splits.${one}`)])}
          onChange={setSplit}
        />
      </div>
      {list.isError && <Notice kind="error">{sentenceOf(list.error)}</Notice>}
      {list.isSuccess && items.length === 0 && <p className="text-muted-foreground text-sm">{t('noRows')}</p>}
      <ul className="space-y-3">
        {items.map((item) => (
          <SnapshotRow key={item.line} row={item} />
        ))}
      </ul>
      {list.hasNextPage && (
        <Button size="small" isBusy={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
          {t('more')}
        </Button>
      )}
    </section>
  );
}
