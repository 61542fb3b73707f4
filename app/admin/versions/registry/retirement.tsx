'use client';

// Takes a version out of use with a reason, brings it back, and deletes its files.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Archive, ArchiveRestore, Trash2 } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { formatBytes } from '@/app/admin/format';
import type { VersionDetail } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { ConfirmDialog } from '@/app/ui/dialog';
import { TextArea } from '@/app/ui/field';
import { TEXT_LIMITS } from '@/core/text/text-limits';

export function Retirement({ version }: { version: VersionDetail }) {
  if (!version.isRetired) return version.inUse === 'base' ? null : <Retire version={version} />;
  return (
    <>
      {version.hasFiles && <Restore id={version.id} />}
      {version.hasFiles && <DeleteFiles version={version} />}
    </>
  );
}

function useRefresh(): () => Promise<unknown> {
  const trpc = useTRPC();
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: trpc.version.pathKey() });
}

function Retire({ version: { id, inUse, isPrevious } }: { version: VersionDetail }) {
  const t = useTranslations('versions');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const refresh = useRefresh();
  const [isAsking, setIsAsking] = useState(false);
  const [reason, setReason] = useState('');
  const [isEmpty, setIsEmpty] = useState(false);
  const retire = useMutation(
    trpc.version.retire.mutationOptions({ onSuccess: () => setIsAsking(false), onSettled: refresh }),
  );
  const confirm = () => {
    setIsEmpty(reason.trim() === '');
    if (reason.trim()) retire.mutate({ id, reason });
  };
  const why = inUse === null ? undefined : t(`inUse.${inUse}`);
  return (
    <>
      <Button size="small" disabled={inUse !== null} title={why} onClick={() => setIsAsking(true)}>
        <Archive aria-hidden className="size-4" />
        {t('retire')}
      </Button>
      <ConfirmDialog
        isOpen={isAsking}
        onOpenChange={setIsAsking}
        title={t('retireTitle', { version: id })}
        text={isPrevious ? `${t('retireText')} ${t('retirePrevious')}` : t('retireText')}
        action={t('retire')}
        isBusy={retire.isPending}
        error={retire.error ? sentenceOf(retire.error) : null}
        onConfirm={confirm}
      >
        <div className="mt-4">
          <TextArea
            label={t('reason')}
            rows={3}
            required
            maxLength={TEXT_LIMITS.comment}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
            error={isEmpty ? t('reasonMissing') : null}
          />
        </div>
      </ConfirmDialog>
    </>
  );
}

function Restore({ id }: { id: string }) {
  const t = useTranslations('versions');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const refresh = useRefresh();
  const [isAsking, setIsAsking] = useState(false);
  const restore = useMutation(
    trpc.version.restore.mutationOptions({ onSuccess: () => setIsAsking(false), onSettled: refresh }),
  );
  return (
    <>
      <Button size="small" onClick={() => setIsAsking(true)}>
        <ArchiveRestore aria-hidden className="size-4" />
        {t('restore')}
      </Button>
      <ConfirmDialog
        isOpen={isAsking}
        onOpenChange={setIsAsking}
        title={t('restoreTitle', { version: id })}
        text={t('restoreText')}
        action={t('restore')}
        isBusy={restore.isPending}
        error={restore.error ? sentenceOf(restore.error) : null}
        onConfirm={() => restore.mutate({ id })}
      />
    </>
  );
}

function DeleteFiles({ version: { id, bytes } }: { version: VersionDetail }) {
  const t = useTranslations('versions');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const refresh = useRefresh();
  const [isAsking, setIsAsking] = useState(false);
  const remove = useMutation(
    trpc.version.deleteFiles.mutationOptions({ onSuccess: () => setIsAsking(false), onSettled: refresh }),
  );
  return (
    <>
      <Button size="small" onClick={() => setIsAsking(true)}>
        <Trash2 aria-hidden className="size-4" />
        {t('deleteFiles')}
      </Button>
      <ConfirmDialog
        isOpen={isAsking}
        onOpenChange={setIsAsking}
        title={t('deleteTitle', { version: id })}
        text={t('deleteText', { size: formatBytes(bytes ?? 0) })}
        action={t('deleteFiles')}
        variant="danger"
        isBusy={remove.isPending}
        error={remove.error ? sentenceOf(remove.error) : null}
        onConfirm={() => remove.mutate({ id })}
      />
    </>
  );
}
