// The edge of the web process over real Postgres: who gets in, what is refused, and what a lost database looks like.
import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { desc, eq, inArray } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '@/core/logger';
import { audit, rateLimit, session, user } from '@/db/schema';
import { createAdminLink } from '@/server/auth';
import { answerAuth } from '@/server/http/auth-handler';
import { answerTrpc } from '@/server/http/trpc-handler';
import type { WebProcess } from '@/server/product';
import { createRelay, type Relay } from './relay';
import { callAs, createUser, createWorld, type World } from './world';

let world: World;
let web: WebProcess;
let relay: Relay;
/** A second web process of the same world, whose connection to Postgres can be cut, and everything that it logs. */
let cutOff: WebProcess;
const logged: string[] = [];

beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  web = world.web;
  relay = await createRelay(world.databaseUrl);
  const destination = Object.assign(new EventEmitter(), { write: (line: string) => logged.push(line) });
  cutOff = await world.startWeb({
    databaseUrl: relay.url,
    log: createLogger('web', { level: 'debug', destination: destination as never }),
  });
});
afterAll(async () => {
  await world?.close();
});

interface Ask {
  address?: string;
  host?: string;
  scheme?: string;
  headers?: Record<string, string>;
  cookie?: string;
  body?: unknown;
  method?: string;
}

/** A request as the handlers get it, with the headers that the server sets from the connection. */
function ask(path: string, { address = '192.0.2.1', host = 'localhost:3000', scheme = 'http', ...rest }: Ask = {}) {
  const headers: Record<string, string> = {
    'x-forwarded-for': address,
    'x-forwarded-host': host,
    'x-forwarded-proto': scheme,
    ...(rest.cookie ? { cookie: rest.cookie } : {}),
    ...(rest.body === undefined ? {} : { 'content-type': 'application/json', origin: `${scheme}://${host}` }),
    ...rest.headers,
  };
  return new Request(`http://localhost:3000${path}`, {
    method: rest.method ?? (rest.body === undefined ? 'GET' : 'POST'),
    headers,
    body: typeof rest.body === 'string' || rest.body === undefined ? (rest.body as string) : JSON.stringify(rest.body),
  });
}

const auth = (path: string, options: Ask = {}, process = web) => answerAuth(process, ask(`/api/auth${path}`, options));
const call = (path: string, json: unknown, options: Ask = {}, process = web) =>
  answerTrpc(process, ask(`/api/trpc/${path}`, { body: { json }, ...options }));
const query = (path: string, json: unknown, options: Ask = {}, process = web) =>
  answerTrpc(process, ask(`/api/trpc/${path}?input=${encodeURIComponent(JSON.stringify({ json }))}`, options));

const cookieOf = (response: Response) =>
  response.headers
    .getSetCookie()
    .map((line) => line.split(';')[0]!)
    .join('; ');
const guest = async (options: Ask = {}, process = web) =>
  cookieOf(await auth('/sign-in/anonymous', { body: {}, ...options }, process));
const adminCookie = async (process = web) => {
  const link = await createAdminLink(process.product.db, process.auth);
  const { pathname, search } = new URL(link);
  return cookieOf(await answerAuth(process, ask(`${pathname}${search}`)));
};
const messageOf = async (response: Response) => JSON.stringify(await response.json());

