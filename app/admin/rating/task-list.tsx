'use client';

// The tasks, newest first, with their answers so far.
import { keepPreviousData, useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { useFormats } from '@/app/admin/format';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Badge } from '@/app/ui/badge';
import { Button } from '@/app/ui/button';
import { EmptyState } from '@/app/ui/empty-state';
import { Notice } from '@/app/ui/notice';
import { Switch } from '@/app/ui/switch';
import { Cell, Table } from '@/app/ui/table';
import { beginningOf } from '@/core/text/beginning';
import type { RouterOutputs } from '@/server/routers';

type Item = RouterOutputs['ratingAdmin']['tasks']['items'][number];

export function TaskList() {
  const t = useTranslations('ratingAdmin');
  const admin = useTranslations('admin');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const [isOpen, setIsOpen] = useState(true);
  const list = useInfiniteQuery(
    trpc.ratingAdmin.tasks.infiniteQueryOptions(
      { isOpen },
      { getNextPageParam: (page) => page.nextCursor, placeholderData: keepPreviousData },
    ),
  );
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section aria-label={t('list')} className="space-y-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2 className="font-semibold text-base">{t('list')}</h2>
        <Switch label={t('openOnly')} isOn={isOpen} onChange={setIsOpen} />
      </div>
      {list.isError && <Notice kind="error">{sentenceOf(list.error)}</Notice>}
      {list.isSuccess && items.length === 0 && <EmptyState>{t('noTasks')}</EmptyState>}
      {items.length > 0 && (
        <Table
          caption={t('list')}
          head={[t('kind'), t('prompt'), t('progress'), t('priority'), t('state'), admin('actions')]}
        >
          {items.map((item) => (
            <Row key={item.id} item={item} />
          ))}
        </Table>
      )}
      {list.hasNextPage && (
        <Button size="small" isBusy={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
          {admin('more')}
        </Button>
      )}
    </section>
  );
}

function Row({ item }: { item: Item }) {
  const t = useTranslations('ratingAdmin');
  const rate = useTranslations('rate');
  const { metric } = useFormats();
  const trpc = useTRPC();
  const client = useQueryClient();
  const close = useMutation(
    trpc.ratingAdmin.closeTask.mutationOptions({
      onSettled: () => client.invalidateQueries({ queryKey: trpc.ratingAdmin.pathKey() }),
    }),
  );
  const { kind, prompt, done, needed, skipped, isCheck, isClosed, isWaitingForAnswers } = item;
  const short = beginningOf(prompt, 120);
  return (
    <tr>
      <Cell className="whitespace-nowrap">{rate(`kinds.${kind}`)}</Cell>
      <Cell className="min-w-56 max-w-96 break-words">{short}</Cell>
      <Cell className="whitespace-nowrap tabular-nums">
        {isCheck ? done : `${done} / ${needed}`}
        {skipped > 0 && (
          <span className="block text-muted-foreground text-xs">{t('skippedBy', { count: skipped })}</span>
        )}
      </Cell>
      <Cell className="tabular-nums">{metric(item.priority)}</Cell>
      <Cell className="space-x-1 whitespace-nowrap">
        <Badge tone={isClosed ? 'plain' : isWaitingForAnswers ? 'busy' : 'good'}>
          {t(isClosed ? 'isClosed' : isWaitingForAnswers ? 'waits' : 'isOpen')}
        </Badge>
        {isCheck && <Badge tone="plain">{t('check')}</Badge>}
      </Cell>
      <Cell>
        {!isClosed && (
          <Button size="small" isBusy={close.isPending} onClick={() => close.mutate({ id: item.id })}>
            <span aria-hidden>{t('close')}</span>
            <span className="sr-only">{t('closeNamed', { prompt: short })}</span>
          </Button>
        )}
      </Cell>
    </tr>
  );
}
