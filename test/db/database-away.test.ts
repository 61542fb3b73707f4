// What people and the log get while a web process has lost its database, and that it recovers.
import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '@/core/logger';
import { queueRun } from '@/db/runs/queue';
import type { WebProcess } from '@/server/product';
import { createRelay, type Relay } from './relay';
import { adminCookie, auth, call, guest, query } from './requests';
import { createWorld, type World } from './world';

let world: World;
let relay: Relay;
/** A second web process of the same world, whose connection to Postgres can be cut, and everything that it logs. */
let cutOff: WebProcess;
const logged: string[] = [];

beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  relay = await createRelay(world.databaseUrl);
  const destination = Object.assign(new EventEmitter(), { write: (line: string) => logged.push(line) });
  cutOff = await world.startWeb({
    databaseUrl: relay.url,
    log: createLogger('web', { level: 'debug', destination: destination as never }),
  });
});
afterAll(() => world?.close());

describe('without its database', () => {
  it('every route says 503 and when to retry, sends and logs no SQL, token or address, and recovers', async () => {
    const cookie = await guest(cutOff);
    const secret = decodeURIComponent(cookie.split('=')[1]!).split('.')[0]!;
    const email = 'private.person@example.org';
    expect((await query(cutOff, 'conversation.list', {}, { cookie })).status).toBe(200);
    logged.length = 0;
    await relay.cut();
    const stream = { cookie, headers: { accept: 'text/event-stream' } };
    const answers = [
      await query(cutOff, 'conversation.list', {}, { cookie }),
      await call(cutOff, 'conversation.remove', { id: randomUUID() }, { cookie }),
      await auth(cutOff, '/get-session', { cookie }),
      await auth(cutOff, '/sign-in/anonymous', { body: {} }),
      await auth(cutOff, '/sign-in/email', { body: { email, password: 'correct horse' } }),
      await auth(cutOff, '/magic-link/verify?token=x&callbackURL=/admin', {}),
    ];
    for (const response of answers) {
      const text = await response.text();
      expect([response.status, text]).toEqual([503, expect.stringMatching(/database/)]);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(text).not.toMatch(/select|insert|params/i);
    }
    // An EventSource gives up at any status other than 200, and reconnects after this event.
    const events = await query(cutOff, 'chat.stream', { generationId: randomUUID() }, stream);
    expect(events.status).toBe(200);
    expect(await events.text()).toMatch(/event: serialized-error\ndata: .*"code":-32603.*SERVICE_UNAVAILABLE/);
    const log = logged.join('');
    expect(log).not.toContain(secret);
    expect(log).not.toContain(email);
    expect(log).not.toMatch(/params:|"select|insert into|Failed query/i);
    await relay.open();
    await expect.poll(async () => (await query(cutOff, 'conversation.list', {}, { cookie })).status).toBe(200);
  });

  it('a stream that loses the database halfway says so without SQL, and clients may resume it', async () => {
    const boss = await adminCookie(cutOff);
    const { id } = await world.web.product.db.transaction((tx) =>
      queueRun(tx, { trigger: 'button', requestedBy: null, config: {} }),
    );
    const response = await query(
      cutOff,
      'admin.watchRun',
      { id },
      { cookie: boss, headers: { accept: 'text/event-stream' } },
    );
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('"state"')) text += (await reader.read()).value ?? '';
    await relay.cut();
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
    await relay.open();
    expect(text).toMatch(/event: serialized-error\ndata: .*SERVICE_UNAVAILABLE/);
    expect(text).not.toMatch(/select|params/i);
  });
});
