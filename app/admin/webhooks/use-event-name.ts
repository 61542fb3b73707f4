'use client';

// The name of an event in the reader's language; one that this build does not know keeps its code.
import { useTranslations } from 'next-intl';
import { TEST_EVENT, WEBHOOK_EVENTS, type WebhookEvent } from '@/core/webhooks/events';

/** A dot in a message key would start a nested level. */
type KeyOf<Event extends string> = Event extends `${infer Head}.${infer Tail}` ? `${Head}_${Tail}` : Event;
const keyOf = (event: WebhookEvent) => event.replace('.', '_') as KeyOf<WebhookEvent>;

export function useEventName(): (event: string) => string {
  const t = useTranslations('webhooks.names');
  return (event) => {
    if (event === TEST_EVENT) return t('test');
    const known = WEBHOOK_EVENTS.find((name) => name === event);
    return known ? t(keyOf(known)) : event;
  };
}
