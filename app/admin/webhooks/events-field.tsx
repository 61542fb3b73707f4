'use client';

// The choice of events that a webhook hears of.
import { useTranslations } from 'next-intl';
import { useEventName } from '@/app/admin/webhooks/use-event-name';
import { WEBHOOK_EVENTS, type WebhookEvent } from '@/core/webhooks/events';

interface EventsFieldProps {
  chosen: readonly WebhookEvent[];
  isDisabled?: boolean;
  onChange: (chosen: WebhookEvent[]) => void;
}

export function EventsField({ chosen, isDisabled, onChange }: EventsFieldProps) {
  const t = useTranslations('webhooks');
  const nameOf = useEventName();
  return (
    <fieldset disabled={isDisabled}>
      <legend className="font-medium text-sm">{t('events')}</legend>
      <div className="mt-2 grid gap-x-4 gap-y-1 sm:grid-cols-2 lg:grid-cols-3">
        {WEBHOOK_EVENTS.map((event) => (
          <label key={event} className="flex min-h-8 items-center gap-2 text-sm">
            <input
              type="checkbox"
              className="size-4 accent-primary"
              checked={chosen.includes(event)}
              onChange={({ target }) =>
                onChange(WEBHOOK_EVENTS.filter((one) => (one === event ? target.checked : chosen.includes(one))))
              }
            />
            {nameOf(event)}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
