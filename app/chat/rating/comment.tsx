'use client';

// What a person adds to the thumb: what was good, and a comment.
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { Button } from '@/app/ui/button';
import { CONTROL } from '@/app/ui/field';
import { TEXT_LIMITS } from '@/core/text/text-limits';
import { Chip } from './chips';
import { Part } from './part';
import type { GivenControl } from './use-given';

const GOOD = ['correct', 'helpful', 'clear', 'kind'] as const;

/** Comments that are written and not saved, by message, so that closing the panel loses none. */
const drafts = new Map<string, string>();

/** Shown under a thumb, which keeps both. */
export function Comment({ thumb, messageId }: { thumb: GivenControl<'thumb'>; messageId: string }) {
  const t = useTranslations('feedback');
  const { current } = thumb;
  const [draft, setDraft] = useState<string | null>(drafts.get(messageId) ?? null);
  const write = (text: string | null) => {
    setDraft(text);
    if (text === null) drafts.delete(messageId);
    else drafts.set(messageId, text);
  };
  if (!current) return null;
  const { value, comment } = current;
  const isChanged = draft !== null && draft.trim() !== (comment ?? '');
  const tick = (reason: string, isOn: boolean) =>
    thumb.save({ ...value, reasons: isOn ? [...value.reasons, reason] : value.reasons.filter((r) => r !== reason) });
  return (
    <Part title={value.up ? t('whyGood') : t('commentTitle')} given={thumb}>
      {value.up && (
        <div className="mb-2 flex flex-wrap gap-1.5">
          {GOOD.map((reason) => (
            <Chip
              key={reason}
              label={t(`reasons.${reason}`)}
              isOn={value.reasons.includes(reason)}
              onChange={(isOn) => tick(reason, isOn)}
            />
          ))}
        </div>
      )}
      <textarea
        aria-label={t('comment')}
        placeholder={t('comment')}
        maxLength={TEXT_LIMITS.comment}
        rows={2}
        value={draft ?? comment ?? ''}
        onChange={(event) => write(event.target.value)}
        className={`${CONTROL} field-sizing-content max-h-40 min-h-16 resize-none py-2`}
      />
      <div className="mt-1.5 flex flex-wrap items-center justify-between gap-2">
        <p className="text-muted-foreground text-xs">{t('readers')}</p>
        {isChanged && (
          <Button
            size="small"
            variant="primary"
            onClick={() => {
              thumb.save(value, draft.trim() || null);
              write(null);
            }}
          >
            {t('saveComment')}
          </Button>
        )}
      </div>
    </Part>
  );
}
