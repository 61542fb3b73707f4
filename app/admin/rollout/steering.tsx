'use client';

// What a person can do to a canary; each act asks for a reason, which the audit log keeps.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { useFormats } from '@/app/admin/format';
import type { CanaryData } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { ConfirmDialog } from '@/app/ui/dialog';
import { TextArea } from '@/app/ui/field';
import { type CanaryAct, isRamp, nextPhase, RAMP } from '@/core/rollout/canary';
import { TEXT_LIMITS } from '@/core/text/text-limits';

export function Steering({ canary: { id, phase, isPaused, candidateVersionId } }: { canary: CanaryData }) {
  const t = useTranslations('rollout');
  const { percent } = useFormats();
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const [act, setAct] = useState<CanaryAct | null>(null);
  const [reason, setReason] = useState('');
  const close = () => {
    setAct(null);
    setReason('');
    steer.reset();
  };
  const steer = useMutation(
    trpc.admin.steerCanary.mutationOptions({
      onSuccess: close,
      onSettled: () => client.invalidateQueries({ queryKey: trpc.admin.canaries.queryKey() }),
    }),
  );
  const next = isRamp(phase) ? nextPhase(phase) : null;
  const share = next ? percent(RAMP[next]) : '';
  const acts: CanaryAct[] = [
    isPaused ? 'resume' : 'pause',
    ...(next ? ['raise' as const] : []),
    'promote',
    'roll_back',
  ];
  return (
    <div className="mt-5 flex flex-wrap gap-2">
      {acts.map((one) => (
        <Button key={one} size="small" variant={one === 'roll_back' ? 'danger' : 'outline'} onClick={() => setAct(one)}>
          {t(`acts.${one}`, { share })}
        </Button>
      ))}
      {act && (
        <ConfirmDialog
          isOpen
          onOpenChange={close}
          title={t(`acts.${act}`, { share })}
          text={t(`actTexts.${act}`, { share, version: candidateVersionId })}
          action={t(`acts.${act}`, { share })}
          variant={act === 'roll_back' ? 'danger' : 'primary'}
          isBusy={steer.isPending}
          error={steer.error ? sentenceOf(steer.error) : null}
          onConfirm={() => steer.mutate({ id, act, reason })}
        >
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
        </ConfirmDialog>
      )}
    </div>
  );
}
