'use client';

// The list of what a person has given, newest first, one page at a time.
import { useInfiniteQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { Notice } from '@/app/ui/notice';
import { GivenItem } from './given-item';

export function OwnFeedback() {
  const t = useTranslations('ownFeedback');
  const app = useTranslations('app');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const list = useInfiniteQuery(
    trpc.feedback.mine.infiniteQueryOptions({}, { getNextPageParam: (page) => page.nextCursor }),
  );
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <p className="max-w-prose text-muted-foreground text-sm leading-relaxed">
        {t.rich('intro', {
          changes: (words) => (
            <Link href="/changes" className="text-primary-strong underline underline-offset-3">
              {words}
            </Link>
          ),
        })}
      </p>
      {list.isPending && <p className="mt-6 text-muted-foreground text-sm">{app('loading')}</p>}
      {list.isSuccess && items.length === 0 && <p className="mt-6 text-sm">{t('empty')}</p>}
      <ul className="mt-6 space-y-4">
        {items.map((item) => (
          <GivenItem key={item.id} item={item} />
        ))}
      </ul>
      {list.isError && (
        <div className="mt-6">
          <Notice
            kind="error"
            action={
              <Button size="small" onClick={() => list.refetch()}>
                {app('retry')}
              </Button>
            }
          >
            {sentenceOf(list.error)}
          </Notice>
        </div>
      )}
      {list.hasNextPage && (
        <Button className="mt-6 w-full" isBusy={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
          {t('more')}
        </Button>
      )}
    </>
  );
}
