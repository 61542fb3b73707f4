// The promises of the pages about people's words, sentence by sentence of app/i18n, over HTTP on real Postgres.
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { eq } from 'drizzle-orm';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dataPaths } from '@/core/paths';
import { generation, snapshot, trainingRun, user } from '@/db/schema';
import { answerAuth } from '@/server/http/auth-handler';
import { answerTrpc } from '@/server/http/trpc-handler';
import { freezeSnapshot } from '@/trainer/data/freeze/freeze';
import { claimRun, RunLease } from '@/trainer/runs/lease';
import { readSnapshot } from '@/trainer/runs/snapshots/read';
import { honourWithdrawals } from '@/trainer/runs/snapshots/withdrawals';
import { cookieOf } from './requests';
import { callAs, createUser, createWorld, type World } from './world';

let world: World;
let dataFolder: string;
let snapshots: string;
let address = 1;
beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  dataFolder = path.dirname(world.artifacts);
  snapshots = dataPaths(dataFolder).snapshots;
});
afterAll(() => world?.close());

/** A person in a browser: a cookie, and calls as the pages make them. */
interface Browser {
  call<T>(procedure: string, input: unknown, signal?: AbortSignal): Promise<T>;
}

async function openBrowser(): Promise<Browser> {
  const headers = {
    'content-type': 'application/json',
    origin: 'http://localhost:3000',
    'x-forwarded-for': `192.0.2.${address++}`,
    'x-forwarded-host': 'localhost:3000',
    'x-forwarded-proto': 'http',
  };
  const post = (path: string, body: unknown, more: { cookie?: string; signal?: AbortSignal } = {}) =>
    new Request(`http://localhost:3000${path}`, {
      method: 'POST',
      headers: { ...headers, ...(more.cookie ? { cookie: more.cookie } : {}) },
      body: JSON.stringify(body),
      signal: more.signal,
    });
  const signedIn = await answerAuth(world.web, post('/api/auth/sign-in/anonymous', {}));
  const cookie = cookieOf(signedIn);
  return {
    async call(procedure, input, signal) {
      const response = await answerTrpc(world.web, post(`/api/trpc/${procedure}`, { json: input }, { cookie, signal }));
      const body = (await response.json()) as {
        result?: { data: { json: never } };
        error?: { json: { message: string } };
      };
      if (!response.ok) throw new Error(body.error?.json.message);
      return body.result!.data.json;
    },
  };
}

const firstMessage = (text: string, allowTraining: boolean) => ({
  conversationId: randomUUID(),
  clientMessageId: randomUUID(),
  parentId: null,
  text,
  allowTraining,
  sampling: { maxTokens: 8 },
});

interface Sent {
  conversationId: string;
  answers: { generationId: string }[];
}

const untilWritten = (generationId: string) =>
  expect
    .poll(
      async () =>
        (await world.web.product.db.select().from(generation).where(eq(generation.id, generationId)))[0]?.status,
    )
    .toBe('done');

/** A message, its answer, and a thumb up for it. */
async function talk(browser: Browser, text: string, allowTraining: boolean): Promise<Sent> {
  const sent = await browser.call<Sent>('chat.send', firstMessage(text, allowTraining));
  await untilWritten(sent.answers[0]!.generationId);
  await browser.call('feedback.give', {
    kind: 'thumb',
    generationId: sent.answers[0]!.generationId,
    value: { up: true },
    comment: `About ${text}`,
  });
  return sent;
}

const promptOf = (text: string) => world.web.product.base.renderPrompt([{ role: 'user', content: text }]).join();

