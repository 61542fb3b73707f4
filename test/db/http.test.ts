// The edge of the web process over real Postgres: who gets in, and what is refused.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rateLimit } from '@/db/schema';
import { answerAuth } from '@/server/http/auth-handler';
import { answerTrpc } from '@/server/http/trpc-handler';
import type { WebProcess } from '@/server/product';
import { adminCookie, ask, auth, call, guest, query } from './requests';
import { callAs, createWorld, type World } from './world';

let world: World;
let web: WebProcess;
beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  web = world.web;
});
afterAll(() => world?.close());

const messageOf = async (response: Response) => JSON.stringify(await response.json());

describe('who gets in', () => {
  it('a class of forty people behind one address can all sign in as guests at once', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 40 }, () => auth(web, '/sign-in/anonymous', { address: '198.51.100.1', body: {} })),
    );
    expect(statuses.map((response) => response.status)).toEqual(Array(40).fill(200));
  });

  it('one address may try five wrong passwords for one person, and the refusal says when to come back', async () => {
    const tries: Response[] = [];
    for (let index = 0; index < 40; index++) {
      const body = { email: 'admin@attune.local', password: `guess number ${index}` };
      tries.push(await auth(web, '/sign-in/email', { address: '198.51.100.2', body }));
    }
    expect(tries.map((response) => response.status)).toEqual([...Array(5).fill(401), ...Array(35).fill(429)]);
    const wait = Number(tries[39]!.headers.get('retry-after'));
    expect(wait).toBeGreaterThanOrEqual(1);
    expect(wait).toBeLessThanOrEqual(60);
    expect(await tries[39]!.json()).toMatchObject({ code: 'OVERLOADED', retryAfterSeconds: wait });
    // No one else is locked out, and no e-mail address is stored for the count.
    const other = await auth(web, '/sign-in/email', {
      address: '198.51.100.3',
      body: { email: 'a@b.cd', password: 'x' },
    });
    expect(other.status).toBe(401);
    const rows = await web.product.db.select().from(rateLimit);
    expect(rows.some((row) => JSON.stringify(row).includes('admin@'))).toBe(false);
  });

  it('a person over the limit is told when to come back, by a procedure as by a sign-in', async () => {
    const cookie = await guest(web, { address: '198.51.100.4' });
    const limits = { user: { requestsPerMinute: 1 } };
    expect(await call(web, 'admin.setSettings', { limits }, { cookie: await adminCookie(web) })).toMatchObject({
      status: 200,
    });
    const say = () =>
      call(
        web,
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
    await call(web, 'admin.setSettings', { limits: {} }, { cookie: await adminCookie(web) });
  });

  it('addresses of one IPv6 household count together', async () => {
    const body = { email: 'someone@example.org', password: 'guess' };
    const tries = [];
    for (let index = 0; index < 7; index++)
      tries.push((await auth(web, '/sign-in/email', { address: `2001:db8:1:1::${index}`, body })).status);
    expect(tries).toEqual([401, 401, 401, 401, 401, 429, 429]);
  });

  it('sign-up and guest access work at any address of this machine, and behind TLS the cookie is Secure', async () => {
    for (const { host, scheme } of [
      { host: '192.168.1.20:3000', scheme: 'http' },
      { host: 'chat.example.org', scheme: 'https' },
    ]) {
      const cookie = await guest(web, { host, scheme });
      expect(cookie).toContain('session_token');
      const body = { name: 'Ada', email: `${randomUUID()}@example.org`, password: 'correct horse' };
      const signUp = await auth(web, '/sign-up/email', { host, scheme, cookie, body });
      expect(signUp.status).toBe(200);
      for (const line of signUp.headers.getSetCookie()) expect(line.includes('Secure')).toBe(scheme === 'https');
    }
    // A proxy that terminates TLS without saying so: the page's own address is still https.
    const silent = await auth(web, '/sign-in/anonymous', {
      host: 'chat.example.org',
      headers: { origin: 'https://chat.example.org' },
      body: {},
    });
    expect(silent.status).toBe(200);
  });

  it('a page at another address gets nothing', async () => {
    const cookie = await guest(web);
    for (const origin of ['https://evil.example', 'http://localhost:4321', 'null']) {
      const response = await auth(web, '/sign-out', { cookie, body: {}, headers: { origin } });
      expect([response.status, (await response.json()).code]).toEqual([403, 'FOREIGN_PAGE']);
    }
    expect(await query(web, 'conversation.list', {}, { cookie })).toMatchObject({ status: 200 });
    expect((await auth(web, '/sign-out', { cookie, body: {} })).status).toBe(200);
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
      const response = await auth(web, '/sign-up/email', { address: '198.51.100.9', body: { ...person, ...change } });
      expect([response.status, (await response.json()).code]).toEqual([400, code]);
    }
  });
});

