'use client';

// Asks why a task is passed on; a digit is enough.
import { useTranslations } from 'next-intl';
import type { SkipReason } from '@/app/rate/types';
import { KeyButton } from '@/app/rate/work/key-button';
import { Dialog } from '@/app/ui/dialog';
import { SKIP_REASONS } from '@/core/feedback/task-answers';

interface SkipProps {
  isOpen: boolean;
  onClose: () => void;
  onSkip: (reason: SkipReason) => void;
}

export function Skip({ isOpen, onClose, onSkip }: SkipProps) {
  const t = useTranslations('rate');
  const skip = (reason: SkipReason) => {
    onClose();
    onSkip(reason);
  };
  return (
    <Dialog isOpen={isOpen} onOpenChange={(open) => !open && onClose()} title={t('skipTitle')} text={t('skipText')}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the digits repeat the buttons inside */}
      <div
        className="mt-4 grid gap-2"
        onKeyDown={(event) => {
          const reason = SKIP_REASONS[Number(event.key) - 1];
          if (reason && !event.ctrlKey && !event.metaKey && !event.altKey) skip(reason);
        }}
      >
        {SKIP_REASONS.map((reason, at) => (
          <KeyButton key={reason} shortcut={String(at + 1)} onClick={() => skip(reason)}>
            {t(`skipReasons.${reason}`)}
          </KeyButton>
        ))}
      </div>
    </Dialog>
  );
}
