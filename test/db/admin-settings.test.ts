// The admin's settings and overview: what a change stores and audits, and whether the trainer is seen to work.
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { setting } from '@/db/schema';
import type { WebProcess } from '@/server/product';
import { type Api, callAs, createUser, createWorld, type World } from './world';

let world: World;
let web: WebProcess;
let admin: Api;
beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  web = world.web;
  admin = callAs(web, await createUser(web, 'admin'), 'admin');
});
afterAll(() => world?.close());

it('settings change key by key, and leave an audit row that names only what differs', async () => {
  const before = await admin.admin.settings();
  const { comparisonShare, sampling } = before;
  const after = await admin.admin.setSettings({
    comparisonShare,
    sampling,
    systemPrompt: 'Be brief.',
    autoCanary: true,
  });
  expect(after).toEqual({ ...before, systemPrompt: 'Be brief.', autoCanary: true });
  const { items } = await admin.admin.audit({});
  expect(items[0]).toMatchObject({ action: 'settings.change', actorName: 'Ada' });
  expect(items[0]!.subject.split(', ').sort()).toEqual(['autoCanary', 'systemPrompt']);
  await admin.admin.setSettings({ systemPrompt: null, autoCanary: false });
  expect(await web.product.db.select().from(setting).where(eq(setting.key, 'systemPrompt'))).toMatchObject([
    { value: null },
  ]);
});

it('the overview distinguishes a working trainer from one that has gone', async () => {
  const trainer = async () => (await admin.admin.overview()).trainer;
  expect(await trainer()).toEqual({ alive: false, lastHeartbeat: null, lacks: null });
  const { db } = web.product;
  await db.insert(setting).values({ key: 'trainer', value: { lacks: 'It lacks a compiler.' } });
  expect(await trainer()).toMatchObject({ alive: true, lacks: 'It lacks a compiler.' });
  await db
    .update(setting)
    .set({ updatedAt: new Date(Date.now() - 60_000) })
    .where(eq(setting.key, 'trainer'));
  expect(await trainer()).toMatchObject({ alive: false });
});
