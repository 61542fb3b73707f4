'use client';

// Searches and lists the conversations, newest first, one page at a time.
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { Search, SquarePen, X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { usePaused } from '@/app/lib/use-paused';
import { ConversationItem } from '@/app/sidebar/conversation-item';
import { groupByAge } from '@/app/sidebar/group-by-age';
import { Button } from '@/app/ui/button';
import { IconButton } from '@/app/ui/icon-button';
import { TEXT_LIMITS } from '@/core/text/text-limits';

interface ConversationListProps {
  openId: string | null;
  onNew: () => void;
  onOpen: () => void;
}

export function ConversationList({ openId, onNew, onOpen }: ConversationListProps) {
  const t = useTranslations('sidebar');
  const app = useTranslations('app');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const [search, setSearch] = useState('');
  const query = usePaused(search.trim());
  const list = useInfiniteQuery(
    trpc.conversation.list.infiniteQueryOptions(query ? { query } : {}, {
      getNextPageParam: (page) => page.nextCursor,
      placeholderData: keepPreviousData,
    }),
  );
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];

  return (
    <>
      <div className="space-y-2 px-3 pb-2">
        <Button className="w-full" onClick={onNew}>
          <SquarePen aria-hidden className="size-4" />
          {t('new')}
        </Button>
        <search className="relative block">
          <Search aria-hidden className="pointer-events-none absolute top-3 left-3 size-4 text-muted-foreground" />
          <input
            type="search"
            maxLength={TEXT_LIMITS.search}
            aria-label={t('search')}
            placeholder={t('search')}
            value={search}
            onChange={(event) => setSearch(event.target.value)}
            className="h-10 w-full rounded-xl bg-muted pr-9 pl-9 text-base [&::-webkit-search-cancel-button]:hidden placeholder:text-muted-foreground sm:text-sm"
          />
          {search && (
            <IconButton label={t('clearSearch')} className="absolute top-1 right-1" onClick={() => setSearch('')}>
              <X aria-hidden className="size-4" />
            </IconButton>
          )}
        </search>
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto px-3 pb-3" aria-busy={list.isFetching}>
        {groupByAge(items, new Date()).map(({ age, items: group }) => (
          <section key={age} aria-labelledby={`age-${age}`}>
            <h2 id={`age-${age}`} className="px-2.5 pt-4 pb-1.5 font-medium text-muted-foreground text-xs">
              {t(age)}
            </h2>
            <ul>
              {group.map((item) => (
                <ConversationItem
                  key={item.id}
                  conversation={item}
                  isOpen={item.id === openId}
                  onOpen={onOpen}
                  onRemoved={item.id === openId ? onNew : null}
                />
              ))}
            </ul>
          </section>
        ))}
        {list.isSuccess && items.length === 0 && (
          <p className="px-2.5 pt-4 text-muted-foreground text-sm">{query ? t('noMatch', { query }) : t('empty')}</p>
        )}
        {list.isError && (
          <div role="alert" className="space-y-2 px-2.5 pt-4 text-danger text-sm">
            <p>{sentenceOf(list.error)}</p>
            <Button size="small" onClick={() => list.refetch()}>
              {app('retry')}
            </Button>
          </div>
        )}
        {list.hasNextPage && (
          <Button
            variant="quiet"
            size="small"
            className="mt-2 w-full"
            isBusy={list.isFetchingNextPage}
            onClick={() => list.fetchNextPage()}
          >
            {t('more')}
          </Button>
        )}
      </div>
    </>
  );
}
