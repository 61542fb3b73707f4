// Examples that come from people's texts: cut to what a rule can keep, and gone with the text; and rules that cannot be read.
import { readFileSync } from 'node:fs';
import { and, desc, eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import english from '@/app/i18n/en.json' with { type: 'json' };
import { RULE_LIMITS } from '@/core/constraints/rule';
import { Rule } from '@/core/constraints/rules';
import { constraintHit, generation, message, ruleVersion } from '@/db/schema';
import { resumeGenerations } from '@/server/services/generation/resume';
import { type Api, answerTo, callAs, createUser, createWorld, send, type World } from './world';

let world: World;
let admin: Api;
let ada: Api;
let rules = 0;

beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  admin = callAs(world.web, await createUser(world.web, 'admin'), 'admin');
  await admin.admin.setSettings({ comparisonShare: 0 });
});
afterAll(() => world?.close());
beforeEach(async () => {
  ada = callAs(world.web, await createUser(world.web));
});

const db = () => world.web.product.db;
const turn = { sampling: { maxTokens: 2 } };
/** Adds a rule on messages under an id of its own. */
async function add(settings: object): Promise<string> {
  const id = `own-${rules++}`;
  await admin.rule.save({ rule: Rule.parse({ id, input: 'flag', output: 'off', ...settings }), expectedVersion: null });
  return id;
}
const needle = { kind: 'phrases', phrases: ['needle'] };
const current = async (id: string) => (await admin.rule.list()).rules.find((one) => one.id === id)!.rule!;
/** Of all its versions, as they are stored. */
const textsOf = async (id: string) =>
  (await db().select().from(ruleVersion).where(eq(ruleVersion.ruleId, id)))
    .flatMap(({ settings }) => settings.examples as { text: string }[])
    .map(({ text }) => text);
async function firstHit(id: string): Promise<string> {
  return (await admin.rule.hits({ id })).items[0]!.id;
}

/** A message as it would be with a longer context: the text is longer than the tiny base reads. */
async function longMessage(id: string, text: string, start: number): Promise<string> {
  const { userMessageId } = await answerTo(ada, 'Hi', turn);
  await db().update(message).set({ content: text }).where(eq(message.id, userMessageId));
  const hit = {
    messageId: userMessageId,
    ruleId: id,
    ruleVersion: 1,
    action: 'flag' as const,
    start,
    end: text.length,
  };
  const [row] = await db().insert(constraintHit).values(hit).returning();
  return row!.id;
}

it('of a hit longer than an example may be, its beginning between words becomes the example, and chats go on', async () => {
  const id = await add({ kind: 'length', most: 10, unit: 'characters' });
  const hit = await longMessage(id, 'secret '.repeat(1000).trim(), 10);
  expect(await admin.rule.markFalse({ id: hit })).toEqual({ ruleId: id, example: 'cut', version: 2 });
  const [example] = (await current(id)).examples;
  expect(example!.text.length).toBeLessThanOrEqual(RULE_LIMITS.exampleText);
  expect(example!.text.length).toBeGreaterThan(RULE_LIMITS.exampleText - 20);
  expect(example!.text).toMatch(/^(\S+ )*secret$/);
  expect((await answerTo(ada, 'Hi', turn)).answers).toHaveLength(1);
});

it('a hit that the rule does not find in so short a part adds no example, and the admin is told', async () => {
  const id = await add({ kind: 'length', most: RULE_LIMITS.exampleText, unit: 'characters' });
  const hit = await longMessage(id, 'secret '.repeat(2000).trim(), RULE_LIMITS.exampleText);
  expect(await admin.rule.markFalse({ id: hit })).toEqual({ ruleId: id, example: 'long', version: null });
  expect((await current(id)).version).toBe(1);
});

it('of a message that was masked no text is left, so a mark adds no example, and the server goes on', async () => {
  const id = await add({ ...needle, input: 'mask' });
  await answerTo(ada, 'What about a needle?', turn);
  expect(await admin.rule.markFalse({ id: await firstHit(id) })).toEqual({
    ruleId: id,
    example: 'none',
    version: null,
  });
  expect((await current(id)).version).toBe(1);
  await admin.rule.remove({ id, expectedVersion: 1 });
});

it('the page promises of examples what the next tests find', () => {
  expect(english.rules.markFalseText).toContain(
    'The example is deleted together with its chat or account, or when you remove it and save; no version of the rule keeps it.',
  );
});

it('an example goes from every version with its chat, and one that is typed stays', async () => {
  const id = await add({ ...needle, examples: [{ text: 'mine', isHit: false }] });
  const { conversationId } = await answerTo(ada, 'A needle of Ada.', turn);
  await admin.rule.markFalse({ id: await firstHit(id) });
  const was = await current(id);
  await admin.rule.save({ rule: { ...was, name: 'Named' }, expectedVersion: was.version });
  expect((await textsOf(id)).filter((text) => text !== 'mine')).toEqual(['A needle of Ada.', 'A needle of Ada.']);
  await ada.conversation.remove({ id: conversationId });
  expect(await textsOf(id)).toEqual(['mine', 'mine', 'mine']);
  // An editor that was open all the time does not bring it back, and neither does a restored version.
  const now = await current(id);
  await admin.rule.save({ rule: { ...was, name: 'Late' }, expectedVersion: now.version });
  await admin.rule.restore({ id, version: 2, expectedVersion: now.version + 1 });
  expect(new Set(await textsOf(id))).toEqual(new Set(['mine']));
});