describe('who gets in', () => {
  it('a class of forty people behind one address can all sign in as guests at once', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 40 }, () => auth('/sign-in/anonymous', { address: '198.51.100.1', body: {} })),
    );
    expect(statuses.map((response) => response.status)).toEqual(Array(40).fill(200));
  });

  it('one address may try five wrong passwords for one person, and the refusal says when to come back', async () => {
    const tries: Response[] = [];
    for (let index = 0; index < 40; index++) {
      const body = { email: 'admin@attune.local', password: `guess number ${index}` };
      tries.push(await auth('/sign-in/email', { address: '198.51.100.2', body }));
    }
    expect(tries.map((response) => response.status)).toEqual([...Array(5).fill(401), ...Array(35).fill(429)]);
    const wait = Number(tries[39]!.headers.get('retry-after'));
    expect(wait).toBeGreaterThanOrEqual(1);
    expect(wait).toBeLessThanOrEqual(60);
    expect(await tries[39]!.json()).toMatchObject({ code: 'OVERLOADED', retryAfterSeconds: wait });
    // No one else is locked out, and no e-mail address is stored for the count.
    const other = await auth('/sign-in/email', { address: '198.51.100.3', body: { email: 'a@b.cd', password: 'x' } });
    expect(other.status).toBe(401);
    const rows = await web.product.db.select().from(rateLimit);
    expect(rows.some((row) => JSON.stringify(row).includes('admin@'))).toBe(false);
  });

  it('a person over the limit is told when to come back, by a procedure as by a sign-in', async () => {
    const cookie = await guest({ address: '198.51.100.4' });
    const limits = { user: { requestsPerMinute: 1 } };
    expect(await call('admin.setSettings', { limits }, { cookie: await adminCookie() })).toMatchObject({ status: 200 });
    const say = () =>
      call(
        'chat.send',
        {
          ...{ conversationId: randomUUID(), clientMessageId: randomUUID(), parentId: null },
          ...{ text: 'Hi', allowTraining: false },
        },
        { cookie },
      );
    expect((await say()).status).toBe(200);
    const refused = await say();
    expect([refused.status, Number(refused.headers.get('retry-after')) >= 1]).toEqual([429, true]);
    await call('admin.setSettings', { limits: {} }, { cookie: await adminCookie() });
  });

  it('addresses of one IPv6 household count together', async () => {
    const body = { email: 'someone@example.org', password: 'guess' };
    const tries = [];
    for (let index = 0; index < 7; index++)
      tries.push((await auth('/sign-in/email', { address: `2001:db8:1:1::${index}`, body })).status);
    expect(tries).toEqual([401, 401, 401, 401, 401, 429, 429]);
  });

  it('sign-up and guest access work at any address of this machine, and behind TLS the cookie is Secure', async () => {
    for (const { host, scheme } of [
      { host: '192.168.1.20:3000', scheme: 'http' },
      { host: 'chat.example.org', scheme: 'https' },
    ]) {
      const cookie = await guest({ host, scheme });
      expect(cookie).toContain('session_token');
      const body = { name: 'Ada', email: `${randomUUID()}@example.org`, password: 'correct horse' };
      const signUp = await auth('/sign-up/email', { host, scheme, cookie, body });
      expect(signUp.status).toBe(200);
      for (const line of signUp.headers.getSetCookie()) expect(line.includes('Secure')).toBe(scheme === 'https');
    }
    // A proxy that terminates TLS without saying so: the page's own address is still https.
    const silent = await auth('/sign-in/anonymous', {
      host: 'chat.example.org',
      headers: { origin: 'https://chat.example.org' },
      body: {},
    });
    expect(silent.status).toBe(200);
  });

  it('a page at another address gets nothing', async () => {
    const cookie = await guest();
    for (const origin of ['https://evil.example', 'http://localhost:4321', 'null']) {
      const response = await auth('/sign-out', { cookie, body: {}, headers: { origin } });
      expect([response.status, (await response.json()).code]).toEqual([403, 'FOREIGN_PAGE']);
    }
    expect(await query('conversation.list', {}, { cookie })).toMatchObject({ status: 200 });
    expect((await auth('/sign-out', { cookie, body: {} })).status).toBe(200);
  });

  it("no one can sign up with the product's own e-mail addresses, or with a name or picture that cannot be stored", async () => {
    const person = { name: 'Eve', email: 'eve@example.org', password: 'correct horse' };
    for (const [change, code] of [
      [{ email: 'Admin2@attune.local' }, 'RESERVED_EMAIL'],
      [{ email: 'x@guest.attune.local' }, 'RESERVED_EMAIL'],
      [{ name: 'E\0ve' }, 'BAD_INPUT'],
      [{ name: 'x'.repeat(101) }, 'BAD_INPUT'],
      [{ image: 'x'.repeat(50_000) }, 'BAD_INPUT'],
    ] as const) {
      const response = await auth('/sign-up/email', { address: '198.51.100.9', body: { ...person, ...change } });
      expect([response.status, (await response.json()).code]).toEqual([400, code]);
    }
  });
});

