'use client';

// Edits the text of a message in place and sends it again.
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { LengthNote } from '@/app/chat/composer/length-note';
import { useMessageLength } from '@/app/chat/composer/use-message-length';
import { isCancelKey, isSendKey } from '@/app/lib/keys';
import { Button } from '@/app/ui/button';

interface EditFormProps {
  text: string;
  /** Turns that follow the message, and that the edited one leaves behind. */
  later?: number;
  onSend: (text: string) => void;
  onCancel: () => void;
}

export function EditForm({ text, later = 0, onSend, onCancel }: EditFormProps) {
  const t = useTranslations('chat');
  const app = useTranslations('app');
  const [draft, setDraft] = useState(text);
  const length = useMessageLength(draft);
  const canSend = draft.trim() !== '' && length.excess === 0;
  const submit = async () => {
    if (canSend && (length.isShort || (await length.fits()))) onSend(draft);
  };
  return (
    <form
      className="w-full rounded-2xl border border-input bg-card p-3"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <textarea
        // biome-ignore lint/a11y/noAutofocus: the person just asked to edit this text
        autoFocus
        aria-label={t('editLabel')}
        aria-invalid={length.excess > 0}
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={(event) => {
          if (isCancelKey(event)) onCancel();
          if (!isSendKey(event)) return;
          event.preventDefault();
          void submit();
        }}
        className="field-sizing-content max-h-80 w-full resize-none bg-transparent px-1 leading-relaxed outline-none"
      />
      <LengthNote excess={length.excess} />
      {later > 0 && <p className="mt-1 px-1 text-muted-foreground text-xs">{t('editLeaves')}</p>}
      <div className="mt-2 flex justify-end gap-2">
        <Button size="small" onClick={onCancel}>
          {app('cancel')}
        </Button>
        <Button size="small" variant="primary" type="submit" disabled={!canSend}>
          {t('editSend')}
        </Button>
      </div>
    </form>
  );
}
