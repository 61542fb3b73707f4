'use client';

// Buttons that exclude an item of feedback, or ban its rater, and undo that; each asks for the reason first.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import type { FeedbackData } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { ConfirmDialog } from '@/app/ui/dialog';
import { TextArea } from '@/app/ui/field';
import { TEXT_LIMITS } from '@/core/text/text-limits';

type Act = 'exclude' | 'restore' | 'ban' | 'reset';

interface ExclusionProps {
  judgement: FeedbackData;
  /** The person who gave it. */
  name: string;
}

export function Exclusion({ judgement: { id, kind, rater, excluded }, name }: ExclusionProps) {
  const t = useTranslations('adminFeedback');
  const kinds = useTranslations('feedbackKinds');
  const trpc = useTRPC();
  const client = useQueryClient();
  const [act, setAct] = useState<Act | null>(null);
  const onSuccess = async () => {
    await client.invalidateQueries({ queryKey: trpc.admin.feedback.pathKey() });
    setAct(null);
  };
  const exclude = useMutation(trpc.admin.excludeFeedback.mutationOptions({ onSuccess }));
  const restore = useMutation(trpc.admin.restoreFeedback.mutationOptions({ onSuccess }));
  const setStanding = useMutation(trpc.ratingAdmin.setStanding.mutationOptions({ onSuccess }));
  const mutations = { exclude, restore, ban: setStanding, reset: setStanding };
  const [ofRow, ofRater]: Act[] = [excluded ? 'restore' : 'exclude', rater.isBanned ? 'reset' : 'ban'];
  const confirm = (reason: string) => {
    if (act === 'exclude') exclude.mutate({ id, reason });
    else if (act === 'restore') restore.mutate({ id, reason });
    else setStanding.mutate({ userId: rater.id, standing: act === 'ban' ? 'banned' : null, reason });
  };
  return (
    <>
      {[ofRow!, ofRater!].map((one) => (
        <Button
          key={one}
          size="small"
          variant="quiet"
          aria-label={t(`acts.${one}.of`, { what: kinds(kind), name })}
          onClick={() => setAct(one)}
        >
          {t(`acts.${one}.button`)}
        </Button>
      ))}
      {act && (
        <ReasonDialog
          act={act}
          name={name}
          isBusy={mutations[act].isPending}
          error={mutations[act].error}
          onClose={() => {
            mutations[act].reset();
            setAct(null);
          }}
          onConfirm={confirm}
        />
      )}
    </>
  );
}

interface ReasonDialogProps {
  act: Act;
  name: string;
  isBusy: boolean;
  error: unknown;
  onClose: () => void;
  onConfirm: (reason: string) => void;
}

function ReasonDialog({ act, name, isBusy, error, onClose, onConfirm }: ReasonDialogProps) {
  const t = useTranslations('adminFeedback');
  const sentenceOf = useErrorSentence();
  const [reason, setReason] = useState('');
  const [isMissing, setIsMissing] = useState(false);
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={onClose}
      title={t(`acts.${act}.title`, { name })}
      text={t(`acts.${act}.text`)}
      action={t(`acts.${act}.button`)}
      variant={act === 'exclude' || act === 'ban' ? 'danger' : 'primary'}
      isBusy={isBusy}
      error={error ? sentenceOf(error) : null}
      onConfirm={() => {
        setIsMissing(reason.trim() === '');
        if (reason.trim() !== '') onConfirm(reason);
      }}
    >
      <div className="mt-4">
        <TextArea
          label={t('reasonLabel')}
          hint={t('reasonHint')}
          error={isMissing ? t('reasonMissing') : null}
          rows={3}
          maxLength={TEXT_LIMITS.comment}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
      </div>
    </ConfirmDialog>
  );
}
