'use client';

// Asks for the reasons of a rating: a few to tick, and a field for a comment.
import { clsx } from 'clsx';
import { X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { isCancelKey } from '@/app/lib/keys';
import { Button } from '@/app/ui/button';
import { CONTROL } from '@/app/ui/field';
import { IconButton } from '@/app/ui/icon-button';
import { TEXT_LIMITS } from '@/core/text/text-limits';
import type { Rating } from './use-rating';

const REASONS = {
  1: ['correct', 'helpful', 'clear', 'kind'],
  [-1]: ['incorrect', 'unhelpful', 'ignored', 'too_long', 'too_short', 'unsafe'],
} as const;

interface ReasonFormProps {
  rating: Rating;
  isSaving: boolean;
  onSend: (reasons: string[], comment: string | null) => void;
  onClose: () => void;
}

export function ReasonForm({ rating, isSaving, onSend, onClose }: ReasonFormProps) {
  const f = useTranslations('feedback');
  const app = useTranslations('app');
  const [reasons, setReasons] = useState<readonly string[]>(rating.reasons);
  const [comment, setComment] = useState(rating.comment ?? '');
  const hasWords = comment.trim() !== '';
  return (
    <form
      className="relative mt-2 max-w-md animate-rise rounded-2xl border border-border bg-card p-4"
      onSubmit={(event) => {
        event.preventDefault();
        onSend([...reasons], hasWords ? comment : null);
      }}
      // Escape does not discard an unsaved comment.
      onKeyDown={(event) => isCancelKey(event) && comment === (rating.comment ?? '') && onClose()}
    >
      <IconButton label={app('close')} className="absolute top-2.5 right-2.5" onClick={onClose}>
        <X aria-hidden className="size-4" />
      </IconButton>
      <fieldset>
        <legend className="pr-10 font-medium text-sm">{rating.value === 1 ? f('whyGood') : f('whyBad')}</legend>
        <div className="mt-3 flex flex-wrap gap-1.5">
          {REASONS[rating.value].map((reason) => (
            <label
              key={reason}
              className="inline-flex min-h-8 items-center rounded-full border border-border px-3 text-sm transition-colors hover:bg-muted has-checked:border-primary has-checked:bg-primary-soft has-focus-visible:outline-2 has-focus-visible:outline-primary has-focus-visible:outline-offset-2 pointer-coarse:min-h-11"
            >
              <input
                type="checkbox"
                className="sr-only"
                checked={reasons.includes(reason)}
                onChange={(event) =>
                  setReasons(event.target.checked ? [...reasons, reason] : reasons.filter((r) => r !== reason))
                }
              />
              {f(`reasons.${reason}`)}
            </label>
          ))}
        </div>
      </fieldset>
      <textarea
        aria-label={f('comment')}
        placeholder={f('comment')}
        maxLength={TEXT_LIMITS.comment}
        rows={2}
        value={comment}
        onChange={(event) => setComment(event.target.value)}
        className={clsx(CONTROL, 'mt-3 resize-none py-2')}
      />
      <p className="mt-1.5 text-muted-foreground text-xs">{f('readers')}</p>
      <Button type="submit" variant="primary" size="small" className="mt-3 w-full" isBusy={isSaving}>
        {f('send')}
      </Button>
    </form>
  );
}
