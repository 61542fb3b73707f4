// Sends deliveries of webhooks that are due, one after another in each web process, until they arrive or are given up.
import { eq, sql } from 'drizzle-orm';
import { CHANNELS } from '@/core/contract';
import { type AttuneError, toAttuneError } from '@/core/errors';
import { signatureHeaders, waitAfter } from '@/core/webhooks/delivery';
import type { Database } from '@/db/client';
import { webhook, webhookDelivery } from '@/db/schema';
import type { Product } from '@/server/services/product';
import { type Repetition, repeat } from '@/server/services/repeat';
import { secretPlace } from './webhook';

const LOOK_EVERY_MS = 2000;
const TIMEOUT_MS = 15_000;
const MOST_BYTES = 64 * 1024;
/** A claim lasts longer than any try; after it, another process sends what one that died had claimed. */
const CLAIMED_SECONDS = 60;
/** The receiver says that it will never take another. */
const GONE = 410;

type Parts = Pick<Product, 'db' | 'outgoing' | 'secrets' | 'random'>;
type Delivery = typeof webhookDelivery.$inferSelect;

export function followWebhooks(product: Parts & Pick<Product, 'listener' | 'log'>): Pick<Repetition, 'close'> {
  const options = { everyMs: LOOK_EVERY_MS, failure: 'webhooks could not be delivered' };
  const deliveries = repeat(product, options, (ending) => deliverAll(product, ending));
  const forget = product.listener.on(CHANNELS.webhook, deliveries.ask);
  return {
    async close() {
      forget();
      await deliveries.close();
    },
  };
}

async function deliverAll(parts: Parts, ending: AbortSignal): Promise<void> {
  while (!ending.aborted) {
    const claimed = await claim(parts.db);
    if (!claimed) return;
    await deliver(parts, claimed, ending);
  }
}

/** Counts the try before it is made, so that one that kills the process is not made for ever. */
async function claim(db: Database): Promise<Delivery | null> {
  const [row] = await db
    .update(webhookDelivery)
    .set({
      attempts: sql`${webhookDelivery.attempts} + 1`,
      dueAt: sql`now() + make_interval(secs => ${CLAIMED_SECONDS})`,
    })
    .where(
      sql`${webhookDelivery.id} = (select id from ${webhookDelivery} where due_at <= now()
        order by due_at limit 1 for update skip locked)`,
    )
    .returning();
  return row ?? null;
}

async function deliver(parts: Parts, row: Delivery, ending: AbortSignal): Promise<void> {
  const { db } = parts;
  const settle = (values: Partial<Delivery>) =>
    db.update(webhookDelivery).set(values).where(eq(webhookDelivery.id, row.id));
  const [hook] = await db.select().from(webhook).where(eq(webhook.id, row.webhookId));
  if (!hook) return;
  if (!hook.isOn) return void (await settle({ dueAt: null, error: 'The webhook was switched off.' }));
  const answer = await send(parts, row, hook, ending);
  // Its claim runs out, and the next process sends it.
  if (ending.aborted) return;
  const { status, error } = answer;
  if (error === null) return void (await settle({ dueAt: null, deliveredAt: new Date(), status, error }));
  if (status === GONE) await db.update(webhook).set({ isOn: false }).where(eq(webhook.id, hook.id));
  const wait = status === GONE ? null : waitAfter(row.attempts, parts.random());
  await settle({ dueAt: wait === null ? null : new Date(Date.now() + 1000 * wait), status, error });
}

/** `error` is null if it has arrived. No sentence has more of the address than its host, or any of the answer's words. */
async function send(
  { outgoing, secrets }: Parts,
  { id, event, subject, data, createdAt }: Delivery,
  hook: typeof webhook.$inferSelect,
  signal: AbortSignal,
): Promise<{ status: number | null; error: string | null }> {
  try {
    const secret = secrets.open(hook.sealedSecret, secretPlace(hook.id));
    const body = JSON.stringify({ type: event, timestamp: createdAt.toISOString(), data: { ...data, subject } });
    const { status } = await outgoing.send({
      ...{ url: hook.url, method: 'POST', body, signal, timeoutMs: TIMEOUT_MS, mostBytes: MOST_BYTES },
      headers: { 'content-type': 'application/json', ...signatureHeaders(secret, { id, at: new Date(), body }) },
    });
    const isTaken = status >= 200 && status < 300;
    return { status, error: isTaken ? null : `The receiver answered with status ${status}.` };
  } catch (error) {
    return { status: null, error: (toAttuneError(error) as AttuneError).message };
  }
}
