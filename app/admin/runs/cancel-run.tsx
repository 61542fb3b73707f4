'use client';

// Cancels a run, after a confirmation.
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { ConfirmDialog } from '@/app/ui/dialog';

interface CancelRunProps {
  isRequested: boolean;
  cancel: { isPending: boolean; isSuccess: boolean; error: unknown };
  onConfirm: () => void;
}

export function CancelRun({ isRequested, cancel, onConfirm }: CancelRunProps) {
  const t = useTranslations('admin');
  const sentenceOf = useErrorSentence();
  const [isAsking, setIsAsking] = useState(false);
  return (
    <>
      <Button size="small" disabled={isRequested} onClick={() => setIsAsking(true)}>
        {isRequested ? t('cancelling') : t('cancelRun')}
      </Button>
      <ConfirmDialog
        isOpen={isAsking && !cancel.isSuccess}
        onOpenChange={setIsAsking}
        title={t('cancelTitle')}
        text={t('cancelText')}
        action={t('cancelRun')}
        dismiss={t('keepRunning')}
        variant="danger"
        isBusy={cancel.isPending}
        error={cancel.error ? sentenceOf(cancel.error) : null}
        onConfirm={onConfirm}
      />
    </>
  );
}
