// The types that the procedures about webhooks return, without database types.
import type { WebhookEvent } from '@/core/webhooks/events';

export interface WebhookView {
  id: string;
  url: string;
  events: WebhookEvent[];
  isOn: boolean;
  createdAt: Date;
}

export interface DeliveryView {
  id: string;
  webhookId: string;
  /** Without its path, which may hold a secret. */
  host: string;
  event: string;
  subject: string;
  attempts: number;
  /** The next try; null once it has arrived or was given up. */
  dueAt: Date | null;
  deliveredAt: Date | null;
  /** Of the last answer; null if there was none. */
  status: number | null;
  error: string | null;
  createdAt: Date;
}

export interface WebhooksView {
  webhooks: WebhookView[];
  /** Newest first. */
  deliveries: DeliveryView[];
}
