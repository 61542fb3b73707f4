// After an account is deleted, nothing that its owner wrote is found in the tables, the data sets, the files or the logs.
import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { eq, sql } from 'drizzle-orm';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Rule } from '@/core/constraints/rules';
import { createLogger } from '@/core/logger';
import { dataPaths } from '@/core/paths';
import { ratingAssignment, ratingTask, session, trainingRun, user, withdrawal } from '@/db/schema';
import type { WebProcess } from '@/server/product';
import { freezeSnapshot } from '@/trainer/data/freeze/freeze';
import { claimRun, RunLease } from '@/trainer/runs/lease';
import { honourWithdrawals } from '@/trainer/runs/snapshots/withdrawals';
import { createClient, routeTo } from './api-client';
import { callAs, createUser, createWorld, readStream, send, type World } from './world';

let world: World;
let web: WebProcess;
const log: string[] = [];
beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  web = await world.startWeb({
    log: createLogger('web', { level: 'trace', destination: { write: (line) => log.push(line) } }),
  });
  routeTo(web);
});
afterAll(() => world?.close());

/**
 * Every row of every table as text, which is what a dump holds. The space of deleted rows that Postgres has not reused
 * yet, and its write-ahead log, are not looked at: no query and no dump reads them.
 */
async function dump(): Promise<string> {
  const { rows: tables } = await web.product.db.execute<{ name: string }>(sql`
    select format('%I.%I', table_schema, table_name) as name from information_schema.tables
    where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`);
  expect(tables.length).toBeGreaterThan(25);
  const texts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await web.product.db.execute<{ row: string }>(sql.raw(`select t::text as row from ${name} t`));
    texts.push(...rows.map(({ row }) => `${name} ${row}`));
  }
  return texts.join('\n');
}

/** Every file of the data folder except the base and the graphs made of it. */
async function files(): Promise<string> {
  const folder = path.dirname(world.artifacts);
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const texts: string[] = [];
  for (const entry of names) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isFile() && !/\/(tiny|cache)\//u.test(file)) texts.push(`${file} ${await readFile(file, 'latin1')}`);
  }
  return texts.join('\n');
}

