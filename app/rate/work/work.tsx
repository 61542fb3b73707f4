'use client';

// Gets tasks one after the other, takes their answers, and goes back to earlier ones.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useTRPC, useTRPCClient } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import type { AnswerData, SkipReason, TaskData } from '@/app/rate/types';
import { useDayStart } from '@/app/rate/use-day-start';
import { KeyButton } from '@/app/rate/work/key-button';
import { Task } from '@/app/rate/work/task';
import { useKeys } from '@/app/rate/work/use-keys';
import { buttonClass } from '@/app/ui/button';
import { Notice } from '@/app/ui/notice';

/** `back` counts the answers that the shown one lies behind the current task; 0 is the current task. */
interface Shown {
  task: TaskData | null;
  back: number;
  /** With it the page began. */
  isFirst?: true;
}

export function Work({ taskId }: { taskId?: string }) {
  const t = useTranslations('rate');
  const app = useTranslations('app');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const api = useTRPCClient();
  const queries = useQueryClient();
  const [shown, setShown] = useState<Shown | null>(null);
  const dayStart = useDayStart();
  const counts = useQuery(trpc.rating.counts.queryOptions({ dayStart }));
  const act = useMutation({
    mutationFn: (work: () => Promise<Shown | null>) => work(),
    onSuccess: (next) => next && setShown(next),
    // Not awaited: keys count again as soon as the task is shown, not when the counts are.
    onSettled: () => {
      void queries.invalidateQueries({ queryKey: trpc.rating.pathKey() });
    },
  });
  const { mutate, isPending } = act;
  const next = useCallback(async (): Promise<Shown> => ({ task: await api.rating.claim.mutate({}), back: 0 }), [api]);
  const hasStarted = useRef(false);
  useEffect(() => {
    if (hasStarted.current) return;
    hasStarted.current = true;
    mutate(async () => ({ task: await api.rating.claim.mutate({ taskId }), back: 0, isFirst: true }));
  }, [api, mutate, taskId]);

  const assignmentId = shown?.task?.assignmentId;
  const answer = (given: AnswerData, comment: string | null) =>
    mutate(async () => {
      await api.rating.answer.mutate({ assignmentId: assignmentId!, answer: given, comment });
      return next();
    });
  const skip = (reason: SkipReason) =>
    mutate(async () => {
      await api.rating.skip.mutate({ assignmentId: assignmentId!, reason });
      return next();
    });
  const back = () =>
    mutate(async () => {
      const at = (shown?.back ?? 0) + 1;
      const task = await api.rating.past.query({ back: at });
      return task && { task, back: at };
    });
  const undo = () =>
    mutate(async () => ({ task: await api.rating.undo.mutate({ assignmentId: assignmentId! }), back: 0 }));
  const forward = () => mutate(next);
  const moves = { answer, skip, back, undo, forward };
  const isEmpty = shown !== null && shown.task === null;
  useKeys((key) => {
    if (isPending || !(isEmpty || act.isError)) return false;
    if (key === 'n') forward();
    else if (key === 'b' && isEmpty) back();
    else return false;
    return true;
  });

  return (
    <div className="space-y-4">
      <div className="flex flex-wrap items-center justify-between gap-2 text-sm">
        <p role="status" className="text-muted-foreground">
          {shown && shown.back > 0
            ? t('lookingBack', { back: shown.back })
            : counts.data && t('session', { today: counts.data.doneToday, all: counts.data.done })}
        </p>
        <Link href="/rate" className={buttonClass('quiet', 'small')}>
          {t('overview')}
        </Link>
      </div>
      {act.error && (
        <Notice
          kind="error"
          action={
            <KeyButton shortcut="N" size="small" onClick={forward}>
              {t('nextTask')}
            </KeyButton>
          }
        >
          {sentenceOf(act.error)}
        </Notice>
      )}
      {!shown && isPending && (
        <div role="status" aria-label={app('loading')} className="h-40 animate-breathe rounded-2xl bg-muted" />
      )}
      {isEmpty && (
        <div className="rounded-2xl border border-border border-dashed p-10 text-center">
          <p role="status" className="text-muted-foreground text-sm">
            {t('noTasks')}
          </p>
          <div className="mt-4 flex flex-wrap justify-center gap-2">
            <KeyButton shortcut="N" isBusy={isPending} onClick={forward}>
              {t('lookAgain')}
            </KeyButton>
            <KeyButton shortcut="B" variant="quiet" onClick={back}>
              {t('back1')}
            </KeyButton>
          </div>
        </div>
      )}
      {shown?.task && (
        <Task
          // A new task begins with a new form.
          key={`${shown.task.assignmentId} ${shown.back}`}
          task={shown.task}
          isFirst={shown.isFirst === true}
          isPast={shown.back > 0}
          isBusy={isPending}
          moves={moves}
        />
      )}
    </div>
  );
}
