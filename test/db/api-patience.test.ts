// What the API does while an answer keeps its client waiting, and while a client leaves its answer unread.
import { eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { generation } from '@/db/schema';
import { type ApiClient, createClient, routeTo } from './api-client';
import { createWorld, type World } from './world';

let world: World;
let client: ApiClient;
beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  routeTo(world.web);
  client = await createClient(world.web);
});
afterAll(() => world?.close());
afterEach(() => {
  vi.useRealTimers();
  world.engine.child().kill('SIGCONT');
});

const ask = (stream: boolean) =>
  client.post('/v1/chat/completions', { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 8, stream });
/** From here on the clock moves only when the test moves it; database and engine answer as always. */
const holdClock = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
const rowOf = async (response: Response) => {
  const id = response.headers.get('x-attune-generation-id')!;
  return (await world.web.product.db.select().from(generation).where(eq(generation.id, id)))[0]!;
};
const begun = () =>
  vi.waitFor(async () => {
    const rows = await world.web.product.db.select().from(generation).where(eq(generation.status, 'running'));
    expect(rows).toHaveLength(1);
  });

describe('an engine that hangs', () => {
  it('keeps the client of a whole answer connected: the status after 25 s, then line breaks, then the answer', async () => {
    world.engine.child().kill('SIGSTOP');
    holdClock();
    let isThere = false;
    const asked = ask(false).finally(() => {
      isThere = true;
    });
    await begun();
    await vi.advanceTimersByTimeAsync(24_000);
    expect(isThere).toBe(false);
    await vi.advanceTimersByTimeAsync(2000);
    const response = await asked;
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
    const reader = response.body!.getReader();
    const read = async () => new TextDecoder().decode((await reader.read()).value);
    expect(await read()).toBe('\n');
    const second = read();
    await vi.advanceTimersByTimeAsync(15_000);
    expect(await second).toBe('\n');
    const whole = read();
    world.engine.child().kill('SIGCONT');
    expect(JSON.parse(await whole)).toMatchObject({
      object: 'chat.completion',
      choices: [{ finish_reason: expect.any(String) }],
    });
  });
});

describe('a stream that nobody reads', () => {
  it('has its answer stopped after 30 s, which gives its place to others', async () => {
    world.engine.child().kill('SIGSTOP');
    holdClock();
    const response = await ask(true);
    expect((await rowOf(response)).status).toBe('running');
    await vi.advanceTimersByTimeAsync(31_000);
    vi.useRealTimers();
    world.engine.child().kill('SIGCONT');
    await expect.poll(async () => (await rowOf(response)).status).toBe('stopped');
    expect(await response.text()).toContain('Nothing was read for 30 s');
    expect((await ask(false)).status).toBe(200);
  });
});
