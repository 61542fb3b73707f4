// Answers that outlive their web process, and replicas that share one database.
import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generation, message } from '@/db/schema';
import type { WebProcess } from '@/server/product';
import { resumeGenerations } from '@/server/services/generation/resume';
import { pauseOnceBegun } from '../pause-engine';
import { assemble, callAs, createUser, createWorld, readStream, send, type World } from './world';

let world: World;
let web: WebProcess;
let adaId: string;
/** Long enough that no answer is over before it is interrupted. */
const sampling = { maxTokens: 700, temperature: 1, seed: 11 };

beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  web = world.web;
  adaId = await createUser(web);
  await callAs(web, await createUser(web, 'admin'), 'admin').admin.setSettings({ comparisonShare: 0 });
});
afterAll(() => world?.close());

const rowOf = async (id: string) => (await web.product.db.select().from(generation).where(eq(generation.id, id)))[0]!;

/** The answer's tokens and text when nothing interrupts it. */
async function undisturbed() {
  const ada = callAs(web, adaId);
  const { answers } = await send(ada, 'Tell me', { sampling });
  const text = assemble(await readStream(ada, answers[0]!));
  return { text, row: await rowOf(answers[0]!.generationId) };
}

/** Pauses the engine as soon as an answer has begun, while `work` runs. */
async function whilePaused<T>(begun: Promise<unknown>, work: () => Promise<T>): Promise<T> {
  const child = world.engine.child();
  await pauseOnceBegun(child.pid!, begun);
  try {
    return await work();
  } finally {
    child.kill('SIGCONT');
  }
}

describe('a web process that ends in the middle of an answer', () => {
  it('hands it to the next one, which finishes it token for token as if nothing had happened', async () => {
    const whole = await undisturbed();
    const first = await world.startWeb();
    const ada = callAs(first, adaId);
    const { answers } = await send(ada, 'Tell me', { sampling });
    const { generationId } = answers[0]!;
    const begun = readStream(ada, { generationId }, (events) => events.length >= 2);
    await whilePaused(begun, () => first.close());
    const left = await rowOf(generationId);
    expect(left.status).toBe('running');
    expect(left.completionIds.length).toBeGreaterThan(0);
    expect(left.completionIds.length).toBeLessThan(whole.row.completionIds.length);

    const second = await world.startWeb();
    expect(assemble(await readStream(callAs(second, adaId), { generationId }))).toBe(whole.text);
    const { row } = whole;
    const resumed = await rowOf(generationId);
    expect(resumed).toMatchObject({ status: 'done', finishReason: row.finishReason, completionIds: row.completionIds });
    // The next process computes the first part's cache in one run, which rounds differently than token by token.
    for (const [i, logprob] of resumed.logprobs.entries()) expect(logprob).toBeCloseTo(row.logprobs[i]!, 3);
  });

  it('loses nothing even when it is killed, without time to hand over', async () => {
    const whole = await undisturbed();
    // What a killed process leaves: a running row with part of the tokens, and no lock.
    const { id: _id, messageId: _messageId, ...row } = whole.row;
    const [answer] = await web.product.db
      .insert(message)
      .values({ conversationId: row.conversationId, parentId: null, role: 'assistant', content: '' })
      .returning();
    const [lost] = await web.product.db
      .insert(generation)
      .values({
        ...row,
        messageId: answer!.id,
        status: 'running',
        completionIds: row.completionIds.slice(0, 40),
        logprobs: row.logprobs.slice(0, 40),
        finishReason: null,
        finishedAt: null,
      })
      .returning();
    const taken = await Promise.all([resumeGenerations(web.product), resumeGenerations(web.product)]);
    expect(taken[0]! + taken[1]!).toBe(1);
    expect(assemble(await readStream(callAs(web, adaId), { generationId: lost!.id }))).toBe(whole.text);
    expect((await rowOf(lost!.id)).completionIds).toEqual(whole.row.completionIds);
  });
});

describe('a replica', () => {
  it('shows and stops an answer that another replica is writing, and leaves the writing to that one', async () => {
    const other = await world.startWeb();
    const here = callAs(web, adaId);
    const there = callAs(other, adaId);
    const { answers } = await send(here, 'Tell me', { sampling });
    const { generationId } = answers[0]!;
    const begun = readStream(here, { generationId }, (events) => events.length >= 2);
    await whilePaused(begun, async () => {
      expect(await resumeGenerations(other.product)).toBe(0);
      const watching = readStream(there, { generationId });
      await there.chat.stop({ generationId });
      expect((await watching).at(-1)![1]).toMatchObject({ type: 'end', status: 'stopped' });
    });
    expect(assemble(await readStream(here, { generationId }))).toBe(
      assemble(await readStream(there, { generationId })),
    );
  });

  it('that loses its listening connection is notified again', async () => {
    const id = randomUUID();
    const heard: string[] = [];
    web.product.listener.on('generation', (payload) => heard.push(payload));
    const kill = `select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen %' and datname = current_database()`;
    await web.product.db.execute(kill);
    await expect
      .poll(
        async () => {
          await web.product.db.execute(`select pg_notify('generation', '${id}')`);
          return heard.includes(id);
        },
        { timeout: 10_000 },
      )
      .toBe(true);
  });
});

describe('an engine that dies', () => {
  it('and does not come back fails the answer with a sentence and keeps the text so far', async () => {
    const alone = await createWorld({ seed: 1 });
    try {
      const ada = callAs(alone.web, await createUser(alone.web));
      await callAs(alone.web, await createUser(alone.web, 'admin'), 'admin').admin.setSettings({ comparisonShare: 0 });
      const { answers } = await send(ada, 'Tell me', { sampling });
      await pauseOnceBegun(
        alone.engine.child().pid!,
        readStream(ada, answers[0]!, (events) => events.length >= 2),
      );
      alone.engine.child().kill('SIGKILL');
      alone.web.product.engine.close();
      const events = await readStream(ada, answers[0]!);
      expect(events.at(-1)![1]).toMatchObject({ type: 'end', status: 'failed', finishReason: 'error' });
      const [row] = await alone.web.product.db.select().from(generation);
      expect(row!.error).toMatch(/engine/);
      expect(row!.completionIds.length).toBeGreaterThan(0);
    } finally {
      await alone.close();
    }
  });
});
