// The engine's queue is checked before a row is written, and no one person can fill it.
import { count, eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generation, message } from '@/db/schema';
import { capacityOf } from '@/server/services/engine-capacity';
import { createClient, routeTo } from './api-client';
import { type Api, callAs, createUser, createWorld, send, type World } from './world';

/** The engine's default limits. */
const CAPACITY = 80;
const GENEROUS = { requestsPerMinute: 10_000, tokensPerMinute: 10_000_000, concurrent: 1000 };

let world: World;
beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  routeTo(world.web);
  const admin = callAs(world.web, await createUser(world.web, 'admin'), 'admin');
  await admin.admin.setSettings({ limits: { user: GENEROUS, apiKey: GENEROUS }, comparisonShare: 0 });
});
afterAll(() => world?.close());

/** Sends until refused; returns how many answers were accepted. */
async function fill(api: Api): Promise<number> {
  for (let taken = 0; ; taken++) {
    const error = await send(api, `message ${taken}`, { sampling: { maxTokens: 4 } }).then(
      () => null,
      (thrown: { code: string; message: string }) => thrown,
    );
    if (!error) continue;
    expect(error).toMatchObject({ code: 'TOO_MANY_REQUESTS', message: expect.stringContaining('takes 80 answers') });
    return taken;
  }
}

describe('the queue', () => {
  it('keeps a place for the next person, whatever the earlier ones ask for, and refuses before it writes', async () => {
    const { db } = world.web.product;
    await expect.poll(() => capacityOf(world.web.product)).toBe(CAPACITY);
    world.engine.child().kill('SIGSTOP');
    try {
      const shares: number[] = [];
      for (let person = 0; person < 3; person++)
        shares.push(await fill(callAs(world.web, await createUser(world.web))));
      // x = 80 - x, then y = 40 - y, and so on.
      expect(shares).toEqual([40, 20, 10]);
      const userId = await createUser(world.web);
      const api = callAs(world.web, userId);
      await send(api, 'Hi');
      await fill(api);
      const [answers] = await db.select({ n: count() }).from(generation).where(eq(generation.userId, userId));
      const questions = await db.select({ n: count() }).from(message).where(eq(message.role, 'user'));
      const [all] = await db.select({ n: count() }).from(generation);
      expect(answers!.n).toBe(5);
      // A refused send leaves no question behind.
      expect(questions[0]!.n).toBe(all!.n);
      // A stream is also refused by its status, not by an event after a 200.
      const client = await createClient(world.web);
      const asked = { messages: [{ role: 'user', content: 'Hi' }], n: 4, stream: true };
      const response = await client.post('/v1/chat/completions', asked);
      expect([response.status, response.headers.get('retry-after')]).toEqual([429, '2']);
    } finally {
      world.engine.child().kill('SIGCONT');
    }
    const running = async () =>
      (await db.select({ n: count() }).from(generation).where(eq(generation.status, 'running')))[0]!.n;
    await expect.poll(running, { timeout: 60_000 }).toBe(0);
    const failed = await db.select().from(generation).where(eq(generation.status, 'failed'));
    expect(failed).toEqual([]);
  });
});
