// Admins who change one rule while they mark its hits, and people who delete the texts: each call ends well or says who was first.
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Rule } from '@/core/constraints/rules';
import { constraintHit, ruleVersion } from '@/db/schema';
import { type Api, answerTo, callAs, createUser, createWorld, type World } from './world';

const TRIES = 8;
const HITS = 6;

let world: World;
let admin: Api;
beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  admin = callAs(world.web, await createUser(world.web, 'admin'), 'admin');
  await admin.admin.setSettings({ comparisonShare: 0 });
});
afterAll(() => world?.close());

const db = () => world.web.product.db;
let rules = 0;
/** A rule with hits of one person, of which the first half is marked. */
async function prepare() {
  const id = `raced-${rules++}`;
  const rule = Rule.parse({ id, input: 'flag', output: 'off', kind: 'phrases', phrases: ['needle'] });
  await admin.rule.save({ rule, expectedVersion: null });
  const userId = await createUser(world.web);
  const ada = callAs(world.web, userId);
  const chats: string[] = [];
  for (let at = 0; at < HITS; at++) {
    const { conversationId } = await answerTo(ada, `Needle ${at}.`, { sampling: { maxTokens: 1 } });
    chats.push(conversationId);
  }
  const hits = (await admin.rule.hits({ id })).items.map((hit) => hit.id);
  const marked = hits.slice(0, HITS / 2);
  const open = hits.slice(HITS / 2);
  for (const hit of marked) await admin.rule.markFalse({ id: hit });
  return { id, userId, ada, chats, marked, open };
}
const ruleOf = async (id: string) => (await admin.rule.list()).rules.find((one) => one.id === id)!.rule!;
async function expectWell(calls: Promise<unknown>[]) {
  const codes = (await Promise.allSettled(calls)).flatMap((result) =>
    result.status === 'rejected' ? [(result.reason as { cause?: { code?: string } }).cause?.code] : [],
  );
  for (const code of codes) expect(['CONFLICT', 'NOT_FOUND']).toContain(code);
}

it('saved, restored, marked and taken back at the same time', async () => {
  for (let round = 0; round < TRIES; round++) {
    const { id, marked, open } = await prepare();
    const rule = await ruleOf(id);
    await expectWell([
      ...marked.map((hit) => admin.rule.unmarkFalse({ id: hit, version: rule.version })),
      admin.rule.save({ rule: { ...rule, name: 'Named' }, expectedVersion: rule.version }),
      admin.rule.restore({ id, version: 3, expectedVersion: rule.version }),
      ...open.map((hit) => admin.rule.markFalse({ id: hit })),
    ]);
    const versions = (await db().select().from(ruleVersion).where(eq(ruleVersion.ruleId, id))).map(
      ({ version }) => version,
    );
    expect(versions.sort((a, b) => a - b)).toEqual(versions.map((_, at) => at + 1));
  }
});

it('while the person deletes the chats, or the account: nothing of the texts is left in any version', async () => {
  for (let round = 0; round < TRIES; round++) {
    const { id, userId, ada, chats, marked, open } = await prepare();
    const rule = await ruleOf(id);
    const isAccount = round % 2 === 0;
    await expectWell([
      ...open.map((hit) => admin.rule.markFalse({ id: hit })),
      ...(isAccount
        ? [db().execute(`delete from "user" where id = '${userId}'`)]
        : chats.map((chat) => ada.conversation.remove({ id: chat }))),
      ...marked.map((hit) => admin.rule.unmarkFalse({ id: hit, version: rule.version })),
      admin.rule.save({ rule: { ...rule, name: 'Named' }, expectedVersion: rule.version }),
    ]);
    expect(await db().$count(constraintHit, eq(constraintHit.ruleId, id))).toBe(0);
    const rows = await db().select().from(ruleVersion).where(eq(ruleVersion.ruleId, id));
    expect(rows.flatMap(({ settings }) => settings.examples)).toEqual([]);
  }
});
