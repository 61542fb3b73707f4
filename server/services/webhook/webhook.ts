// Webhooks for admins: where which events are sent, and what became of them.
import { randomUUID } from 'node:crypto';
import { asc, count, desc, eq, sql } from 'drizzle-orm';
import { CHANNELS } from '@/core/contract';
import { AttuneError } from '@/core/errors';
import { newWebhookSecret } from '@/core/webhooks/delivery';
import { TEST_EVENT, type WebhookEvent } from '@/core/webhooks/events';
import { recordAudit } from '@/db/audit';
import type { Executor } from '@/db/client';
import { webhook, webhookDelivery } from '@/db/schema';
import type { Product } from '@/server/services/product';
import type { WebhooksView } from './views';

const MOST_WEBHOOKS = 20;
const MOST_DELIVERIES = 100;

/** What a sealed secret belongs to. */
export const secretPlace = (id: string) => `webhook ${id}`;

export async function list({ db }: Product): Promise<WebhooksView> {
  const webhooks = await db.select().from(webhook).orderBy(asc(webhook.createdAt));
  const deliveries = await db
    .select({ delivery: webhookDelivery, url: webhook.url })
    .from(webhookDelivery)
    .innerJoin(webhook, eq(webhook.id, webhookDelivery.webhookId))
    .orderBy(desc(webhookDelivery.createdAt))
    .limit(MOST_DELIVERIES);
  return {
    webhooks: webhooks.map(({ sealedSecret: _s, createdBy: _c, ...shown }) => shown),
    deliveries: deliveries.map(({ delivery: { data: _, ...shown }, url }) => ({ ...shown, host: new URL(url).host })),
  };
}

/** The secret is returned here and never again. Throws BAD_INPUT for an address to which nothing may be sent. */
export async function add(
  { db, outgoing, secrets }: Product,
  actorId: string,
  { url, events }: { url: string; events: WebhookEvent[] },
): Promise<{ id: string; secret: string }> {
  const { href, host } = outgoing.check(url);
  const id = randomUUID();
  const secret = newWebhookSecret();
  await db.transaction(async (tx) => {
    const [known] = await tx.select({ n: count() }).from(webhook);
    if (known!.n >= MOST_WEBHOOKS)
      throw new AttuneError(
        'CONFLICT',
        `There are ${known!.n} webhooks and the limit is ${MOST_WEBHOOKS}; remove one.`,
      );
    const sealedSecret = secrets.seal(secret, secretPlace(id));
    await tx.insert(webhook).values({ id, url: href, events, sealedSecret, createdBy: actorId });
    // Without the path, which may hold a secret of the receiver's.
    await recordAudit(tx, actorId, 'webhook.add', id, { host, events });
  });
  return { id, secret };
}

export async function change(
  { db }: Product,
  actorId: string,
  { id, ...to }: { id: string; isOn?: boolean | undefined; events?: WebhookEvent[] | undefined },
): Promise<void> {
  await db.transaction(async (tx) => {
    const { isOn, events } = await lock(tx, id);
    if (to.isOn === undefined && to.events === undefined) return;
    await tx.update(webhook).set(to).where(eq(webhook.id, id));
    await recordAudit(tx, actorId, 'webhook.change', id, { from: { isOn, events }, to: { isOn, events, ...to } });
  });
}

/** Its deliveries go with it. */
export async function remove({ db }: Product, actorId: string, id: string): Promise<void> {
  await db.transaction(async (tx) => {
    const { url } = await lock(tx, id);
    await tx.delete(webhook).where(eq(webhook.id, id));
    await recordAudit(tx, actorId, 'webhook.remove', id, { host: new URL(url).host });
  });
}

/** From now on deliveries are signed with the new one, also those that wait. */
export async function renewSecret({ db, secrets }: Product, actorId: string, id: string): Promise<{ secret: string }> {
  const secret = newWebhookSecret();
  await db.transaction(async (tx) => {
    await lock(tx, id);
    await tx
      .update(webhook)
      .set({ sealedSecret: secrets.seal(secret, secretPlace(id)) })
      .where(eq(webhook.id, id));
    await recordAudit(tx, actorId, 'webhook.secret', id);
  });
  return { secret };
}

export async function sendTest({ db }: Product, actorId: string, id: string): Promise<{ deliveryId: string }> {
  return db.transaction(async (tx) => {
    const { isOn } = await lock(tx, id);
    if (!isOn) throw new AttuneError('CONFLICT', 'The webhook is off; switch it on to send a test.');
    const [row] = await tx
      .insert(webhookDelivery)
      .values({ webhookId: id, event: TEST_EVENT, subject: id })
      .returning({ id: webhookDelivery.id });
    await recordAudit(tx, actorId, 'webhook.test', id);
    await tx.execute(sql`select pg_notify(${CHANNELS.webhook}, ${TEST_EVENT})`);
    return { deliveryId: row!.id };
  });
}

async function lock(tx: Executor, id: string): Promise<typeof webhook.$inferSelect> {
  const [row] = await tx.select().from(webhook).where(eq(webhook.id, id)).for('update');
  if (!row) throw new AttuneError('NOT_FOUND', `There is no webhook ${id}.`);
  return row;
}
