// Webhooks against a real server: what is sent, signed and repeated, by one replica each time, and where nothing is sent.
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { eq, sql } from 'drizzle-orm';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Hosts } from '@/core/network/hosts';
import type { Verdict } from '@/core/rollout/review';
import { WEBHOOK_EVENTS, type WebhookEvent } from '@/core/webhooks/events';
import { recordAudit } from '@/db/audit';
import type { Database } from '@/db/client';
import * as schema from '@/db/schema';
import type { WebProcess } from '@/server/product';
import { followEngine } from '@/server/services/webhook/engine-alarm';
import { type Api, callAs, createUser, createWorld, type World } from './world';

interface Received {
  headers: Record<string, string>;
  body: string;
  type: string;
  data: Record<string, unknown>;
}

let world: World;
let web: WebProcess;
let db: Database;
let admin: Api;
let server: http.Server;
let url: string;
let received: Received[] = [];
/** The statuses of the next answers; then 204. */
let statuses: number[] = [];

beforeAll(async () => {
  server = http.createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts).toString('utf8');
    const { type, data } = JSON.parse(body) as Pick<Received, 'type' | 'data'>;
    received.push({ headers: request.headers as Record<string, string>, body, type, data });
    response.writeHead(statuses.shift() ?? 204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  url = `http://${host}/hook?token=hidden`;
  world = await createWorld({ seed: 1 }, Math.random, Hosts.parse(host));
  web = world.web;
  db = web.product.db;
  await world.startWeb(); // a second replica, which delivers as well
  admin = callAs(web, await createUser(web, 'admin'), 'admin');
});
afterAll(async () => {
  await world?.close();
  server.closeAllConnections();
  server.close();
});
beforeEach(async () => {
  await db.delete(schema.webhook);
  received = [];
  statuses = [];
});

const add = (...events: WebhookEvent[]) =>
  admin.webhook.add({ url, events: events.length ? events : [...WEBHOOK_EVENTS] });
const deliveries = async () => (await admin.webhook.list()).deliveries;
const arrived = (n: number) => expect.poll(() => received.length, { timeout: 10_000 }).toBe(n);

async function endRun(status: 'done' | 'failed' = 'done'): Promise<string> {
  const [run] = await db
    .insert(schema.trainingRun)
    .values({ status: 'running', trigger: 'button', config: {}, parentVersionId: 'base' })
    .returning();
  await db.update(schema.trainingRun).set({ status, verdict: 'v passed.' }).where(eq(schema.trainingRun.id, run!.id));
  return run!.id;
}