async function freeze(): Promise<{ id: string; text: string }> {
  const { db, base } = world.web.product;
  await db.insert(trainingRun).values({ trigger: 'button', config: {}, parentVersionId: 'base' });
  const lease = new RunLease(db, (await claimRun(db, 'test'))!, 'test');
  try {
    const id = await freezeSnapshot(lease, snapshots, base);
    await readSnapshot(db, snapshots, id);
    return { id, text: await textOf(id) };
  } finally {
    await lease.finish('done', 'test');
    lease.close();
  }
}
const textOf = (id: string) => readFile(path.join(snapshots, `${id}.jsonl`), 'utf8');
const honour = () => honourWithdrawals(world.web.product.db, dataFolder, pino({ level: 'silent' }));

describe('the next data set', () => {
  it('has no row of a conversation without consent, even if the tab closes right after the first message', async () => {
    const browser = await openBrowser();
    await talk(browser, 'private', false);
    const closing = new AbortController();
    const sent = browser.call('chat.send', firstMessage('closed tab', false), closing.signal).catch(() => null);
    closing.abort();
    await sent;
    await expect
      .poll(async () => (await world.web.product.db.select().from(generation)).every(({ status }) => status === 'done'))
      .toBe(true);
    await talk(browser, 'public', true);
    const { text } = await freeze();
    expect(text).toContain(promptOf('public'));
    expect(text).not.toContain(promptOf('private'));
    expect(text).not.toContain(promptOf('closed tab'));
  });

  it('has no row of a deleted conversation, nor of one whose consent was withdrawn', async () => {
    const browser = await openBrowser();
    const deleted = await talk(browser, 'deleted', true);
    const withdrawn = await talk(browser, 'withdrawn', true);
    await browser.call('conversation.remove', { id: deleted.conversationId });
    await browser.call('conversation.setAllowTraining', { id: withdrawn.conversationId, allowTraining: false });
    const { text } = await freeze();
    expect(text).not.toContain(promptOf('deleted'));
    expect(text).not.toContain(promptOf('withdrawn'));
  });

  it('has the messages of an unrated conversation with consent: "your messages and ratings may train"', async () => {
    const browser = await openBrowser();
    const sent = await browser.call<Sent>('chat.send', firstMessage('unrated', true));
    await untilWritten(sent.answers[0]!.generationId);
    expect((await freeze()).text).toContain(`"kind":"prompt"`);
    expect((await freeze()).text).toContain(promptOf('unrated'));
  });
});

describe('a data set frozen before', () => {
  it.each([
    ['the conversation is deleted', 'conversation.remove', {}],
    ['its consent is withdrawn', 'conversation.setAllowTraining', { allowTraining: false }],
  ])('no longer contains the words after %s', async (_name, procedure, more) => {
    const browser = await openBrowser();
    const { conversationId } = await talk(browser, `frozen ${procedure}`, true);
    const { id, text } = await freeze();
    expect(text).toContain(promptOf(`frozen ${procedure}`));
    await browser.call(procedure, { id: conversationId, ...more });
    expect(await honour()).toBe(true);
    expect(await textOf(id)).not.toContain(promptOf(`frozen ${procedure}`));
    const [row] = await world.web.product.db.select().from(snapshot).where(eq(snapshot.id, id));
    expect(row!.tombstones.flatMap(({ lines }) => lines)).not.toEqual([]);
  });

  it('loses the words of an account that is removed, and a rating that is withdrawn', async () => {
    const browser = await openBrowser();
    const sent = await talk(browser, 'account', true);
    const { id } = await freeze();
    await browser.call('feedback.withdraw', { kind: 'thumb', generationId: sent.answers[0]!.generationId });
    await honour();
    expect(await textOf(id)).not.toContain(sent.answers[0]!.generationId);
    expect(await textOf(id)).toContain(promptOf('account'));
    const { db } = world.web.product;
    const [row] = await db.select().from(generation).where(eq(generation.id, sent.answers[0]!.generationId));
    await db.delete(user).where(eq(user.id, row!.userId));
    await honour();
    expect(await textOf(id)).not.toContain(promptOf('account'));
  });
});

