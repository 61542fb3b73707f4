'use client';

// The answer as a person would have written it: its text in a field, to be changed and saved.
import { useTranslations } from 'next-intl';
import { useId, useRef, useState } from 'react';
import { Button } from '@/app/ui/button';
import { CONTROL } from '@/app/ui/field';
import { MAX_WRITTEN } from '@/core/feedback/kinds';
import { Part } from './part';
import type { GivenControl } from './use-given';

export function Correction({ correction, answer }: { correction: GivenControl<'correction'>; answer: string }) {
  const t = useTranslations('feedback');
  const app = useTranslations('app');
  const id = useId();
  const opener = useRef<HTMLButtonElement>(null);
  const [draft, setDraft] = useState<string | null>(null);
  const given = correction.current?.value.text ?? null;
  const isChanged = draft !== null && draft.trim() !== '' && draft !== answer && draft !== given;
  const close = () => {
    setDraft(null);
    setTimeout(() => opener.current?.focus());
  };
  return (
    <Part title={t('correction')} given={correction}>
      {draft === null ? (
        <div className="flex flex-wrap items-center gap-2">
          <Button ref={opener} size="small" onClick={() => setDraft(given ?? answer)}>
            {given === null ? t('correct') : t('correctAgain')}
          </Button>
          {given !== null && (
            <Button size="small" variant="quiet" onClick={correction.remove}>
              {t('takeBack')}
            </Button>
          )}
        </div>
      ) : (
        <>
          <textarea
            // biome-ignore lint/a11y/noAutofocus: the person just asked to edit this text
            autoFocus
            aria-label={t('correctionLabel')}
            aria-describedby={id}
            maxLength={MAX_WRITTEN}
            value={draft}
            onChange={(event) => setDraft(event.target.value)}
            className={`${CONTROL} field-sizing-content max-h-96 min-h-28 resize-y py-2 leading-relaxed`}
          />
          <p id={id} className="mt-1 text-muted-foreground text-xs">
            {t('correctionHint')}
          </p>
          <div className="mt-2 flex gap-2">
            <Button
              size="small"
              variant="primary"
              disabled={!isChanged}
              onClick={() => {
                if (draft !== null) correction.save({ text: draft });
                close();
              }}
            >
              {app('save')}
            </Button>
            <Button size="small" onClick={close}>
              {app('cancel')}
            </Button>
          </div>
        </>
      )}
    </Part>
  );
}
