'use client';

// The message field: grows with its text, Enter sends, and while an answer is running the button stops it.
import { ArrowUp, Square } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { type RefObject, useEffect, useState } from 'react';
import { isSendKey, isWriting } from '@/app/lib/keys';
import { Button } from '@/app/ui/button';
import { Notice } from '@/app/ui/notice';
import { keepDraft, readDraft, useDraft } from './drafts';
import { LengthNote } from './length-note';
import { useMessageLength } from './use-message-length';

interface ComposerProps {
  ref: RefObject<HTMLTextAreaElement | null>;
  conversationId: string;
  placeholder: string;
  /** A message is being sent, or the conversation is still loading. */
  isBusy: boolean;
  isAnswering: boolean;
  /** What the person has to do before sending; shown when they try. */
  obstacle: string | null;
  /** Why the text in the field was not sent. */
  refusal: string | null;
  /** Nothing is left of the text that was refused. */
  onEmpty: () => void;
  onSend: (text: string) => void;
  onStop: () => void;
}

/** No control has the focus: a click on empty space gives it to the page's main part. */
const isFree = (focused: Element | null) =>
  focused === null ||
  focused === document.body ||
  (focused instanceof HTMLElement && focused.tabIndex < 0 && focused.closest('main') !== null);
const isPointerFine = () => window.matchMedia('(pointer: fine)').matches;

export function Composer({
  ref: input,
  conversationId,
  placeholder,
  isBusy,
  isAnswering,
  obstacle,
  refusal,
  onEmpty,
  onSend,
  onStop,
}: ComposerProps) {
  const t = useTranslations('chat');
  const text = useDraft(conversationId);
  const [isCounting, setIsCounting] = useState(false);
  const [isTold, setIsTold] = useState(false);
  const length = useMessageLength(text);
  const isTooLong = length.excess > 0;
  const canSend = text.trim() !== '' && !isTooLong && !isBusy && !isAnswering && !isCounting;

  // A key pressed while no control has the focus is for the message: a focused button may just have been removed.
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (isFree(document.activeElement) && isWriting(event) && isPointerFine()) input.current?.focus();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);

  const submit = async () => {
    if (!canSend) return;
    setIsTold(obstacle !== null);
    if (obstacle !== null) return;
    if (!length.isShort) {
      setIsCounting(true);
      const fits = await length.fits();
      setIsCounting(false);
      if (!fits) return;
    }
    onSend(text);
    // Text typed while this one was counted becomes the next message.
    const now = readDraft(conversationId);
    if (now.startsWith(text)) keepDraft(conversationId, now.slice(text.length));
    // On a phone the on-screen keyboard would cover the answer.
    if (isPointerFine()) input.current?.focus();
    else input.current?.blur();
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <LengthNote excess={length.excess} />
      {refusal !== null && (
        <div className="mb-2">
          <Notice kind="error">{refusal}</Notice>
        </div>
      )}
      {isTold && obstacle !== null && (
        <p role="alert" className="mb-2 px-2 text-danger text-sm">
          {obstacle}
        </p>
      )}
      <div className="flex items-end gap-2 rounded-3xl border border-input bg-card py-2 pr-2 pl-5 shadow-float transition-colors focus-within:border-primary focus-within:ring-1 focus-within:ring-primary">
        <textarea
          ref={input}
          // biome-ignore lint/a11y/noAutofocus: the page is for writing; nothing precedes the field that must be read
          autoFocus
          rows={1}
          aria-label={t('input')}
          aria-describedby="composer-hint"
          aria-invalid={isTooLong}
          placeholder={placeholder}
          value={text}
          onChange={({ target: { value } }) => {
            keepDraft(conversationId, value);
            if (value === '') onEmpty();
          }}
          onKeyDown={(event) => {
            if (!isSendKey(event)) return;
            event.preventDefault();
            void submit();
          }}
          className="field-sizing-content max-h-56 min-h-9 min-w-0 flex-1 resize-none bg-transparent py-1.5 leading-6 outline-none placeholder:text-muted-foreground"
        />
        {isAnswering ? (
          <Button variant="primary" size="round" aria-label={t('stop')} onClick={onStop}>
            <Square aria-hidden className="size-3.5 fill-current" />
          </Button>
        ) : (
          <Button type="submit" variant="primary" size="round" aria-label={t('send')} disabled={!canSend}>
            <ArrowUp aria-hidden className="size-5" />
          </Button>
        )}
      </div>
      <p id="composer-hint" className="sr-only">
        {t('hint')}
      </p>
    </form>
  );
}
