'use client';

// Thumbs up and down: the rating counts at once, and a small form asks for the reasons.
import { clsx } from 'clsx';
import { ThumbsDown, ThumbsUp } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { Popover } from 'radix-ui';
import { useState } from 'react';
import type { GenerationData } from '@/app/chat/conversation/types';
import { Button } from '@/app/ui/button';
import { CONTROL } from '@/app/ui/field';
import { IconButton } from '@/app/ui/icon-button';

const REASONS = {
  1: ['correct', 'helpful', 'clear', 'kind'],
  [-1]: ['incorrect', 'unhelpful', 'ignored', 'too_long', 'too_short', 'unsafe'],
} as const;

interface Rating {
  generationId: string;
  value: 1 | -1 | null;
  reasons?: string[];
  comment?: string;
}

export function Thumbs({ generation, onRate }: { generation: GenerationData; onRate: (rating: Rating) => void }) {
  const t = useTranslations('chat');
  const f = useTranslations('feedback');
  const [isOpen, setIsOpen] = useState(false);
  const { id: generationId, thumb } = generation;

  const press = (value: 1 | -1) => {
    const isWithdrawn = thumb === value;
    onRate({ generationId, value: isWithdrawn ? null : value });
    setIsOpen(!isWithdrawn);
  };
  return (
    <Popover.Root open={isOpen && thumb !== null} onOpenChange={setIsOpen}>
      <Popover.Anchor className="flex items-center gap-0.5">
        {([1, -1] as const).map((value) => {
          const Icon = value === 1 ? ThumbsUp : ThumbsDown;
          const isPressed = thumb === value;
          return (
            <IconButton
              key={value}
              label={isPressed ? f('withdraw') : value === 1 ? t('good') : t('bad')}
              aria-pressed={isPressed}
              onClick={() => press(value)}
            >
              <Icon aria-hidden className={clsx('size-4', isPressed && 'fill-primary/25 text-primary')} />
            </IconButton>
          );
        })}
      </Popover.Anchor>
      <Popover.Portal>
        <Popover.Content
          side="top"
          align="start"
          sideOffset={8}
          collisionPadding={12}
          aria-label={thumb === 1 ? f('whyGood') : f('whyBad')}
          className="z-50 w-80 max-w-[calc(100vw-1.5rem)] animate-rise rounded-2xl border border-border bg-popover p-4 shadow-float"
        >
          {thumb !== null && (
            <ReasonForm
              value={thumb}
              chosen={generation.reasons}
              onSend={(reasons, comment) => {
                onRate({ generationId, value: thumb, reasons, ...(comment ? { comment } : {}) });
                setIsOpen(false);
              }}
            />
          )}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

interface ReasonFormProps {
  value: 1 | -1;
  chosen: readonly string[];
  onSend: (reasons: string[], comment: string) => void;
}

function ReasonForm({ value, chosen, onSend }: ReasonFormProps) {
  const f = useTranslations('feedback');
  const [reasons, setReasons] = useState<readonly string[]>(chosen);
  const [comment, setComment] = useState('');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onSend([...reasons], comment.trim());
      }}
    >
      <fieldset>
        <legend className="font-medium text-sm">{value === 1 ? f('whyGood') : f('whyBad')}</legend>
        <div className="mt-3 flex flex-wrap gap-1.5">
          {REASONS[value].map((reason) => (
            <label
              key={reason}
              className="inline-flex min-h-8 items-center rounded-full border border-border px-3 text-sm transition-colors hover:bg-muted has-checked:border-primary has-checked:bg-primary-soft has-focus-visible:outline-2 has-focus-visible:outline-primary has-focus-visible:outline-offset-2"
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
        maxLength={4000}
        rows={2}
        value={comment}
        onChange={(event) => setComment(event.target.value)}
        className={clsx(CONTROL, 'mt-3 resize-none py-2')}
      />
      <Button type="submit" variant="primary" size="small" className="mt-3 w-full">
        {f('send')}
      </Button>
    </form>
  );
}
