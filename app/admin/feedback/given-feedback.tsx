'use client';

// The list of what people said about answers, newest first, with filters.
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { type FeedbackFilter, Filters } from '@/app/admin/feedback/filters';
import { Judgement } from '@/app/admin/feedback/judgement';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { usePaused } from '@/app/lib/use-paused';
import { Button } from '@/app/ui/button';
import { EmptyState } from '@/app/ui/empty-state';
import { Notice } from '@/app/ui/notice';

export function GivenFeedback({ linked }: { linked: FeedbackFilter }) {
  const t = useTranslations('adminFeedback');
  const app = useTranslations('app');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const [filter, setFilter] = useState(linked);
  const asked = usePaused(filter);
  const list = useInfiniteQuery(
    trpc.admin.feedback.infiniteQueryOptions(asked, {
      getNextPageParam: (page) => page.nextCursor,
      placeholderData: keepPreviousData,
    }),
  );
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  const hidden = list.data?.pages[0]?.hidden ?? 0;
  const isNarrowed = Object.keys(asked).length > 0;
  return (
    <div className="space-y-4">
      <Filters filter={filter} onChange={setFilter} />
      <Notice kind="info">{hidden > 0 ? t('hidden', { hidden }) : t('consented')}</Notice>
      {list.isError && <Notice kind="error">{sentenceOf(list.error)}</Notice>}
      {list.isPending && (
        <div role="status" aria-label={app('loading')} className="h-40 animate-breathe rounded-2xl bg-muted" />
      )}
      {list.isSuccess && items.length === 0 && <EmptyState>{t(isNarrowed ? 'noMatch' : 'none')}</EmptyState>}
      <ul aria-label={t('title')} className="space-y-3">
        {items.map((item) => (
          <li key={item.id}>
            <Judgement judgement={item} onAskRater={(rater) => setFilter({ rater })} />
          </li>
        ))}
      </ul>
      {list.hasNextPage && (
        <Button size="small" isBusy={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
          {t('more')}
        </Button>
      )}
    </div>
  );
}
