// Signs deliveries of webhooks and decides when a failed one is sent again, as the Standard Webhooks specification asks.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
import { createHmac, randomBytes } from 'node:crypto';

const PREFIX = 'whsec_';
const SECRET_BYTES = 32;

/** The receiver gets the same text; what is signed with are the bytes behind the prefix. */
export const newWebhookSecret = (): string => PREFIX + randomBytes(SECRET_BYTES).toString('base64');

interface Signed {
  /** Of the delivery: the same each time that it is sent, so that a receiver can tell a repetition. */
  id: string;
  at: Date;
  body: string;
}

export function signatureHeaders(secret: string, { id, at, body }: Signed): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}

const [SECOND, MINUTE, HOUR] = [1, 60, 3600];
/** Seconds to wait after each failure, by the specification's example; then it is given up. */
const WAITS = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
/** Receivers that fail together must not be asked together. */
const JITTER = 0.2;

/** Seconds until the next try; null if there is none. `uniform` is in [0, 1). */
export function waitAfter(attempts: number, uniform: number): number | null {
  const wait = WAITS[attempts - 1];
  return wait === undefined ? null : wait * (1 + JITTER * uniform);
}
