'use client';

// The versions, newest first: which one serves, their gates, tags and people's feedback, narrowed by state, tag and text.
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { GitCompareArrows, Upload } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { CountedAt } from '@/app/admin/counted-at';
import { Loaded } from '@/app/admin/loaded';
import { SingleLook } from '@/app/admin/single-look';
import { Filters, type VersionFilter } from '@/app/admin/versions/filters';
import { Rollback } from '@/app/admin/versions/release-buttons';
import { VersionRows } from '@/app/admin/versions/version-rows';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { usePaused } from '@/app/lib/use-paused';
import { Button, buttonClass } from '@/app/ui/button';
import { EmptyState } from '@/app/ui/empty-state';
import { Notice } from '@/app/ui/notice';
import { Table } from '@/app/ui/table';

export function Versions() {
  const t = useTranslations('admin');
  const words = useTranslations('versions');
  const trpc = useTRPC();
  const [filter, setFilter] = useState<VersionFilter>({});
  const registry = useQuery(trpc.version.registry.queryOptions());
  return (
    <Loaded query={registry}>
      {({ championId, previousId, tags, total }) => (
        <div className="space-y-4">
          <div className="flex flex-wrap items-center justify-between gap-2">
            <p className="text-muted-foreground text-sm">{words('total', { count: total })}</p>
            <div className="flex flex-wrap gap-2">
              <Link href="/admin/versions/compare" className={buttonClass('outline', 'small')}>
                <GitCompareArrows aria-hidden className="size-4" />
                {words('compare')}
              </Link>
              <Link href="/admin/versions/import" className={buttonClass('outline', 'small')}>
                <Upload aria-hidden className="size-4" />
                {words('import')}
              </Link>
              <Rollback championId={championId} previousId={previousId} />
            </div>
          </div>
          <Filters filter={filter} tags={tags} onChange={setFilter} />
          <SingleLook />
          <List filter={filter} championId={championId} title={t('versions')} />
        </div>
      )}
    </Loaded>
  );
}

function List({ filter, championId, title }: { filter: VersionFilter; championId: string; title: string }) {
  const t = useTranslations('admin');
  const words = useTranslations('versions');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const text = usePaused(filter.text?.trim() || undefined);
  const list = useInfiniteQuery(
    trpc.version.list.infiniteQueryOptions({ ...filter, text }, { getNextPageParam: (page) => page.nextCursor }),
  );
  // The same as the first rows ask for.
  const ids = (list.data?.pages[0]?.items ?? []).map(({ id }) => id);
  const figures = useQuery(trpc.version.figures.queryOptions({ ids }, { enabled: ids.length > 0 }));
  if (list.isError) return <Notice kind="error">{sentenceOf(list.error)}</Notice>;
  if (!list.data)
    return <div role="status" aria-label={words('loading')} className="h-40 animate-breathe rounded-2xl bg-muted" />;
  const pages = list.data.pages.map((page) => page.items);
  const countedAt = figures.data?.[0]?.countedAt ?? null;
  if (pages[0]!.length === 0) return <EmptyState>{words('noneMatch')}</EmptyState>;
  return (
    <>
      <Table
        caption={title}
        head={[t('lineage'), t('gates'), t('thumbRate'), t('wins'), t('rulesBroken'), t('created'), t('actions')]}
      >
        {pages.map((items) => (
          <VersionRows key={items[0]!.id} items={items} championId={championId} />
        ))}
      </Table>
      <CountedAt of="answers" at={countedAt} />
      {list.hasNextPage && (
        <Button size="small" isBusy={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
          {t('more')}
        </Button>
      )}
    </>
  );
}