it('an example that an admin removes and saves, or takes back, is in no version any more', async () => {
  for (const how of ['save', 'undo'] as const) {
    const id = await add(needle);
    await answerTo(ada, `A needle, ${how}.`, turn);
    const hit = await firstHit(id);
    const { version } = await admin.rule.markFalse({ id: hit });
    const was = await current(id);
    // Without the hit it is the same text, and stays tied to it.
    await admin.rule.save({
      rule: { ...was, examples: [{ text: was.examples[0]!.text, isHit: false }] },
      expectedVersion: 2,
    });
    expect((await current(id)).examples).toEqual([{ text: `A needle, ${how}.`, isHit: false, hitId: hit }]);
    if (how === 'save') await admin.rule.save({ rule: { ...was, examples: [] }, expectedVersion: was.version });
    else expect(await admin.rule.unmarkFalse({ id: hit, version })).toEqual({ isRestored: true });
    expect(await textsOf(id)).toEqual([]);
  }
});

it('an account takes its examples with it', async () => {
  const id = await add(needle);
  const userId = await createUser(world.web);
  await answerTo(callAs(world.web, userId), 'A needle of somebody.', turn);
  await admin.rule.markFalse({ id: await firstHit(id) });
  expect(await textsOf(id)).toEqual(['A needle of somebody.']);
  await db().execute(sql`delete from "user" where id = ${userId}`);
  expect(await textsOf(id)).toEqual([]);
});

it('examples of before the migration get their hit, and go if it is gone', async () => {
  const id = await add(needle);
  const { conversationId } = await answerTo(ada, 'An old needle.', turn);
  await admin.rule.markFalse({ id: await firstHit(id) });
  const migration = readFileSync('drizzle/0026_example_source.sql', 'utf8');
  const updates = migration.split('--> statement-breakpoint').slice(0, 2);
  const stored = eq(ruleVersion.ruleId, id);
  const newest = async () =>
    (await db().select().from(ruleVersion).where(stored).orderBy(desc(ruleVersion.version)))[0]!.settings.examples;
  const tied = await newest();
  const untied = [{ text: 'An old needle.', isHit: false }];
  const untie = () =>
    db()
      .update(ruleVersion)
      .set({ settings: sql`jsonb_set(settings, '{examples}', ${JSON.stringify(untied)}::jsonb)` })
      .where(and(stored, eq(ruleVersion.version, 2)));
  await untie();
  for (const statement of updates) await db().execute(sql.raw(statement));
  expect(await newest()).toEqual(tied);
  await untie();
  await ada.conversation.remove({ id: conversationId });
  for (const statement of updates) await db().execute(sql.raw(statement));
  expect(await newest()).toEqual([]);
});

it('a rule that cannot be read stops every message with a sentence that says where to mend it, and it can be mended', async () => {
  const id = await add(needle);
  const [row] = await db().select().from(ruleVersion).where(eq(ruleVersion.ruleId, id));
  const setVersion = (await admin.rule.list()).setVersion + 1;
  const { conversationId, generationId } = await answerTo(ada, 'Hi', turn);
  await db()
    .insert(ruleVersion)
    .values({ ...row!, version: 2, setVersion, settings: { kind: 'of tomorrow' } });
  const told = new RegExp(`Rule "${id}" \\(version 2\\) cannot be read.*/admin/rules`);
  await expect(send(ada, 'Hi')).rejects.toThrow(told);
  await expect(ada.chat.limits()).resolves.toHaveProperty('messageTokens');
  // An answer that a process left under these rules ends with the text that it has.
  await db()
    .update(generation)
    .set({ status: 'running', constraintRulesVersion: setVersion })
    .where(eq(generation.id, generationId));
  await resumeGenerations(world.web.product);
  await world.web.product.running.get(generationId)?.done;
  const { messages } = await ada.conversation.get({ id: conversationId });
  expect(messages.at(-1)!.generation).toMatchObject({ status: 'failed', error: expect.stringMatching(told) });
  expect((await admin.rule.list()).rules.find((one) => one.id === id)).toMatchObject({ rule: null });
  const preview = await admin.rule.preview({ rule: Rule.parse({ id, ...needle }) });
  expect(preview.isComplete).toBe(true);
  await expect(admin.rule.restore({ id, version: 2, expectedVersion: 2 })).rejects.toThrow(/not read/);
  await admin.rule.restore({ id, version: 1, expectedVersion: 2 });
  expect((await answerTo(ada, 'Hi', turn)).answers).toHaveLength(1);
  const broken = { ...row!, version: 4, setVersion: setVersion + 2, settings: { kind: 'of tomorrow', examples: {} } };
  await db().insert(ruleVersion).values(broken);
  await expect(send(ada, 'Hi')).rejects.toThrow(/cannot be read/);
  await ada.conversation.remove({ id: conversationId });
  await admin.rule.remove({ id, expectedVersion: 4 });
  expect((await answerTo(ada, 'Hi', turn)).answers).toHaveLength(1);
});
