'use client';

// The list of judgements, newest first, narrowed by kind and version.
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { Judgement } from '@/app/admin/feedback/judgement';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { CONTROL, Field } from '@/app/ui/field';
import { Notice } from '@/app/ui/notice';
import type { RouterInputs } from '@/server/routers';

type Filter = NonNullable<RouterInputs['admin']['feedback']['filter']>;

const FILTERS = ['comment', 'reason', 'up', 'down', 'comparison'] as const satisfies Filter[];

export function GivenFeedback() {
  const t = useTranslations('admin');
  const app = useTranslations('app');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const [filter, setFilter] = useState<Filter | ''>('');
  const [versionId, setVersionId] = useState('');
  const versions = useQuery(trpc.admin.versions.queryOptions());
  const list = useInfiniteQuery(
    trpc.admin.feedback.infiniteQueryOptions(
      { ...(filter && { filter }), ...(versionId && { versionId }) },
      { getNextPageParam: (page) => page.nextCursor, placeholderData: keepPreviousData },
    ),
  );
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  const hidden = list.data?.pages[0]?.hidden ?? 0;
  return (
    <div className="space-y-4">
      <div className="grid gap-4 sm:grid-cols-2 lg:max-w-2xl">
        <Field label={t('show')}>
          {(control) => (
            <select
              {...control}
              className={`${CONTROL} h-11 sm:h-10`}
              value={filter}
              onChange={(event) => setFilter(event.target.value as Filter | '')}
            >
              <option value="">{t('feedbackAll')}</option>
              {FILTERS.map((name) => (
                <option key={name} value={name}>
                  {t(`feedbackFilters.${name}`)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label={t('lineage')}>
          {(control) => (
            <select
              {...control}
              className={`${CONTROL} h-11 sm:h-10`}
              value={versionId}
              onChange={(event) => setVersionId(event.target.value)}
            >
              <option value="">{t('allVersions')}</option>
              {versions.data?.map(({ id }) => (
                <option key={id} value={id}>
                  {id}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <Notice kind="info">{hidden > 0 ? t('feedbackHidden', { hidden }) : t('feedbackConsented')}</Notice>
      {list.isError && <Notice kind="error">{sentenceOf(list.error)}</Notice>}
      {list.isPending && (
        <div role="status" aria-label={app('loading')} className="h-40 animate-breathe rounded-2xl bg-muted" />
      )}
      {list.isSuccess && items.length === 0 && (
        <p
          role="status"
          className="rounded-2xl border border-border border-dashed p-10 text-center text-muted-foreground text-sm"
        >
          {t(filter || versionId ? 'noFeedbackMatch' : 'noFeedback')}
        </p>
      )}
      <ul aria-label={t('feedback')} className="space-y-3">
        {items.map((item) => (
          <li key={item.id}>
            <Judgement judgement={item} />
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
