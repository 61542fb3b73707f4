// Limits hold across all replicas, in the chat and in the API, and refuse everything when they cannot count.
import { randomUUID } from 'node:crypto';
import { eq, like } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { generation, rateLimit } from '@/db/schema';
import type { WebProcess } from '@/server/product';
import { createCaller } from '@/server/routers';
import { authenticate } from '@/server/services/account/api-key';
import { admit, charge } from '@/server/services/limits';
import { callAs, createUser, createWorld, readStream, send, type World } from './world';

const GENEROUS = { requestsPerMinute: 10_000, tokensPerMinute: 10_000_000, concurrent: 1000 };
const limitsOf = (user: Partial<typeof GENEROUS>, apiKey: Partial<typeof GENEROUS> = {}) => ({
  user: { ...GENEROUS, ...user },
  apiKey: { ...GENEROUS, ...apiKey },
});

let world: World;
let replicas: [WebProcess, WebProcess];
let userId: string;
beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  replicas = [world.web, await world.startWeb()];
});
afterAll(() => world?.close());
beforeEach(async () => {
  userId = await createUser(world.web);
});

const setLimits = async (limits: ReturnType<typeof limitsOf>) => {
  const admin = callAs(world.web, await createUser(world.web, 'admin'), 'admin');
  await admin.admin.setSettings({ limits, comparisonShare: 0 });
};

describe('limits', () => {
  it("count the requests of one person across all replicas, and no one else's", async () => {
    const limits = limitsOf({ requestsPerMinute: 3 });
    const ask = (replica: number, who = userId) =>
      admit(replicas[replica]!.product, { userId: who, apiKeyId: null }, limits);
    await ask(0);
    await ask(1);
    await ask(0);
    await expect(ask(1)).rejects.toMatchObject({
      code: 'OVERLOADED',
      message: expect.stringContaining('has used 3 requests'),
      retryAfterSeconds: expect.any(Number),
    });
    await ask(1, await createUser(world.web));
  });

  it('counted before the clock was set back two hours are forgotten: the next request starts a new count', async () => {
    const { product } = world.web;
    const caller = { userId, apiKeyId: null };
    const limits = limitsOf({ requestsPerMinute: 1, tokensPerMinute: 10 });
    await admit(product, caller, limits);
    await charge(product, caller, 100);
    await expect(admit(product, caller, limits)).rejects.toMatchObject({ code: 'OVERLOADED' });
    const twoHours = 2 * 60 * 60 * 1000;
    await product.db
      .update(rateLimit)
      .set({ expire: Date.now() + twoHours })
      .where(like(rateLimit.key, `%user:${userId}`));
    await admit(product, caller, limits);
    // The limit holds from then on.
    await expect(admit(product, caller, limits)).rejects.toMatchObject({ code: 'OVERLOADED' });
  });

  it('of a key and of its owner both hold', async () => {
    const apiKeyId = randomUUID();
    const other = randomUUID();
    const { product } = world.web;
    await admit(product, { userId, apiKeyId }, limitsOf({}, { requestsPerMinute: 1 }));
    await expect(admit(product, { userId, apiKeyId }, limitsOf({}, { requestsPerMinute: 1 }))).rejects.toThrow(
      'This key has used 1 requests',
    );
    // The first key's two requests also count as the owner's.
    await expect(admit(product, { userId, apiKeyId: other }, limitsOf({ requestsPerMinute: 2 }))).rejects.toThrow(
      'This account has used 2 requests',
    );
  });

  it('allow requests again when the minute is over', async () => {
    const { product } = world.web;
    const caller = { userId, apiKeyId: null };
    await admit(product, caller, limitsOf({ requestsPerMinute: 1 }));
    await product.db
      .update(rateLimit)
      .set({ expire: Date.now() - 1 })
      .where(eq(rateLimit.key, `requests:user:${userId}`));
    await admit(product, caller, limitsOf({ requestsPerMinute: 1 }));
  });

  it("refuse a chat message once the minute's tokens are used, prompt and answer counted", async () => {
    await setLimits(limitsOf({ tokensPerMinute: 100 }));
    const api = callAs(world.web, userId);
    const { answers } = await send(api, 'x'.repeat(120), { sampling: { maxTokens: 8 } });
    await readStream(api, answers[0]!);
    await expect
      .poll(() => send(api, 'again').then(String, (error: Error) => error.message))
      .toMatch(/This account has used 1\d\d tokens in the current minute and the limit is 100/);
    const row = (await world.web.product.db.select().from(generation).where(eq(generation.userId, userId)))[0]!;
    const [counted] = await world.web.product.db
      .select()
      .from(rateLimit)
      .where(eq(rateLimit.key, `tokens:user:${userId}`));
    expect(counted!.points).toBe(row.promptIds.length + row.completionIds.length);
    await setLimits(limitsOf({}));
  });

  it('count each running answer across all replicas, and free its place at its end', async () => {
    await setLimits(limitsOf({ concurrent: 2 }));
    const [one, two] = replicas.map((web) => callAs(web, userId)) as [
      ReturnType<typeof callAs>,
      ReturnType<typeof callAs>,
    ];
    world.engine.child().kill('SIGSTOP');
    const first = await send(one, 'one');
    await send(two, 'two');
    for (const api of [one, two]) {
      await expect(send(api, 'three')).rejects.toMatchObject({
        code: 'TOO_MANY_REQUESTS',
        message: expect.stringContaining('has 2 answers running'),
      });
    }
    world.engine.child().kill('SIGCONT');
    await readStream(one, first.answers[0]!);
    await send(two, 'three');
    await setLimits(limitsOf({}));
  });

  it('are never exceeded by requests at the same moment', async () => {
    await setLimits(limitsOf({ concurrent: 3 }));
    world.engine.child().kill('SIGSTOP');
    const sent = await Promise.allSettled(
      Array.from({ length: 12 }, (_, index) => send(callAs(replicas[index % 2]!, userId), `message ${index}`)),
    );
    world.engine.child().kill('SIGCONT');
    expect(sent.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    await setLimits(limitsOf({}));
  });
});

describe('a key', () => {
  it('belongs to its owner only, and a guest cannot make one', async () => {
    const mine = callAs(world.web, userId);
    const others = callAs(world.web, await createUser(world.web));
    const { id, secret } = await mine.apiKey.create({ name: ' my script ', allowTraining: false });
    expect(await mine.apiKey.list()).toMatchObject([
      { id, name: 'my script', prefix: secret.slice(0, 14), allowTraining: false, requests: 0, revokedAt: null },
    ]);
    expect(JSON.stringify(await mine.apiKey.list())).not.toContain(secret);
    expect(await others.apiKey.list()).toEqual([]);
    await expect(others.apiKey.revoke({ id })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const guest = createCaller({
      product: world.web.product,
      user: { id: await createUser(world.web), name: 'Guest', role: 'user', isAnonymous: true },
    });
    await expect(guest.apiKey.create({ name: 'x', allowTraining: true })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await mine.apiKey.revoke({ id });
    await expect(authenticate(world.web.product, `Bearer ${secret}`)).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  });
});