describe('administrators read', () => {
  let admin: ReturnType<typeof callAs>;
  beforeEach(async () => {
    await world.web.product.db.delete(user);
    admin = callAs(world.web, await createUser(world.web, 'admin'), 'admin');
  });

  it('feedback on conversations with consent, with the answers it judges, and only the number of others', async () => {
    const browser = await openBrowser();
    await talk(browser, 'readable', true);
    const hidden = await talk(browser, 'secret', false);
    const { items, hidden: count } = await admin.admin.feedback({});
    expect(items).toMatchObject([
      { kind: 'thumb', value: { up: true }, comment: 'About readable', question: 'readable' },
    ]);
    expect(items[0]!.answers).toMatchObject([{ versionId: 'base', isPreferred: false }]);
    expect(count).toBe(1);
    expect(JSON.stringify(items)).not.toContain('secret');
    await browser.call('conversation.setAllowTraining', { id: hidden.conversationId, allowTraining: true });
    expect((await admin.admin.feedback({})).items).toHaveLength(2);
    await browser.call('conversation.remove', { id: hidden.conversationId });
    expect((await admin.admin.feedback({})).items).toHaveLength(1);
  });

  it('feedback by kind and version, page by page, newest first', async () => {
    const browser = await openBrowser();
    await admin.admin.setSettings({ comparisonShare: 1 });
    const pair = await browser.call<Sent & { comparisonId: string }>('chat.send', firstMessage('pair', true));
    await admin.admin.setSettings({ comparisonShare: 0 });
    for (const { generationId } of pair.answers) await untilWritten(generationId);
    await browser.call('feedback.give', {
      kind: 'comparison',
      comparisonId: pair.comparisonId,
      value: { choice: 'right' },
    });
    for (let i = 0; i < 22; i++) await talk(browser, `talk ${i}`, true);
    const [judged] = (await admin.admin.feedback({ kind: 'comparison' })).items;
    expect(judged).toMatchObject({ value: { choice: 'right' }, question: 'pair' });
    expect(judged!.answers.map(({ isPreferred }) => isPreferred)).toEqual([false, true]);
    expect((await admin.admin.feedback({ mark: 'down' })).items).toEqual([]);
    expect((await admin.admin.feedback({ versionId: 'other' })).items).toEqual([]);
    const first = await admin.admin.feedback({ mark: 'comment', versionId: 'base' });
    expect(first.items.map(({ question }) => question)).toEqual(Array.from({ length: 20 }, (_, i) => `talk ${21 - i}`));
    const second = await admin.admin.feedback({ mark: 'comment', versionId: 'base', cursor: first.nextCursor });
    expect(second.items.map(({ question }) => question)).toEqual(['talk 1', 'talk 0']);
    expect(second.nextCursor).toBeNull();
    await expect(admin.admin.feedback({ cursor: 'yesterday' })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });
});

describe('a run with wrong settings', () => {
  it('is refused by the field’s name before it is queued, as is an unknown setting of the product', async () => {
    const { db } = world.web.product;
    const admin = callAs(world.web, await createUser(world.web, 'admin'), 'admin');
    await db.delete(trainingRun);
    for (const [config, name] of [
      [{ ppo: { iteratoins: 3 } }, /iteratoins/],
      [{ ppo: { clip: -1 } }, /clip/],
      [{ preset: 'huge' }, /huge/],
    ] as const) {
      await expect(admin.admin.startRun({ config })).rejects.toMatchObject({
        code: 'BAD_REQUEST',
        message: expect.stringMatching(name),
      });
    }
    expect(await db.select().from(trainingRun)).toEqual([]);
    await expect(admin.admin.setSettings({ autoCanar: true } as never)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    const [run] = await db
      .insert(trainingRun)
      .values({ trigger: 'button', config: { algorithm: null, sft: {} }, parentVersionId: 'base' })
      .returning();
    expect((await admin.admin.run({ id: run!.id })).plan).toMatchObject({
      algorithm: null,
      stages: ['snapshot', 'sft', 'reward_model', 'export', 'parity', 'publish'],
    });
  });
});
