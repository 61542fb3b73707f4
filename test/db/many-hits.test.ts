// Texts in which rules find thousands of parts, and chats with thousands of texts: more than one statement has room for.
import { randomUUID } from 'node:crypto';
import { count, eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { closeDatabase, type Database, getDatabase } from '@/db/client';
import { constraintHit, conversation, message, ruleVersion, user } from '@/db/schema';
import type { RuleHit } from '@/server/constraints/rule-hit';
import { readHits, writeHits } from '@/server/services/rule/hit';
import { noticesOf, readNotices } from '@/server/services/rule/notice';
import { createTestDatabase } from './database';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let db: Database;
const messageId = randomUUID();
beforeAll(async () => {
  database = await createTestDatabase();
  db = getDatabase(database.url);
  const userId = randomUUID();
  const conversationId = randomUUID();
  await db.insert(user).values({ id: userId, name: 'Ada', email: 'ada@example.org' });
  await db.insert(conversation).values({ id: conversationId, userId, title: 'Hits', allowTraining: true });
  await db.insert(message).values({ id: messageId, conversationId, role: 'user', content: 'a '.repeat(11_000) });
});
afterAll(async () => {
  await closeDatabase(database.url);
  await database.drop();
});

const HITS = 11_000;
/** Six parameters a row, of which a statement takes 65,535. */
const hits = Array.from(
  { length: HITS },
  (_, i): RuleHit => ({ ruleId: 'large', ruleVersion: 1, action: 'mask', start: 2 * i, end: 2 * i + 1 }),
);

it('every hit of a text is written, and its person gets one notice, however large the rule is', async () => {
  const words = Array.from({ length: 5000 }, (_, i) => `word-${i}-${'x'.repeat(50)}`);
  const settings = { kind: 'phrases', phrases: words, message: 'Not here.' };
  await db.insert(ruleVersion).values({ ruleId: 'large', version: 1, setVersion: 2, settings });
  await db.transaction((tx) => writeHits(tx, { messageId }, hits));
  const [row] = await db.select({ hits: count() }).from(constraintHit).where(eq(constraintHit.messageId, messageId));
  expect(row!.hits).toBe(HITS);
  // The settings once for each hit would be 3 GB.
  const notice = { effect: 'masked', kind: 'phrases', message: 'Not here.', isUnjudged: false };
  expect(await noticesOf(db, { messageId, finishReason: null })).toEqual([notice]);
});

it('notices and hits are read for as many texts as there are', async () => {
  const ids = [messageId, ...Array.from({ length: 70_000 }, () => randomUUID())];
  const notices = await readNotices(
    db,
    ids.map((id) => ({ id, finishReason: null })),
  );
  expect([notices.size, notices.get(messageId)!.length]).toEqual([ids.length, 1]);
  expect((await readHits(db, ids)).get(messageId)).toHaveLength(HITS);
});