describe('a webhook', () => {
  it('gets a test that its secret verifies, once, and the delivery is shown without the address’s path', async () => {
    const { id, secret } = await add();
    expect(secret).toMatch(/^whsec_/);
    const { deliveryId } = await admin.webhook.test({ id });
    await arrived(1);
    const [{ headers, body }] = received as [Received];
    expect(headers['webhook-id']).toBe(deliveryId);
    expect(new Webhook(secret).verify(body, headers)).toMatchObject({ type: 'test', data: { subject: id } });
    await expect.poll(async () => (await deliveries())[0]!.deliveredAt, { timeout: 5000 }).not.toBeNull();
    const [shown] = await deliveries();
    expect(shown).toMatchObject({ id: deliveryId, attempts: 1, status: 204, dueAt: null, error: null });
    expect(JSON.stringify(await deliveries())).not.toContain('hidden');
    expect(JSON.stringify((await admin.admin.audit({})).items)).not.toContain('hidden');
    expect(JSON.stringify(await admin.webhook.list())).not.toContain(secret);
    const [row] = await db.select().from(schema.webhook);
    expect(row!.sealedSecret).not.toContain(secret.slice(6));
  });

  it('hears of each event that it asked for, in the transaction of the event', async () => {
    await add('run.ended', 'version.rejected', 'canary.roll_back', 'alarm.sample_ratio');
    const runId = await endRun();
    const version = { parentId: 'base', runId, baseId: 'b', baseSha256: 'x', status: 'rejected' as const };
    const gate = (name: string, passed: boolean) => ({ name, value: 1, threshold: 1, bound: 'min' as const, passed });
    const id = `v-${runId.slice(0, 8)}`;
    await db.insert(schema.version).values({ id, ...version, gates: [gate('parity', true), gate('end_rate', false)] });
    await db.transaction((tx) => recordAudit(tx, null, 'canary.roll_back', 'v9', { because: 'broken' }));
    await db.transaction((tx) => recordAudit(tx, null, 'canary.raise', 'v9', {})); // not asked for
    await db
      .transaction(async (tx) => {
        await recordAudit(tx, null, 'canary.roll_back', 'never', {});
        throw new Error('rolled back');
      })
      .catch(() => undefined);
    const [experiment] = await db
      .insert(schema.experiment)
      .values({
        name: 'e',
        salt: 's',
        championVersionId: 'base',
        candidateVersionId: 'base',
        share: 0.1,
        status: 'stopped',
      })
      .returning();
    const [canary] = await db
      .insert(schema.canary)
      .values({
        ...{ experimentId: experiment!.id, candidateVersionId: 'base', championVersionId: 'base', phase: 'share_1' },
        settings: { minutesPerStep: 1, answersPerStep: 1, margin: 0.1, mostDays: 1 },
        ...{ isPaused: true },
      })
      .returning();
    const verdict: Verdict = { act: 'hold', because: 'sample_ratio', guards: [] };
    for (const _ of [1, 2]) await db.update(schema.canary).set({ verdict }).where(eq(schema.canary.id, canary!.id));
    await db.delete(schema.canary);
    await arrived(4);
    const byType = Object.fromEntries(received.map(({ type, data }) => [type, data]));
    expect(byType['run.ended']).toMatchObject({ subject: runId, status: 'done', verdict: 'v passed.' });
    expect(byType['version.rejected']).toMatchObject({ subject: id, failedGates: ['end_rate'], runId });
    expect(byType['canary.roll_back']).toMatchObject({ subject: 'v9', because: 'broken', byProduct: true });
    expect(byType['alarm.sample_ratio']).toMatchObject({ subject: 'base', experimentId: experiment!.id });
    expect(await deliveries()).toHaveLength(4);
  });

  it('gets a failed delivery again with the same id, and each of many once although two replicas send', async () => {
    await add('run.ended');
    statuses = [500];
    await endRun('failed');
    await arrived(1);
    await expect.poll(async () => (await deliveries())[0]!.status, { timeout: 5000 }).toBe(500);
    expect((await deliveries())[0]).toMatchObject({ attempts: 1, deliveredAt: null });
    await db.update(schema.webhookDelivery).set({ dueAt: sql`now()` });
    await arrived(2);
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);

    received = [];
    await Promise.all(Array.from({ length: 20 }, () => endRun()));
    await arrived(20);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(20);
    expect(received).toHaveLength(20);
  });

  it('gets what a process that was killed had claimed, once the claim has run out', async () => {
    const { id } = await add('run.ended');
    await db.insert(schema.webhookDelivery).values({
      ...{ webhookId: id, event: 'run.ended', subject: randomUUID(), attempts: 1 },
      dueAt: sql`now() + interval '1 second'`,
    });
    await arrived(1);
    expect((await deliveries())[0]!.attempts).toBe(2);
  });

  it('is given up after the last try, and switched off by a receiver that is gone', async () => {
    const { id } = await add('run.ended');
    statuses = [503];
    await db.insert(schema.webhookDelivery).values({ webhookId: id, event: 'run.ended', subject: 'x', attempts: 9 });
    await expect.poll(async () => (await deliveries())[0]!.dueAt, { timeout: 10_000 }).toBeNull();
    expect((await deliveries())[0]).toMatchObject({ deliveredAt: null, status: 503 });
    statuses = [410];
    await endRun();
    await expect.poll(async () => (await admin.webhook.list()).webhooks[0]!.isOn, { timeout: 10_000 }).toBe(false);
    await endRun();
    expect(await deliveries()).toHaveLength(2);
    await expect(admin.webhook.test({ id })).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('is refused for an address inside the network, and nothing follows a redirect', async () => {
    for (const inside of ['https://169.254.169.254/latest', 'http://example.org/hook', 'https://[::1]/'])
      await expect(admin.webhook.add({ url: inside, events: ['run.ended'] })).rejects.toMatchObject({
        code: 'BAD_REQUEST',
      });
    await add('run.ended');
    statuses = [302];
    await endRun();
    await expect.poll(async () => (await deliveries())[0]!.error, { timeout: 10_000 }).toMatch(/redirect/);
  });

  it('is changed, gets a new secret and is removed by admins alone, each an audit row', async () => {
    const { id, secret } = await add('run.ended');
    await admin.webhook.change({ id, events: ['canary.raise'] });
    await admin.webhook.change({ id, isOn: false });
    await endRun();
    await admin.webhook.change({ id, isOn: true, events: ['run.ended'] });
    const renewed = await admin.webhook.renewSecret({ id });
    expect(renewed.secret).not.toBe(secret);
    await endRun();
    await arrived(1);
    expect(() => new Webhook(renewed.secret).verify(received[0]!.body, received[0]!.headers)).not.toThrow();
    await admin.webhook.remove({ id });
    expect((await admin.webhook.list()).webhooks).toEqual([]);
    const acts = (await admin.admin.audit({})).items.filter(({ action }) => action.startsWith('webhook.'));
    expect(acts.slice(0, 6).map(({ action }) => action)).toEqual([
      ...['webhook.remove', 'webhook.secret', 'webhook.change', 'webhook.change', 'webhook.change', 'webhook.add'],
    ]);
    const person = callAs(web, await createUser(web));
    await expect(person.webhook.list()).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(person.webhook.add({ url, events: ['run.ended'] })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('hears once of an engine that does not answer, however many replicas notice', async () => {
    await add('alarm.engine_down');
    const engine = { status: () => Promise.reject(new Error('away')) };
    const watchers = [1, 2].map(() => followEngine({ ...web.product, engine } as never, 10));
    await arrived(1);
    for (const watcher of watchers) await watcher.close();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(received.map(({ type }) => type)).toEqual(['alarm.engine_down']);
  });
});