it('a deleted person’s words are in no table, data set, file or line of the log', async () => {
  const words: string[] = [];
  /** A word that is nowhere else, with what it was written for. */
  const write = (use: string) => {
    words.push(`zq${words.length}x${use.replaceAll(' ', '')}`);
    return words.at(-1)!;
  };
  const { db, base } = web.product;

  const other = callAs(web, await createUser(web));
  const theirs = await send(other, 'A question of somebody else', { sampling: { maxTokens: 8 } });
  await readStream(other, { generationId: theirs.answers[0]!.generationId });

  // Account and session.
  const client = await createClient(web);
  const id = client.userId;
  const name = write('name');
  const mail = `${write('mail')}@example.org`;
  await db.update(user).set({ name, email: mail }).where(eq(user.id, id));
  await db.insert(session).values({
    ...{ id: 's', token: write('token'), userId: id, expiresAt: new Date(2100, 1) },
    ...{ userAgent: write('browser'), ipAddress: '192.0.2.9' },
  });
  const api = callAs(web, id);

  // A chat with every kind of feedback, changed and withdrawn.
  const sent = await send(api, write('message'), { sampling: { maxTokens: 8, stop: [write('stop')] } });
  const { generationId } = sent.answers[0]!;
  await readStream(api, { generationId });
  await api.conversation.rename({ id: sent.conversationId, title: write('title') });
  await api.conversation.list({ query: write('search') });
  const thumb = (value: { up: boolean; reasons?: string[] }, comment: string) =>
    api.feedback.give({ kind: 'thumb', generationId, value, comment });
  await thumb({ up: true, reasons: [write('reason')] }, write('comment'));
  await thumb({ up: false }, write('changed comment'));
  const flaw = { flaw: 'incorrect', reason: write('flaw reason'), span: { start: 0, end: 1 } };
  await api.feedback.give({ kind: 'flaws', generationId, value: { flaws: [flaw] } });
  await api.feedback.give({ kind: 'correction', generationId, value: { text: write('correction') } });
  await api.feedback.give({ kind: 'correction', generationId, value: { text: write('second correction') } });
  const { userMessageId: messageId } = sent;
  await api.feedback.give({ kind: 'demonstration', messageId, value: { text: write('demonstration') } });
  await api.feedback.withdraw({ kind: 'demonstration', messageId });

  // A false hit, whose sentence is an example of a rule in two versions.
  const admin = callAs(web, await createUser(web, 'admin'), 'admin');
  const rule = Rule.parse({ id: 'needle', kind: 'phrases', phrases: ['needle'], input: 'flag', output: 'off' });
  await admin.rule.save({ rule, expectedVersion: null });
  const needle = await send(api, `A needle ${write('false hit')}`, { sampling: { maxTokens: 8 } });
  await readStream(api, { generationId: needle.answers[0]!.generationId });
  const [hit] = (await admin.rule.hits({ id: 'needle' })).items;
  expect(await admin.rule.markFalse({ id: hit!.id })).toMatchObject({ example: 'whole' });
  const [marked] = await admin.rule.versions({ id: 'needle' });
  await admin.rule.save({ rule: { ...marked!.rule!, name: 'Needles' }, expectedVersion: 2 });

  // The API, with keys that the caller names.
  const { secret } = await api.apiKey.create({ name: write('key name'), allowTraining: true });
  words.push(secret);
  const revoked = await api.apiKey.create({ name: write('revoked key'), allowTraining: false });
  await api.apiKey.revoke({ id: revoked.id });
  const chat = { max_tokens: 8, messages: [{ role: 'user', content: write('api message') }] };
  const answer = await client.post('/v1/chat/completions', chat, { 'idempotency-key': write('repeat key') });
  const apiGeneration = answer.headers.get('x-attune-generation-id');
  const rated = { kind: 'thumb', generation_id: apiGeneration, value: 1, comment: write('api comment') };
  expect((await client.post('/v1/feedback', rated)).status).toBe(200);

  // Work on tasks about somebody else's message.
  const about = { messageId: theirs.userMessageId };
  const [task] = await db
    .insert(ratingTask)
    .values({ kind: 'write', ...about })
    .returning();
  await db.insert(ratingAssignment).values({
    ...{ taskId: task!.id, userId: id, lockedUntil: new Date(), status: 'done' },
    ...{ value: { text: write('task answer') }, skipReason: write('skip reason') },
  });

  // What is refused, and so might be logged.
  await api.chat
    .send({ conversationId: randomUUID(), parentId: null, clientMessageId: 'x', text: `${write('bad')}\0` } as never)
    .catch(() => {});
  await client.post('/v1/chat/completions', `{"messages": ${write('no json')}`);
  await client.post('/v1/chat/completions', { messages: [{ role: write('role'), content: write('refused') }] });
  await client.send(`/v1/models/${write('model')}`);

  // What fails in the product itself is logged with the cause.
  await db.execute(sql`alter table feedback_history rename to away`);
  await expect(thumb({ up: true }, write('failed comment'))).rejects.toThrow();
  const failing = { ...rated, comment: write('failed api comment') };
  expect((await client.post('/v1/feedback', failing)).status).toBeGreaterThanOrEqual(500);
  await db.execute(sql`alter table away rename to feedback_history`);

  // A data set holds them as tokens.
  const { snapshots } = dataPaths(path.dirname(world.artifacts));
  await db.insert(trainingRun).values({ trigger: 'button', config: {}, parentVersionId: 'base' });
  const lease = new RunLease(db, (await claimRun(db, 'test'))!, 'test');
  await freezeSnapshot(lease, snapshots, base);
  await lease.finish('done', 'ended');
  lease.close();

  const tokensOf = (word: string) => base.tokenizer.encode(word).join(',');
  const found = (text: string) => words.filter((word) => text.includes(word) || text.includes(tokensOf(word)));
  // The search finds what is there: tables hold every word but those that were refused or only searched for.
  const before = found(await dump());
  expect(before).toEqual(
    expect.arrayContaining(words.filter((word) => /message|changed|correction|flaw|title|name/.test(word))),
  );
  expect(before.length).toBeGreaterThan(18);
  expect(found(await files()).length).toBeGreaterThan(1);

  await api.account.remove({ confirmation: mail });
  await honourWithdrawals(db, path.dirname(world.artifacts), pino({ level: 'silent' }));

  expect(found(await dump())).toEqual([]);
  expect(found(await files())).toEqual([]);
  expect(found(log.join('\n'))).toEqual([]);
  expect(log.length).toBeGreaterThan(0);
  expect(await db.select().from(withdrawal)).toEqual([]);
  // Somebody else's words are still there.
  expect(await dump()).toContain('A question of somebody else');
});
