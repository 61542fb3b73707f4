'use client';

// Where a message is written: grows with its text, Enter sends, and while an answer runs the button stops it.
import { ArrowUp, Square } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useRef, useState } from 'react';
import { isSendKey } from '@/app/lib/keys';
import { Button } from '@/app/ui/button';

/** Characters; about what the model's context can hold. The server counts tokens. */
const LIMIT = 16_000;

interface ComposerProps {
  placeholder: string;
  /** A message is on its way, or the conversation is still loading. */
  isBusy: boolean;
  isAnswering: boolean;
  onSend: (text: string) => void;
  onStop: () => void;
}

export function Composer({ placeholder, isBusy, isAnswering, onSend, onStop }: ComposerProps) {
  const t = useTranslations('chat');
  const [text, setText] = useState('');
  const input = useRef<HTMLTextAreaElement>(null);
  const isTooLong = text.length > LIMIT;
  const canSend = text.trim() !== '' && !isTooLong && !isBusy && !isAnswering;

  const submit = () => {
    if (!canSend) return;
    onSend(text.trim());
    setText('');
    // On a phone the keyboard would cover the answer.
    if (window.matchMedia('(pointer: fine)').matches) input.current?.focus();
    else input.current?.blur();
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {isTooLong && (
        <p role="alert" className="mb-2 px-2 text-danger text-sm">
          {t('tooLong', { count: text.length, limit: LIMIT })}
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
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (!isSendKey(event)) return;
            event.preventDefault();
            submit();
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
      <p id="composer-hint" className="mt-2 hidden text-center text-muted-foreground text-xs sm:block">
        {t('hint')}
      </p>
    </form>
  );
}
