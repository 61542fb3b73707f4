// What a person can do with their own data: download everything, delete all chats, delete the account.
import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  apiKey,
  conversation,
  feedback,
  generation,
  message,
  ratingAssignment,
  ratingTask,
  session,
  user,
  verification,
  withdrawal,
} from '@/db/schema';
import { answerAuth } from '@/server/http/auth-handler';
import { answerDownload, ownData } from '@/server/http/download';
import { answerTrpc } from '@/server/http/trpc-handler';
import { cookieOf } from './requests';
import { callAs, createUser, createWorld, readStream, send, type World } from './world';

let world: World;
beforeAll(async () => {
  world = await createWorld({ seed: 1 });
});
afterAll(() => world?.close());
beforeEach(async () => {
  await world.web.product.db.delete(user);
  await world.web.product.db.delete(withdrawal);
});

const db = () => world.web.product.db;
const headers = { origin: 'http://localhost:3000', 'x-forwarded-host': 'localhost:3000', 'x-forwarded-proto': 'http' };
const at = (path: string, more: RequestInit & { headers?: Record<string, string> } = {}) =>
  new Request(`http://localhost:3000${path}`, { ...more, headers: { ...headers, ...more.headers } });
const post = (path: string, body: unknown, cookie = '') =>
  at(path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', 'x-forwarded-for': '192.0.2.7', cookie },
  });

async function signUp(email: string): Promise<string> {
  const person = { name: 'Ada', email, password: 'correct horse battery' };
  const response = await answerAuth(world.web, post('/api/auth/sign-up/email', person));
  return cookieOf(response);
}

async function call<T>(cookie: string, procedure: string, input?: unknown): Promise<T> {
  const body = input === undefined ? {} : { json: input };
  const response = await answerTrpc(world.web, post(`/api/trpc/${procedure}`, body, cookie));
  const answer = (await response.json()) as {
    result?: { data: { json: T } };
    error?: { json: { message: string } };
  };
  if (answer.error) throw new Error(answer.error.json.message);
  return answer.result!.data.json;
}

const personAt = async (email: string) => (await db().select().from(user).where(eq(user.email, email)))[0]!;

/** A message, its answer and a thumb. */
async function talk(id: string, text: string, allowTraining = true) {
  const api = callAs(world.web, id);
  const sent = await send(api, text, { allowTraining });
  const { generationId } = sent.answers[0]!;
  await readStream(api, { generationId });
  await api.feedback.give({ kind: 'thumb', generationId, value: { up: true }, comment: `about ${text}` });
  return { ...sent, generationId };
}

it('the download has the account, settings, keys, chats, feedback with history and tasks, and no secret', async () => {
  const cookie = await signUp('ada@example.org');
  const { id } = await personAt('ada@example.org');
  const api = callAs(world.web, id);
  const { generationId, userMessageId } = await talk(id, 'my question');
  await api.feedback.give({ kind: 'thumb', generationId, value: { up: false } });
  const { secret } = await api.apiKey.create({ name: 'my key', allowTraining: true });
  await api.account.setGroups({ age: '60+', use: 'study' });
  const [task] = await db().insert(ratingTask).values({ kind: 'write', messageId: userMessageId }).returning();
  await db()
    .insert(ratingAssignment)
    .values({ taskId: task!.id, userId: id, lockedUntil: new Date(), value: { text: 'my answer' }, status: 'done' });
  await talk(await createUser(world.web), 'of somebody else');

  const response = await answerDownload(world.web, at('/api/account/download', { headers: { cookie } }), ownData);
  expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="attune-\d{4}-\d\d-\d\d\.json"$/);
  const text = await response.text();
  const all = JSON.parse(text);
  expect(all.account).toMatchObject({ email: 'ada@example.org', role: 'user', allowTraining: true });
  expect(all.account.groups).toEqual({ age: '60+', use: 'study' });
  expect(all.account.signIn).toMatchObject([{ by: 'credential' }]);
  expect(all.account.sessions).toHaveLength(1);
  expect(all.account.apiKeys).toMatchObject([{ name: 'my key', allowTraining: true, revokedAt: null }]);
  expect(all.usage).toMatchObject([{ source: 'chat', requests: 1 }]);
  expect(all.ratingTasks).toMatchObject([{ kind: 'write', value: { text: 'my answer' } }]);
  expect(all.feedback).toMatchObject([
    { kind: 'thumb', generationId, value: { up: false }, comment: 'about my question' },
  ]);
  expect(all.feedbackHistory.map(({ value }: { value: { up: boolean } }) => value.up)).toEqual([true, false]);
  const [question, answer] = all.conversations[0].messages;
  expect(question).toMatchObject({ parentId: null, role: 'user', text: 'my question', generation: null });
  expect(answer).toMatchObject({ parentId: question.id, role: 'assistant', generation: { id: generationId } });
  expect(text).not.toContain('of somebody else');
  const token = (await db().select().from(session).where(eq(session.userId, id)))[0]!.token;
  for (const hidden of [secret, token, 'password', 'sha256']) expect(text).not.toContain(hidden);
});

