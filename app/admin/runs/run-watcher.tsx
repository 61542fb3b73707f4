'use client';

// Tells an admin on any page of the administration when a run has ended, if they asked for it.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { useEffect, useRef } from 'react';
import { useNoticeChoice } from '@/app/admin/runs/notice-choice';
import { notify } from '@/app/lib/secure-context';
import { useTRPC } from '@/app/lib/trpc';

const LOOK_MS = 10_000;
const MARK = '● ';

export function RunWatcher() {
  const choice = useNoticeChoice();
  return choice === 'off' ? null : <Watcher />;
}

function Watcher() {
  const t = useTranslations('runPage');
  const statuses = useTranslations('admin.statuses');
  const router = useRouter();
  const trpc = useTRPC();
  const client = useQueryClient();
  // A page in the background looks too: that is when one wants to be told.
  const { data: queue } = useQuery(
    trpc.admin.runQueue.queryOptions(undefined, { refetchInterval: LOOK_MS, refetchIntervalInBackground: true }),
  );
  const live = useRef<readonly string[]>([]);
  useEffect(() => {
    if (!queue) return;
    const ended = live.current.filter((id) => !queue.some((run) => run.id === id));
    live.current = queue.map(({ id }) => id);
    if (ended.length === 0) return;
    void client.fetchQuery(trpc.admin.runs.queryOptions(undefined, { staleTime: 0 })).then((runs) => {
      for (const run of runs.filter(({ id }) => ended.includes(id))) {
        const title = t('ended', { id: run.id.slice(0, 8), status: statuses(run.status) });
        notify(title, run.resultVersionId ?? '', () => router.push(`/admin/runs/${run.id}`));
      }
      markTitle();
    });
  }, [queue, client, trpc, t, statuses, router]);
  return null;
}

/** The tab's title carries a mark until the page is looked at. */
function markTitle(): void {
  if (document.visibilityState === 'visible' || document.title.startsWith(MARK)) return;
  document.title = MARK + document.title;
  const unmark = () => {
    if (document.visibilityState !== 'visible') return;
    document.title = document.title.replace(MARK, '');
    document.removeEventListener('visibilitychange', unmark);
  };
  document.addEventListener('visibilitychange', unmark);
}
