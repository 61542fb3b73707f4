'use client';

// Shows a query's result, or that it is loading, or why it failed with a button to retry.
import type { UseQueryResult } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { Notice } from '@/app/ui/notice';

/** `E` is whatever the query throws. */
export function Loaded<T, E>({ query, children }: { query: UseQueryResult<T, E>; children: (data: T) => ReactNode }) {
  const t = useTranslations('app');
  const sentenceOf = useErrorSentence();
  return (
    <>
      {query.isError && (
        <Notice
          kind="error"
          action={
            <Button size="small" onClick={() => query.refetch()}>
              {t('retry')}
            </Button>
          }
        >
          {sentenceOf(query.error)}
        </Notice>
      )}
      {query.data !== undefined ? (
        children(query.data)
      ) : query.isPending ? (
        <div role="status" aria-label={t('loading')} className="h-40 animate-breathe rounded-2xl bg-muted" />
      ) : null}
    </>
  );
}