it('what a person says of themselves is theirs to change and remove, and takes only the answers that are offered', async () => {
  const [id, other] = [await createUser(world.web), await createUser(world.web)];
  const { account } = callAs(world.web, id);
  expect((await account.get()).groups).toEqual({});
  await account.setGroups({ age: '30-44', experience: 'daily' });
  expect((await account.get()).groups).toEqual({ age: '30-44', experience: 'daily' });
  expect((await callAs(world.web, other).account.get()).groups).toEqual({});
  await expect(account.setGroups({ age: '107' } as never)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  await expect(account.setGroups({ religion: 'any' } as never)).rejects.toThrow(/religion/);
  expect((await account.get()).groups).toEqual({ age: '30-44', experience: 'daily' });
  await account.setGroups({});
  expect((await db().select().from(user).where(eq(user.id, id)))[0]!.groups).toEqual({});
});

it('the download is refused without a session and to another site’s page', async () => {
  expect((await answerDownload(world.web, at('/api/account/download'), ownData)).status).toBe(401);
  const cookie = await signUp('ada@example.org');
  const foreign = at('/api/account/download', { headers: { cookie, 'sec-fetch-site': 'cross-site' } });
  expect((await answerDownload(world.web, foreign, ownData)).status).toBe(403);
});

it('a download of more rows than a page has all of them, once', async () => {
  const id = await createUser(world.web);
  const cookie = await signUp('many@example.org');
  const many = await personAt('many@example.org');
  const rows = Array.from({ length: 201 }, (_, i) => ({ id: randomUUID(), userId: many.id, title: `chat ${i}` }));
  await db()
    .insert(conversation)
    .values(rows.map((row) => ({ ...row, allowTraining: false })));
  await db().insert(conversation).values({ userId: id, title: 'not mine', allowTraining: false });
  const response = await answerDownload(world.web, at('/api/account/download', { headers: { cookie } }), ownData);
  const { conversations } = (await response.json()) as { conversations: { title: string }[] };
  expect(conversations.map(({ title }) => title).sort()).toEqual(rows.map(({ title }) => title).sort());
});

it('deleting all chats also deletes conversations of keys, notes withdrawals, and touches no one else', async () => {
  const [id, other] = [await createUser(world.web), await createUser(world.web)];
  await talk(id, 'mine');
  await talk(other, 'theirs');
  const [key] = await db()
    .insert(apiKey)
    .values({ userId: id, name: 'k', prefix: 'p', sha256: randomUUID(), allowTraining: true })
    .returning();
  await db().insert(conversation).values({ userId: id, apiKeyId: key!.id, title: 'of a key', allowTraining: true });
  await db().delete(withdrawal);
  expect(await callAs(world.web, id).conversation.removeAll()).toEqual({ removed: 2 });
  expect((await db().select().from(conversation)).map(({ userId }) => userId)).toEqual([other]);
  expect(await db().select().from(withdrawal)).toHaveLength(3); // two conversations and the thumb in one of them
});

it('an account is deleted only with the right text, together with its sessions, keys, chats and feedback', async () => {
  const cookie = await signUp('ada@example.org');
  const { id } = await personAt('ada@example.org');
  const other = await createUser(world.web);
  const theirs = await talk(other, 'theirs');
  await talk(id, 'mine');
  // Feedback on another person's answer, as a rater gives it.
  await db()
    .insert(feedback)
    .values({
      userId: id,
      kind: 'rating',
      generationId: theirs.generationId,
      value: { rating: 9 },
    });
  await call(cookie, 'apiKey.create', { name: 'my key', allowTraining: true });
  await db()
    .insert(verification)
    .values({ id: 'v', identifier: 'x', value: '{"email":"ada@example.org"}', expiresAt: new Date(2100, 1) });
  await db().delete(withdrawal);

  await expect(call(cookie, 'account.remove', { confirmation: 'eve@example.org' })).rejects.toThrow(/ada@example.org/);
  expect(await db().select().from(user)).toHaveLength(2);
  await call(cookie, 'account.remove', { confirmation: ' Ada@Example.org ' });
  expect((await db().select().from(user)).map((row) => row.id)).toEqual([other]);
  for (const table of [session, apiKey, verification]) expect(await db().select().from(table)).toEqual([]);
  for (const table of [conversation, generation, feedback]) {
    expect((await db().select().from(table)).map((row) => row.userId)).toEqual([other]);
  }
  expect(await db().select().from(message)).toHaveLength(2);
  // The conversation, the thumb in it, and the rating of another's answer.
  expect(await db().select().from(withdrawal)).toHaveLength(3);
  await expect(call(cookie, 'account.get')).rejects.toThrow();
});

it('a guest confirms with a word, and answers in progress end with the account', async () => {
  const id = randomUUID();
  await db()
    .insert(user)
    .values({ id, name: 'Guest', email: `${id}@guest.attune.local`, isAnonymous: true });
  const api = callAs(world.web, id);
  const sent = await send(api, 'write long', { sampling: { maxTokens: 400 } });
  await expect(api.account.remove({ confirmation: 'yes' })).rejects.toThrow(/type delete/);
  await api.account.remove({ confirmation: 'Delete' });
  await expect.poll(() => world.web.product.running.has(sent.answers[0]!.generationId)).toBe(false);
  expect(await db().select().from(generation)).toEqual([]);
});

it('the last admin stays; two admins who leave at once leave one behind', async () => {
  const [a, b] = [await createUser(world.web, 'admin'), await createUser(world.web, 'admin')];
  const leave = (id: string) => callAs(world.web, id, 'admin').account.remove({ confirmation: `${id}@example.org` });
  const results = await Promise.allSettled([leave(a), leave(b)]);
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const left = await db().select().from(user);
  expect(left).toMatchObject([{ role: 'admin' }]);
  await expect(leave(left[0]!.id)).rejects.toThrow(/last admin/);
});