describe('requests that are refused', () => {
  it("another site's form does nothing with the admin's cookie, in any of its content types", async () => {
    const cookie = await adminCookie(web);
    for (const type of ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/plain', '']) {
      for (const path of ['admin.startRun', 'admin.rollback', 'admin.setSettings']) {
        const foreign = { cookie, body: '{}', headers: { origin: 'http://localhost:4000', 'content-type': type } };
        expect((await answerTrpc(web, ask(`/api/trpc/${path}`, foreign))).status).toBe(403);
        const own = { cookie, body: '{}', headers: { 'content-type': type } };
        expect((await answerTrpc(web, ask(`/api/trpc/${path}`, own))).status).toBe(400);
      }
    }
    const site = { cookie, headers: { 'sec-fetch-site': 'same-site' } };
    expect((await call(web, 'admin.startRun', {}, site)).status).toBe(403);
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
    const cookie = await adminCookie(web);
    const nil = '00000000-0000-0000-0000-000000000000';
    const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
    const bad: [response: Promise<Response>, words: RegExp][] = [
      ...['x', '/', `2021-02-30T00:00:00.000000Z/${nil}`, `0000-01-01T00:00:00.000000Z/${nil}`, `x/${nil}`].map(
        (cursor): [Promise<Response>, RegExp] => [query(web, 'conversation.list', { cursor }, { cookie }), /cursor/],
      ),
      [
        query(web, 'conversation.list', { cursor: `2021-01-01T00:00:00.000000Z/${'-'.repeat(36)}` }, { cookie }),
        /cursor/,
      ],
      [query(web, 'admin.audit', { cursor: 2 ** 40 }, { cookie }), /cursor must be at most 2147483647/],
      [query(web, 'admin.audit', { cursor: -1 }, { cookie }), /cursor must be more than 0/],
      [query(web, 'user.list', { cursor: 1e300 }, { cookie }), /cursor/],
      [query(web, 'user.list', { query: 'a\0b' }, { cookie }), /U\+0000/],
      [query(web, 'conversation.get', { id: 'not-a-uuid' }, { cookie }), /id must be a UUID/],
      [call(web, 'admin.setSettings', { systemPrompt: 'a\0b' }, { cookie }), /systemPrompt.*U\+0000/],
      [call(web, 'admin.startExperiment', { candidateVersionId: 'a\0', share: 0, name: 'x' }, { cookie }), /U\+0000/],
      [call(web, 'apiKey.create', { name: '\ud800', allowTraining: true }, { cookie }), /U\+D800/],
      [call(web, 'admin.startRun', {}, { cookie, body: `{"json":{"config":${deep(200)}}}` }), /nested/],
      [call(web, 'admin.startRun', {}, { cookie, body: `{"json":{"config":${deep(100_000)}}}` }), /nested/],
      [call(web, 'admin.startRun', {}, { cookie, body: '{"json":{"config":{"__proto__":{"a":1}}}}' }), /__proto__/],
      [call(web, 'admin.startRun', {}, { cookie, body: '{"json":' }), /does not understand this request/],
      [
        call(web, 'admin.startRun', {}, { cookie, body: '{"json":{},"meta":{"values":{"__proto__.x":["Date"]}}}' }),
        /./,
      ],
    ];
    for (const [response, words] of bad) {
      const { status } = await response;
      const message = await messageOf(await response);
      expect([status, message]).toEqual([400, expect.stringMatching(words)]);
      expect(message).not.toMatch(/Invalid UUID|Too big|stack|select |✖/);
    }
  });

  it("a person sees the product's own sentence about a refused value, also in a stream", async () => {
    const cookie = await guest(web);
    const events = (path: string, json: unknown) =>
      query(web, path, json, { cookie, headers: { accept: 'text/event-stream' } }).then((response) => response.text());
    expect(await events('chat.stream', { generationId: 'x' })).toContain('generationId must be a UUID.');
    const gone = await events('chat.stream', { generationId: randomUUID() });
    expect(gone).toContain('"code":"NOT_FOUND"');
    // The client resumes a stream only after these four codes.
    expect(gone).not.toMatch(/"code":-3260[34]|"code":-3250/);
    const admin = await query(
      web,
      'admin.watchRun',
      { id: randomUUID() },
      { cookie: await adminCookie(web), headers: { accept: 'text/event-stream' } },
    );
    expect(await admin.text()).toContain('"code":"NOT_FOUND"');
  });
});
