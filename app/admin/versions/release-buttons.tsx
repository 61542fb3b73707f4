'use client';

// Promotion and rollback, each after a confirmation; both send the champion that the admin saw.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Undo2 } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { ConfirmDialog } from '@/app/ui/dialog';

/** The server refuses with CONFLICT when the champion has changed meanwhile. */
const expecting = (championId: string | null) => (championId ? { expectedChampionId: championId } : {});

export function Promote({ versionId, championId }: { versionId: string; championId: string | null }) {
  const t = useTranslations('admin');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const [isAsking, setIsAsking] = useState(false);
  const stopped = useStoppedSentence();
  const promote = useMutation(
    trpc.admin.promote.mutationOptions({
      onSuccess: () => setIsAsking(false),
      onSettled: () => client.invalidateQueries({ queryKey: trpc.admin.pathKey() }),
    }),
  );
  return (
    <>
      <Button size="small" onClick={() => setIsAsking(true)}>
        {t('promote')}
      </Button>
      <ConfirmDialog
        isOpen={isAsking}
        onOpenChange={setIsAsking}
        title={t('promoteTitle', { version: versionId })}
        text={`${t('promoteText')}${stopped}`}
        action={t('promote')}
        isBusy={promote.isPending}
        error={promote.error ? sentenceOf(promote.error) : null}
        onConfirm={() => promote.mutate({ versionId, ...expecting(championId) })}
      />
    </>
  );
}

/** Names the running experiment that a change of champion ends; empty if there is none. */
function useStoppedSentence(): string {
  const t = useTranslations('admin');
  const trpc = useTRPC();
  const { data } = useQuery(trpc.admin.experiments.queryOptions());
  const running = data?.find(({ status }) => status === 'running');
  return running ? ` ${t('stopsExperiment', { name: running.name })}` : '';
}

/** `isFirst`: the champion is the base, before which no version served. */
export function Rollback({ championId, isFirst }: { championId: string | null; isFirst: boolean }) {
  const t = useTranslations('admin');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const [isAsking, setIsAsking] = useState(false);
  const stopped = useStoppedSentence();
  const rollback = useMutation(
    trpc.admin.rollback.mutationOptions({
      onSuccess: () => setIsAsking(false),
      onSettled: () => client.invalidateQueries({ queryKey: trpc.admin.pathKey() }),
    }),
  );
  return (
    <>
      <Button size="small" disabled={isFirst} onClick={() => setIsAsking(true)}>
        <Undo2 aria-hidden className="size-4" />
        {t('rollback')}
      </Button>
      <ConfirmDialog
        isOpen={isAsking}
        onOpenChange={setIsAsking}
        title={t('rollbackTitle', { version: t('rollbackPrevious') })}
        text={`${t('rollbackText')}${stopped}`}
        action={t('rollback')}
        variant="danger"
        isBusy={rollback.isPending}
        error={rollback.error ? sentenceOf(rollback.error) : null}
        onConfirm={() => rollback.mutate(expecting(championId))}
      />
    </>
  );
}
