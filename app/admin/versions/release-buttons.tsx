'use client';

// Promotion and rollback, each after a confirmation with a reason; the server refuses if the champion is no longer the one that is shown.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Undo2 } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { ConfirmDialog } from '@/app/ui/dialog';
import { TextArea } from '@/app/ui/field';
import { VERSION_LAYER } from '@/core/rollout/layers';
import { TEXT_LIMITS } from '@/core/text/text-limits';

export function Promote({ versionId, championId }: { versionId: string; championId: string }) {
  const t = useTranslations('admin');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const refresh = useRefresh();
  const [isAsking, setIsAsking] = useState(false);
  const [reason, reasonField] = useReason();
  const stopped = useStoppedSentence();
  const promote = useMutation(
    trpc.admin.promote.mutationOptions({
      onSuccess: () => setIsAsking(false),
      onSettled: refresh,
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
        onConfirm={() => promote.mutate({ versionId, reason, expectedChampionId: championId })}
      >
        {reasonField}
      </ConfirmDialog>
    </>
  );
}

/** A release changes what both routers say of the versions. */
function useRefresh(): () => Promise<unknown> {
  const trpc = useTRPC();
  const client = useQueryClient();
  return () =>
    Promise.all([trpc.admin, trpc.version].map((one) => client.invalidateQueries({ queryKey: one.pathKey() })));
}

function useReason(): [reason: string, field: ReactNode] {
  const t = useTranslations('rollout');
  const [reason, setReason] = useState('');
  const field = (
    <div className="mt-4">
      <TextArea
        label={t('reason')}
        hint={t('reasonHint')}
        value={reason}
        maxLength={TEXT_LIMITS.comment}
        rows={3}
        onChange={(event) => setReason(event.target.value)}
      />
    </div>
  );
  return [reason, field];
}

/** Names the running experiments that a change of champion ends; empty if there is none. */
function useStoppedSentence(): string {
  const t = useTranslations('admin');
  const trpc = useTRPC();
  const { data } = useQuery(trpc.admin.experiments.queryOptions());
  const ending = data?.filter(({ status, layer }) => status === 'running' && layer === VERSION_LAYER) ?? [];
  return ending.map(({ name }) => ` ${t('stopsExperiment', { name })}`).join('');
}

/** `previousId`: where it leads; null if nothing that may serve again served before. */
export function Rollback({ championId, previousId }: { championId: string; previousId: string | null }) {
  const t = useTranslations('admin');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const refresh = useRefresh();
  const [isAsking, setIsAsking] = useState(false);
  const [reason, reasonField] = useReason();
  const stopped = useStoppedSentence();
  const rollback = useMutation(
    trpc.admin.rollback.mutationOptions({
      onSuccess: () => setIsAsking(false),
      onSettled: refresh,
    }),
  );
  return (
    <>
      <Button size="small" disabled={previousId === null} onClick={() => setIsAsking(true)}>
        <Undo2 aria-hidden className="size-4" />
        {t('rollback')}
      </Button>
      <ConfirmDialog
        isOpen={isAsking}
        onOpenChange={setIsAsking}
        title={t('rollbackTitle', { version: previousId ?? '' })}
        text={`${t('rollbackText')}${stopped}`}
        action={t('rollback')}
        variant="danger"
        isBusy={rollback.isPending}
        error={rollback.error ? sentenceOf(rollback.error) : null}
        onConfirm={() => rollback.mutate({ reason, expectedChampionId: championId })}
      >
        {reasonField}
      </ConfirmDialog>
    </>
  );
}
