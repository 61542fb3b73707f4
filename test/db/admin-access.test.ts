// Who becomes an admin, by a link, with a password or by another admin, and whom admins find in their list.
import { randomUUID } from 'node:crypto';
import { desc, eq, inArray } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { audit, session, user } from '@/db/schema';
import { createAdminLink } from '@/server/auth';
import { answerAuth } from '@/server/http/auth-handler';
import type { WebProcess } from '@/server/product';
import { adminCookie, ask, auth, call, cookieOf, guest, query } from './requests';
import { callAs, createUser, createWorld, type World } from './world';

let world: World;
let web: WebProcess;
beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  web = world.web;
});
afterAll(() => world?.close());

describe("the admin's way in", () => {
  it('a used link leads to a page that says so, and a new one can always be made', async () => {
    const { pathname, search } = new URL(await createAdminLink(web.product.db, web.auth));
    const first = await answerAuth(web, ask(`${pathname}${search}`, { host: '192.168.1.20:3000' }));
    expect(first.headers.get('location')).toBe('/admin');
    const again = await answerAuth(web, ask(`${pathname}${search}`));
    expect(again.headers.get('location')).toBe('/sign-in/link?error=INVALID_TOKEN');
    expect(cookieOf(again)).toBe('');
    expect(await adminCookie(web)).toContain('session_token');
  });

  it('a link is for any admin, by e-mail, and no one else; when no admin is left, only the first returns', async () => {
    const { db } = web.product;
    const second = await createUser(web, 'admin');
    const plain = await createUser(web);
    expect(await createAdminLink(db, web.auth, ` ${second}@EXAMPLE.org `)).toContain('/magic-link/verify');
    await expect(createAdminLink(db, web.auth, `${plain}@example.org`)).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(createAdminLink(db, web.auth, 'no@example.org')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const old = await adminCookie(web);
    const admins = await db.update(user).set({ role: 'user' }).where(eq(user.role, 'admin')).returning();
    const fresh = await adminCookie(web);
    expect(await query(web, 'user.list', {}, { cookie: fresh })).toMatchObject({ status: 200 });
    expect(await query(web, 'user.list', {}, { cookie: old })).toMatchObject({ status: 401 });
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
    const cookie = await adminCookie(web);
    expect((await (await query(web, 'account.hasPassword', null, { cookie })).json()).result.data.json).toBe(false);
    const set = (password: string) => call(web, 'account.setFirstPassword', { password }, { cookie });
    expect((await set('short')).status).toBe(400);
    expect((await set('a long password')).status).toBe(200);
    expect((await set('another password')).status).toBe(409);
    const body = { email: 'admin@attune.local', password: 'a long password' };
    const signIn = await auth(web, '/sign-in/email', { address: '198.51.100.20', body });
    expect(signIn.status).toBe(200);
    const change = { currentPassword: 'a long password', newPassword: 'a new password', revokeOtherSessions: true };
    const changed = await auth(web, '/change-password', { cookie: cookieOf(signIn), body: change });
    expect(changed.status).toBe(200);
    expect(await query(web, 'user.list', {}, { cookie })).toMatchObject({ status: 401 });
    expect(
      (await call(web, 'account.setFirstPassword', { password: 'x'.repeat(9) }, { cookie: await guest(web) })).status,
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
    await guest(web);
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
