'use client';

// One flaw in detail: the passage that has it, selected in the answer or chosen from its sentences, and a reason.
import { Highlighter } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useMemo, useState } from 'react';
import { isSendKey } from '@/app/lib/keys';
import { Button } from '@/app/ui/button';
import { CONTROL } from '@/app/ui/field';
import type { Flaw, Span } from '@/core/feedback/kinds';
import { beginningOf } from '@/core/text/beginning';
import { TEXT_LIMITS } from '@/core/text/text-limits';
import { sentencesOf } from './passage/locate';

interface FlawDetailProps {
  flaw: Flaw;
  label: string;
  /** The answer's markdown. */
  text: string;
  /** The next selection in the answer is the passage of this flaw. */
  isMarking: boolean;
  onMarking: (isOn: boolean) => void;
  onChange: (detail: { span?: Span | undefined; reason?: string | undefined }) => void;
}

/** Characters of a passage that are quoted. */
const QUOTED = 72;

export function FlawDetail({ flaw, label, text, isMarking, onMarking, onChange }: FlawDetailProps) {
  const t = useTranslations('feedback');
  const { span, reason = '' } = flaw;
  const [draft, setDraft] = useState(reason);
  const sentences = useMemo(() => sentencesOf(text), [text]);
  const chosen = sentences.findIndex(({ start, end }) => start === span?.start && end === span.end);
  const keepReason = () => draft.trim() !== reason && onChange({ reason: draft.trim() || undefined });
  return (
    <li className="rounded-xl bg-muted p-3">
      <p className="font-medium text-sm">{label}</p>
      {span ? (
        <div className="mt-1 flex flex-wrap items-baseline gap-x-2 text-sm">
          <q className="min-w-0 text-muted-foreground [overflow-wrap:anywhere]">
            {beginningOf(text.slice(span.start, span.end), QUOTED)}
          </q>
          <button
            type="button"
            className="min-h-8 rounded px-1 font-medium text-primary-strong text-sm underline underline-offset-3 pointer-coarse:min-h-11"
            onClick={() => {
              onChange({ span: undefined });
              onMarking(true);
            }}
          >
            {t('unmark')}
          </button>
        </div>
      ) : (
        <div className="mt-2 flex flex-wrap items-center gap-2">
          {isMarking ? (
            <p role="status" className="flex items-center gap-1.5 text-sm">
              <Highlighter aria-hidden className="size-4 shrink-0 text-primary" />
              {t('markHow')}
            </p>
          ) : (
            <Button size="small" onClick={() => onMarking(true)}>
              <Highlighter aria-hidden className="size-4" />
              {t('mark')}
            </Button>
          )}
          <select
            aria-label={t('sentenceOf', { flaw: label })}
            value={chosen < 0 ? '' : chosen}
            onChange={(event) => {
              const sentence = sentences[Number(event.target.value)];
              if (event.target.value !== '' && sentence) onChange({ span: sentence });
            }}
            className={`${CONTROL} h-9 w-auto min-w-0 max-w-full flex-1 basis-40 pointer-coarse:h-11`}
          >
            <option value="">{t('sentence')}</option>
            {sentences.map(({ start, end }, i) => (
              <option key={start} value={i}>
                {beginningOf(text.slice(start, end), QUOTED)}
              </option>
            ))}
          </select>
        </div>
      )}
      <input
        aria-label={t('reasonOf', { flaw: label })}
        placeholder={t('reason')}
        maxLength={TEXT_LIMITS.comment}
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={keepReason}
        onKeyDown={(event) => {
          if (!isSendKey(event)) return;
          event.preventDefault();
          keepReason();
        }}
        className={`${CONTROL} mt-2 h-9 pointer-coarse:h-11`}
      />
    </li>
  );
}
