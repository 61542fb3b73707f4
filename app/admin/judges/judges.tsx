'use client';

// The judges with what keeps them out, the form for a new one, and what they said last.
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { AddJudge } from '@/app/admin/judges/add-judge';
import { JudgeCard } from '@/app/admin/judges/judge-card';
import { JudgeLabels } from '@/app/admin/judges/labels';
import { Loaded } from '@/app/admin/loaded';
import { useTRPC } from '@/app/lib/trpc';
import { Button } from '@/app/ui/button';
import { EmptyState } from '@/app/ui/empty-state';
import { Notice } from '@/app/ui/notice';

const AT_WORK_MS = 2000;
const AT_REST_MS = 15_000;

export function Judges() {
  const t = useTranslations('judges');
  const trpc = useTRPC();
  const [isAdding, setIsAdding] = useState(false);
  const query = useQuery(
    trpc.judge.list.queryOptions(undefined, {
      refetchInterval: ({ state }) =>
        state.data?.judges.some(({ activity }) => activity !== 'idle') ? AT_WORK_MS : AT_REST_MS,
    }),
  );
  return (
    <div className="space-y-4">
      <p className="max-w-prose text-muted-foreground text-sm">{t('intro')}</p>
      <p className="max-w-prose text-muted-foreground text-sm">{t('reads')}</p>
      <Loaded query={query}>
        {({ judges, constitutionVersion }) => (
          <>
            {constitutionVersion === null && (
              <Notice
                kind="warning"
                action={
                  <Link className="underline" href="/admin/constitution">
                    {t('writePrinciples')}
                  </Link>
                }
              >
                {t('noPrinciples')}
              </Notice>
            )}
            {judges.length === 0 && !isAdding && <EmptyState>{t('none')}</EmptyState>}
            {judges.map((judge) => (
              <JudgeCard key={judge.id} judge={judge} constitutionVersion={constitutionVersion} />
            ))}
            {isAdding ? (
              <AddJudge onDone={() => setIsAdding(false)} />
            ) : (
              <Button variant="primary" onClick={() => setIsAdding(true)}>
                {t('add')}
              </Button>
            )}
            {judges.length > 0 && <JudgeLabels />}
          </>
        )}
      </Loaded>
    </div>
  );
}