describe("the admin's way in", () => {
  it('a used link leads to a page that says so, and a new one can always be made', async () => {
    const { pathname, search } = new URL(await createAdminLink(web.product.db, web.auth));
    const first = await answerAuth(web, ask(`${pathname}${search}`, { host: '192.168.1.20:3000' }));
    expect(first.headers.get('location')).toBe('/admin');
    const again = await answerAuth(web, ask(`${pathname}${search}`));
    expect(again.headers.get('location')).toBe('/sign-in/link?error=INVALID_TOKEN');
    expect(cookieOf(again)).toBe('');
    expect(await adminCookie()).toContain('session_token');
  });

  it('a link is for any admin, by e-mail, and no one else; when no admin is left, only the first returns', async () => {
    const { db } = web.product;
    const second = await createUser(web, 'admin');
    const plain = await createUser(web);
    expect(await createAdminLink(db, web.auth, ` ${second}@EXAMPLE.org `)).toContain('/magic-link/verify');
    await expect(createAdminLink(db, web.auth, `${plain}@example.org`)).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(createAdminLink(db, web.auth, 'no@example.org')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const old = await adminCookie();
    const admins = await db.update(user).set({ role: 'user' }).where(eq(user.role, 'admin')).returning();
    const fresh = await adminCookie();
    expect(await query('user.list', {}, { cookie: fresh })).toMatchObject({ status: 200 });
    expect(await query('user.list', {}, { cookie: old })).toMatchObject({ status: 401 });
    await db
      .update(user)
      .set({ role: 'admin' })
      .where(
        inArray(
          user.id,
          admins.map(({ id }) => id),
        ),
      );
  });

  it('an admin who came by a link sets a password once, and signs in with it', async () => {
    const cookie = await adminCookie();
    expect((await (await query('account.hasPassword', null, { cookie })).json()).result.data.json).toBe(false);
    const set = (password: string) => call('account.setFirstPassword', { password }, { cookie });
    expect((await set('short')).status).toBe(400);
    expect((await set('a long password')).status).toBe(200);
    expect((await set('another password')).status).toBe(409);
    const body = { email: 'admin@attune.local', password: 'a long password' };
    const signIn = await auth('/sign-in/email', { address: '198.51.100.20', body });
    expect(signIn.status).toBe(200);
    const change = { currentPassword: 'a long password', newPassword: 'a new password', revokeOtherSessions: true };
    const changed = await auth('/change-password', { cookie: cookieOf(signIn), body: change });
    expect(changed.status).toBe(200);
    expect(await query('user.list', {}, { cookie })).toMatchObject({ status: 401 });
    expect(
      (await call('account.setFirstPassword', { password: 'x'.repeat(9) }, { cookie: await guest() })).status,
    ).toBe(403);
  });
});

describe('roles', () => {
  it('an admin gives and takes the role, with an audit row, but not from the last one or from themselves', async () => {
    const { db } = web.product;
    await db.update(user).set({ role: 'user' });
    const ada = await createUser(web, 'admin');
    const bob = await createUser(web);
    const asAda = callAs(web, ada, 'admin');
    const asBob = callAs(web, bob, 'admin');
    await expect(asAda.user.setRole({ id: ada, role: 'user' })).rejects.toMatchObject({ code: 'CONFLICT' });
    await asAda.user.setRole({ id: bob, role: 'admin' });
    // Both demote each other at once: one of them stays an admin.
    const both = await Promise.allSettled([
      asAda.user.setRole({ id: bob, role: 'user' }),
      asBob.user.setRole({ id: ada, role: 'user' }),
    ]);
    expect(both.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    const left = await db.select().from(user).where(eq(user.role, 'admin'));
    expect(left).toHaveLength(1);
    const [entry] = await db.select().from(audit).orderBy(desc(audit.id)).limit(1);
    expect(entry).toMatchObject({ action: 'user.role', actorId: left[0]!.id, detail: { from: 'admin', to: 'user' } });
    await expect(asBob.user.setRole({ id: 'nobody', role: 'admin' })).rejects.toThrow();

    const boss = callAs(web, left[0]!.id, 'admin');
    await guest();
    const [visitor] = (await boss.user.list({ show: 'guests' })).items;
    expect(visitor!.isGuest).toBe(true);
    await expect(boss.user.setRole({ id: visitor!.id, role: 'admin' })).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('the list finds people by name and address, page by page, and says when they were last active', async () => {
    const { db } = web.product;
    const admin = callAs(web, await createUser(web, 'admin'), 'admin');
    const people = Array.from({ length: 60 }, (_, index) => ({
      id: randomUUID(),
      name: `Percent 100% ${index}`,
      email: `percent-${index}@example.org`,
      createdAt: new Date(Date.UTC(2020, 0, 1, 0, index)),
    }));
    await db.insert(user).values(people);
    const seen = new Date('2024-05-06T07:08:09Z');
    await db.insert(session).values({
      id: 'seen',
      token: 'seen',
      userId: people[59]!.id,
      expiresAt: seen,
      createdAt: seen,
      updatedAt: seen,
    });
    const first = await admin.user.list({ query: '100%' });
    expect(first.items).toHaveLength(50);
    expect(first.items[0]).toMatchObject({ name: 'Percent 100% 59', lastSeenAt: seen, isGuest: false, role: 'user' });
    const rest = await admin.user.list({ query: '100%', cursor: first.nextCursor });
    expect(rest.items.map(({ name }) => name).at(-1)).toBe('Percent 100% 0');
    expect([rest.items.length, rest.nextCursor]).toEqual([10, null]);
    expect((await admin.user.list({ query: 'PERCENT-7@' })).items).toHaveLength(1);
    const plain = callAs(web, people[0]!.id);
    await expect(plain.user.list({})).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(plain.user.setRole({ id: people[0]!.id, role: 'admin' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('requests that are refused', () => {
  it("another site's form does nothing with the admin's cookie, in any of its content types", async () => {
    const cookie = await adminCookie();
    for (const type of ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/plain', '']) {
      for (const path of ['admin.startRun', 'admin.rollback', 'admin.setSettings']) {
        const foreign = { cookie, body: '{}', headers: { origin: 'http://localhost:4000', 'content-type': type } };
        expect((await answerTrpc(web, ask(`/api/trpc/${path}`, foreign))).status).toBe(403);
        const own = { cookie, body: '{}', headers: { 'content-type': type } };
        expect((await answerTrpc(web, ask(`/api/trpc/${path}`, own))).status).toBe(400);
      }
    }
    const site = { cookie, headers: { 'sec-fetch-site': 'same-site' } };
    expect((await call('admin.startRun', {}, site)).status).toBe(403);
    expect(await callAs(web, 'x', 'admin').admin.runs()).toEqual([]);
  });

  it('a body of 150 MiB without a length is refused before it is read', async () => {
    for (const handle of [
      (request: Request) => answerTrpc(web, request),
      (request: Request) => answerAuth(web, request),
    ]) {
      let chunks = 0;
      const body = new ReadableStream({
        pull: (controller) => (chunks++ < 2400 ? controller.enqueue(new Uint8Array(65_536)) : controller.close()),
      });
      const init = { method: 'POST', body, duplex: 'half', headers: { 'content-type': 'application/json' } };
      const response = await handle(new Request('http://localhost:3000/api/auth/sign-in/email', init as RequestInit));
      expect(response.status).toBe(413);
      expect(chunks).toBeLessThan(140);
    }
  });

  it('odd cursors, characters, keys and nesting each get a 400 with a sentence', async () => {
    const cookie = await adminCookie();
    const nil = '00000000-0000-0000-0000-000000000000';
    const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
    const bad: [response: Promise<Response>, words: RegExp][] = [
      ...['x', '/', `2021-02-30T00:00:00.000000Z/${nil}`, `0000-01-01T00:00:00.000000Z/${nil}`, `x/${nil}`].map(
        (cursor): [Promise<Response>, RegExp] => [query('conversation.list', { cursor }, { cookie }), /cursor/],
      ),
      [query('conversation.list', { cursor: `2021-01-01T00:00:00.000000Z/${'-'.repeat(36)}` }, { cookie }), /cursor/],
      [query('admin.audit', { cursor: 2 ** 40 }, { cookie }), /cursor must be at most 2147483647/],
      [query('admin.audit', { cursor: -1 }, { cookie }), /cursor must be more than 0/],
      [query('user.list', { cursor: 1e300 }, { cookie }), /cursor/],
      [query('user.list', { query: 'a\0b' }, { cookie }), /U\+0000/],
      [query('conversation.get', { id: 'not-a-uuid' }, { cookie }), /id must be a UUID/],
      [call('admin.setSettings', { systemPrompt: 'a\0b' }, { cookie }), /systemPrompt.*U\+0000/],
      [call('admin.startExperiment', { candidateVersionId: 'a\0', share: 0, name: 'x' }, { cookie }), /U\+0000/],
      [call('apiKey.create', { name: '\ud800', allowTraining: true }, { cookie }), /U\+D800/],
      [call('admin.startRun', {}, { cookie, body: `{"json":{"config":${deep(200)}}}` }), /nested/],
      [call('admin.startRun', {}, { cookie, body: `{"json":{"config":${deep(100_000)}}}` }), /nested/],
      [call('admin.startRun', {}, { cookie, body: '{"json":{"config":{"__proto__":{"a":1}}}}' }), /__proto__/],
      [call('admin.startRun', {}, { cookie, body: '{"json":' }), /does not understand this request/],
      [call('admin.startRun', {}, { cookie, body: '{"json":{},"meta":{"values":{"__proto__.x":["Date"]}}}' }), /./],
    ];
    for (const [response, words] of bad) {
      const { status } = await response;
      const message = await messageOf(await response);
      expect([status, message]).toEqual([400, expect.stringMatching(words)]);
      expect(message).not.toMatch(/Invalid UUID|Too big|stack|select |✖/);
    }
  });

  it("a person sees the product's own sentence about a refused value, also in a stream", async () => {
    const cookie = await guest();
    const events = (path: string, json: unknown) =>
      query(path, json, { cookie, headers: { accept: 'text/event-stream' } }).then((response) => response.text());
    expect(await events('chat.stream', { generationId: 'x' })).toContain('generationId must be a UUID.');
    const gone = await events('chat.stream', { generationId: randomUUID() });
    expect(gone).toContain('"code":"NOT_FOUND"');
    // The client resumes a stream only after these four codes.
    expect(gone).not.toMatch(/"code":-3260[34]|"code":-3250/);
    const admin = await query(
      'admin.watchRun',
      { id: randomUUID() },
      { cookie: await adminCookie(), headers: { accept: 'text/event-stream' } },
    );
    expect(await admin.text()).toContain('"code":"NOT_FOUND"');
  });
});

describe('without its database', () => {
  it('every route says 503 and when to retry, sends and logs no SQL, token or address, and recovers', async () => {
    const cookie = await guest({}, cutOff);
    const secret = decodeURIComponent(cookie.split('=')[1]!).split('.')[0]!;
    const email = 'private.person@example.org';
    expect((await query('conversation.list', {}, { cookie }, cutOff)).status).toBe(200);
    logged.length = 0;
    await relay.cut();
    const stream = { cookie, headers: { accept: 'text/event-stream' } };
    const answers = [
      await query('conversation.list', {}, { cookie }, cutOff),
      await call('conversation.remove', { id: randomUUID() }, { cookie }, cutOff),
      await auth('/get-session', { cookie }, cutOff),
      await auth('/sign-in/anonymous', { body: {} }, cutOff),
      await auth('/sign-in/email', { body: { email, password: 'correct horse' } }, cutOff),
      await auth('/magic-link/verify?token=x&callbackURL=/admin', {}, cutOff),
    ];
    for (const response of answers) {
      const text = await response.text();
      expect([response.status, text]).toEqual([503, expect.stringMatching(/database/)]);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(text).not.toMatch(/select|insert|params/i);
    }
    // An EventSource gives up at any status other than 200, and reconnects after this event.
    const events = await query('chat.stream', { generationId: randomUUID() }, stream, cutOff);
    expect(events.status).toBe(200);
    expect(await events.text()).toMatch(/event: serialized-error\ndata: .*"code":-32603.*SERVICE_UNAVAILABLE/);
    const log = logged.join('');
    expect(log).not.toContain(secret);
    expect(log).not.toContain(email);
    expect(log).not.toMatch(/params:|"select|insert into|Failed query/i);
    await relay.open();
    await expect.poll(async () => (await query('conversation.list', {}, { cookie }, cutOff)).status).toBe(200);
  });

  it('a stream that loses the database halfway says so without SQL, and clients may resume it', async () => {
    const boss = await adminCookie(cutOff);
    const started = await call('admin.startRun', {}, { cookie: boss }, cutOff);
    const { id } = (await started.json()).result.data.json;
    const response = await query(
      'admin.watchRun',
      { id },
      { cookie: boss, headers: { accept: 'text/event-stream' } },
      cutOff,
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
