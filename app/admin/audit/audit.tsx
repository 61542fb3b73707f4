'use client';

// The audit log, narrowed as asked, newest first, one page at a time.
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useDeferredValue, useState } from 'react';
import { AuditDetail, useSettingNames } from '@/app/admin/audit/detail';
import { type AuditFilter, AuditFilters } from '@/app/admin/audit/filters';
import { pageOf, shortId } from '@/app/admin/audit/subject-link';
import { useActionName } from '@/app/admin/audit/use-action-name';
import { useFormats } from '@/app/admin/format';
import type { AuditData } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { EmptyState } from '@/app/ui/empty-state';
import { Notice } from '@/app/ui/notice';
import { Cell, Table } from '@/app/ui/table';

export function Audit({ linked }: { linked: AuditFilter }) {
  const t = useTranslations('admin');
  const sentenceOf = useErrorSentence();
  const { date } = useFormats();
  const nameOf = useActionName();
  const trpc = useTRPC();
  const [filter, setFilter] = useState(linked);
  const asked = useDeferredValue(filter);
  const list = useInfiniteQuery(
    trpc.admin.audit.infiniteQueryOptions(asked, {
      getNextPageParam: (page) => page.nextCursor,
      placeholderData: keepPreviousData,
    }),
  );
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  const isNarrowed = Object.keys(filter).length > 0;
  return (
    <div className="space-y-4">
      <AuditFilters filter={filter} onChange={setFilter} />
      {list.isError && <Notice kind="error">{sentenceOf(list.error)}</Notice>}
      {list.isSuccess && items.length === 0 && <EmptyState>{t(isNarrowed ? 'noAuditFound' : 'noAudit')}</EmptyState>}
      {items.length > 0 && (
        <Table caption={t('audit')} head={[t('when'), t('who'), t('what'), t('subject'), t('detail')]}>
          {items.map((item) => (
            <tr key={item.id}>
              <Cell className="whitespace-nowrap text-muted-foreground">{date(item.createdAt)}</Cell>
              <Cell className="whitespace-nowrap">
                {item.actorId ? (item.actorName ?? item.actorId) : t('product')}
              </Cell>
              <Cell className="min-w-44">
                <span className="block font-medium">{nameOf(item.action)}</span>
                <code className="text-muted-foreground text-xs">{item.action}</code>
              </Cell>
              <Cell className="min-w-40 wrap-anywhere">
                <Subject item={item} />
              </Cell>
              <Cell>
                <AuditDetail detail={item.detail} />
              </Cell>
            </tr>
          ))}
        </Table>
      )}
      {list.hasNextPage && (
        <Button size="small" isBusy={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
          {t('more')}
        </Button>
      )}
    </div>
  );
}

function Subject({ item: { action, subject, subjectName } }: { item: AuditData }) {
  const nameOf = useSettingNames();
  const name = subjectName ?? (action === 'settings.change' ? nameOf(subject) : shortId(subject));
  const page = pageOf(action, subject);
  return (
    <span title={subject}>
      {page ? (
        <Link className="underline" href={page}>
          {name}
        </Link>
      ) : (
        name
      )}
    </span>
  );
}
