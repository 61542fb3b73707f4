'use client';

// The audit log, newest first, one page at a time.
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useActionName } from '@/app/admin/audit/use-action-name';
import { useFormats } from '@/app/admin/format';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { EmptyState } from '@/app/ui/empty-state';
import { Notice } from '@/app/ui/notice';
import { Cell, Table } from '@/app/ui/table';

export function Audit() {
  const t = useTranslations('admin');
  const sentenceOf = useErrorSentence();
  const { date } = useFormats();
  const nameOf = useActionName();
  const trpc = useTRPC();
  const list = useInfiniteQuery(
    trpc.admin.audit.infiniteQueryOptions({}, { getNextPageParam: (page) => page.nextCursor }),
  );
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  if (list.isError) return <Notice kind="error">{sentenceOf(list.error)}</Notice>;
  if (list.isSuccess && items.length === 0) return <EmptyState>{t('noAudit')}</EmptyState>;
  return (
    <div className="space-y-4">
      <Table caption={t('audit')} head={[t('when'), t('who'), t('what'), t('subject'), t('detail')]}>
        {items.map((item) => (
          <tr key={item.id}>
            <Cell className="whitespace-nowrap text-muted-foreground">{date(item.createdAt)}</Cell>
            <Cell className="whitespace-nowrap">{item.actorId ? (item.actorName ?? item.actorId) : t('product')}</Cell>
            <Cell className="min-w-44">
              <span className="block font-medium">{nameOf(item.action)}</span>
              <code className="text-muted-foreground text-xs">{item.action}</code>
            </Cell>
            <Cell className="min-w-40 wrap-anywhere">{item.subject}</Cell>
            <Cell>
              {Object.keys(item.detail).length > 0 && (
                <code className="line-clamp-3 min-w-48 whitespace-pre-wrap break-all text-muted-foreground text-xs">
                  {JSON.stringify(item.detail)}
                </code>
              )}
            </Cell>
          </tr>
        ))}
      </Table>
      {list.hasNextPage && (
        <Button size="small" isBusy={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
          {t('more')}
        </Button>
      )}
    </div>
  );
}
