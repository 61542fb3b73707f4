// Sign-in over HTTP: guests who become accounts, the admin's one-time link, and forged cookies.
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  assignment,
  comparison,
  conversation,
  experiment,
  feedback,
  generation,
  raterStanding,
  user,
  version,
} from '@/db/schema';
import { createAdminLink } from '@/server/auth';
import type { WebProcess } from '@/server/product';
import { createCaller } from '@/server/routers';
import { createContext } from '@/server/trpc';
import { cookieOf } from './requests';
import { createWorld, readStream, send, type World } from './world';

const ORIGIN = 'http://localhost:3000';
let world: World;
let web: WebProcess;

beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  web = world.web;
});
afterAll(() => world?.close());

function post(path: string, body: object, cookie = '', origin = ORIGIN): Promise<Response> {
  const headers = { 'content-type': 'application/json', origin, cookie };
  return web.auth.handler(
    new Request(`${ORIGIN}/api/auth${path}`, { method: 'POST', headers, body: JSON.stringify(body) }),
  );
}

async function signedIn(cookie: string) {
  const context = await createContext(web, new Headers({ cookie }));
  return { api: createCaller(context), user: context.user };
}

it('a guest who signs up or in keeps everything, and an existing account keeps its own vote and arm', async () => {
  const { db, base } = web.product;
  await db.insert(version).values({ id: 'v1', baseId: base.id, baseSha256: base.sha256, status: 'accepted' });
  const [trial] = await db
    .insert(experiment)
    .values({ name: 'x', salt: 's', championVersionId: 'base', candidateVersionId: 'v1', share: 0 })
    .returning();
  const account = { name: 'Ada', email: 'ada@example.org', password: 'correct horse' };

  for (const path of ['/sign-up/email', '/sign-in/email']) {
    const guestCookie = cookieOf(await post('/sign-in/anonymous', {}));
    const guest = await signedIn(guestCookie);
    expect(guest.user).toMatchObject({ isAnonymous: true, role: 'user' });
    const sent = await send(guest.api, `As a guest, ${path}`);
    await readStream(guest.api, sent.answers[0]!);
    // An answer that failed cannot be rated; the row says why it did.
    const ofAnswer = eq(generation.id, sent.answers[0]!.generationId);
    expect(
      await db.select({ status: generation.status, error: generation.error }).from(generation).where(ofAnswer),
    ).toEqual([{ status: 'done', error: null }]);
    await guest.api.feedback.give({
      kind: 'thumb',
      generationId: sent.answers[0]!.generationId,
      value: { up: true },
    });

    const response = await post(path, account, guestCookie);
    expect(response.status).toBe(200);
    const ada = await signedIn(cookieOf(response));
    expect(ada.user).toMatchObject({ isAnonymous: false, name: 'Ada' });
    const view = await ada.api.conversation.get({ id: sent.conversationId });
    expect(view.messages[1]!.generation!.thumb).toBe(1);
    expect(await db.select().from(user).where(eq(user.id, guest.user!.id))).toEqual([]);
    expect((await signedIn(guestCookie)).user).toBeNull();
    for (const table of [conversation, generation, comparison, feedback]) {
      expect(await db.select().from(table).where(eq(table.userId, guest.user!.id))).toEqual([]);
    }
    const arms = await db.select().from(assignment).where(eq(assignment.experimentId, trial!.id));
    expect(arms).toMatchObject([{ userId: ada.user!.id, arm: 'champion' }]);
  }
  const [ada] = await db.select().from(user).where(eq(user.email, account.email));
  expect(await db.select().from(conversation).where(eq(conversation.userId, ada!.id))).toHaveLength(2);
});

it('the link signs the admin in once', async () => {
  const link = await createAdminLink(web.product.db, web.auth);
  expect(link.startsWith(`${ORIGIN}/api/auth/magic-link/verify?token=`)).toBe(true);
  const open = () => web.auth.handler(new Request(link));
  const first = await open();
  expect(first.headers.get('location')).toBe(`${ORIGIN}/admin`);
  const { api, user } = await signedIn(cookieOf(first));
  expect(user).toMatchObject({ role: 'admin' });
  expect((await api.admin.overview()).champion.versionId).toBe('base');
  const second = await open();
  expect(cookieOf(second)).toBe('');
  expect(second.headers.get('location')).toContain('INVALID_TOKEN');
});

it('a banned guest who signs up stays banned, and their votes stay without weight', async () => {
  const cookie = cookieOf(await post('/sign-in/anonymous', {}));
  const guest = (await signedIn(cookie)).user!;
  const { db } = web.product;
  await db.insert(raterStanding).values({ userId: guest.id, standing: 'banned', reason: 'A script.', setBy: 'admin' });
  const account = { name: 'Mal', email: 'mal@example.org', password: 'correct horse' };
  const mal = (await signedIn(cookieOf(await post('/sign-up/email', account, cookie)))).user!;
  expect(await db.select().from(raterStanding).where(eq(raterStanding.userId, mal.id))).toMatchObject([
    { standing: 'banned', reason: 'A script.' },
  ]);
});

it('no one can make themselves an admin', async () => {
  const body = { name: 'Eve', email: 'eve@example.org', password: 'correct horse', role: 'admin' };
  const response = await post('/sign-up/email', body);
  const eve = response.ok ? await signedIn(cookieOf(response)) : null;
  expect(eve?.user?.role ?? 'user').toBe('user');
  // A client that asks for another person's sign-in link causes no link to be sent.
  await post('/sign-in/magic-link', { email: 'admin@attune.local' });
  await expect(
    createAdminLink(web.product.db, web.auth, eve ? 'eve@example.org' : 'ada@example.org'),
  ).rejects.toMatchObject({ code: 'CONFLICT' });
});

it("a forged cookie, another server's cookie and another origin get nothing", async () => {
  const cookie = cookieOf(await post('/sign-in/anonymous', {}));
  expect((await signedIn(cookie)).user).not.toBeNull();
  const [name, value] = cookie.split('=') as [string, string];
  const [token] = decodeURIComponent(value).split('.');
  for (const forged of [`${name}=${token}`, `${name}=${token}.${'A'.repeat(43)}%3D`, `${name}=x`]) {
    expect((await signedIn(forged)).user).toBeNull();
  }
  expect((await post('/sign-out', {}, cookie, 'https://evil.example')).status).toBe(403);
  // Another port shares the cookies, yet it is another origin.
  expect((await post('/sign-out', {}, cookie, 'http://localhost:4321')).status).toBe(403);
  expect((await post('/sign-out', {}, cookie)).status).toBe(200);
});
