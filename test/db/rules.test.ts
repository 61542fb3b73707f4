// Rules in the database: versions, guards, audit, replicas, hits that admins read and mark, and trials before saving.
import { randomUUID } from 'node:crypto';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Rule } from '@/core/constraints/rules';
import { readRules } from '@/db/rules';
import { constraintHit, conversation, ruleVersion } from '@/db/schema';
import { readMessagesBehind } from '@/server/services/rule/read-text';
import { type Api, answerTo, callAs, createUser, createWorld, type World } from './world';

let world: World;
let adminId: string;
let admin: Api;
let ada: Api;

beforeAll(async () => {
  world = await createWorld({ seed: 1, alwaysSay: 'oh fuck!' });
  adminId = await createUser(world.web, 'admin');
  admin = callAs(world.web, adminId, 'admin');
  await admin.admin.setSettings({ comparisonShare: 0 });
});
afterAll(() => world?.close());
beforeEach(async () => {
  ada = callAs(world.web, await createUser(world.web));
});

const current = async (id: string) => (await admin.rule.list()).rules.find(({ rule }) => rule!.id === id)!.rule!;
const own = (id: string, words: string[], more: object = {}) =>
  Rule.parse({ id, kind: 'profanity', languages: [], words, ...more });

describe('a rule', () => {
  it('gets a new version with each change, keeps the old ones, and every change is audited', async () => {
    const { setVersion } = await admin.rule.list();
    const first = await admin.rule.save({ rule: own('brand', ['pizzazz'], { name: 'Brand' }), expectedVersion: null });
    expect(first).toEqual({ id: 'brand', version: 1, setVersion: setVersion + 1 });
    const second = await admin.rule.save({ rule: own('brand', ['pizzazz', 'zing']), expectedVersion: 1 });
    expect(second).toEqual({ id: 'brand', version: 2, setVersion: setVersion + 2 });
    // Nothing differs, so nothing is written.
    expect(await admin.rule.save({ rule: own('brand', ['pizzazz', 'zing']), expectedVersion: 2 })).toEqual(second);
    await admin.rule.remove({ id: 'brand', expectedVersion: 2 });
    expect((await admin.rule.list()).removed.map(({ rule }) => rule!.id)).toContain('brand');
    const restored = await admin.rule.restore({ id: 'brand', version: 1, expectedVersion: 3 });
    expect(restored).toEqual({ id: 'brand', version: 4, setVersion: setVersion + 4 });
    expect(await current('brand')).toMatchObject({ words: ['pizzazz'], name: 'Brand', version: 4 });
    const versions = await admin.rule.versions({ id: 'brand' });
    expect(versions.map(({ version, isRemoved, author }) => ({ version, isRemoved, author }))).toEqual([
      { version: 4, isRemoved: false, author: 'Ada' },
      { version: 3, isRemoved: true, author: 'Ada' },
      { version: 2, isRemoved: false, author: 'Ada' },
      { version: 1, isRemoved: false, author: 'Ada' },
    ]);
    expect(versions.map(({ restores }) => restores)).toEqual([1, null, null, null]);
    expect(versions[2]!.changed.sort()).toEqual(['name', 'words']);
    // The set as an answer was written under it.
    const then = await readRules(world.web.product.db, second.setVersion);
    expect(then.rules.find(({ id }) => id === 'brand')).toMatchObject({ words: ['pizzazz', 'zing'], version: 2 });
    const { items } = await admin.admin.audit({});
    expect(items.slice(0, 4).map(({ action, subject, actorId }) => [action, subject, actorId])).toEqual(
      ['rule.restore', 'rule.remove', 'rule.change', 'rule.add'].map((action) => [action, 'brand', adminId]),
    );
    expect(items[0]!.detail).toMatchObject({ version: 4, restored: 1 });
  });

  it('changed by two admins at once is changed by one of them', async () => {
    await admin.rule.save({ rule: own('race', ['aaa']), expectedVersion: null });
    const results = await Promise.allSettled(
      ['bbb', 'ccc', 'ddd'].map((word) => admin.rule.save({ rule: own('race', [word]), expectedVersion: 1 })),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ cause: { code: 'CONFLICT' } });
    const rows = await world.web.product.db.select().from(ruleVersion).where(eq(ruleVersion.ruleId, 'race'));
    expect(rows).toHaveLength(2);
  });

  it('that is there cannot be added again, and one that is not cannot be changed or removed', async () => {
    await expect(admin.rule.save({ rule: own('race', ['x1']), expectedVersion: null })).rejects.toThrow(/is, or was/);
    await expect(admin.rule.save({ rule: own('none', ['x1']), expectedVersion: 1 })).rejects.toThrow(/no rule "none"/);
    await expect(admin.rule.remove({ id: 'none', expectedVersion: 1 })).rejects.toThrow(/no rule "none"/);
    // The cost model's constraint has this name.
    const harm = admin.rule.save({ rule: own('harm', ['x1']), expectedVersion: null });
    await expect(harm).rejects.toThrow(/"harm" is what training charges/);
    const bad = own('bad', ['a\0b']);
    await expect(admin.rule.save({ rule: bad, expectedVersion: null })).rejects.toThrow(/U\+0000/);
  });

  it('holds for new answers of every replica within 2 seconds, and for answers in progress not at all', async () => {
    const other = await world.startWeb();
    const there = callAs(other, await createUser(other));
    expect((await answerTo(there, 'Hi')).text).toBe('oh ████!');
    const rule = await current('profanity');
    await admin.rule.save({ rule: { ...rule, output: 'off' }, expectedVersion: rule.version });
    await expect.poll(async () => (await answerTo(there, 'Hi')).text, { timeout: 2000 }).toBe('oh fuck!');
    await admin.rule.restore({ id: 'profanity', version: rule.version, expectedVersion: rule.version + 1 });
    await expect.poll(async () => (await answerTo(there, 'Hi')).text, { timeout: 2000 }).toBe('oh ████!');
  });

  it('is of no concern to anyone but admins', async () => {
    await expect(ada.rule.list()).rejects.toThrow(/admin/);
    await expect(ada.rule.save({ rule: own('mine', ['x1']), expectedVersion: null })).rejects.toThrow(/admin/);
  });
});

describe('a hit', () => {
  it('is shown with its text only if the chat may be read, and goes with the chat', async () => {
    const before = await admin.rule.hits({ id: 'profanity' });
    const secret = await answerTo(ada, 'Hi', { allowTraining: false });
    const open = await answerTo(ada, 'Hi');
    const { items, hidden } = await admin.rule.hits({ id: 'profanity' });
    expect(hidden).toBe(before.hidden + 1);
    expect(items).toHaveLength(before.items.length + 1);
    expect(items[0]).toMatchObject({
      scope: 'output',
      action: 'mask',
      versionId: 'base',
      excerpt: { text: 'oh fuck!', start: 3, end: 7 },
      falseMark: null,
    });
    await ada.conversation.remove({ id: open.conversationId });
    await ada.conversation.remove({ id: secret.conversationId });
    const after = await admin.rule.hits({ id: 'profanity' });
    expect([after.items.length, after.hidden]).toEqual([before.items.length, before.hidden]);
  });

  it('marked as false becomes an example that the rule must not hit, which fails until the rule is changed', async () => {
    const { conversationId } = await answerTo(ada, 'Hi');
    const [hit] = (await admin.rule.hits({ id: 'profanity' })).items;
    const { version } = await current('profanity');
    expect(await admin.rule.markFalse({ id: hit!.id })).toEqual({
      ...{ ruleId: 'profanity', example: 'whole', version: version + 1 },
    });
    const rule = await current('profanity');
    expect(rule).toMatchObject({
      version: version + 1,
      examples: [{ text: 'oh fuck!', isHit: false, hitId: hit!.id }],
    });
    const [marked] = (await admin.rule.hits({ id: 'profanity' })).items;
    expect(marked!.falseMark).toMatchObject({ by: 'Ada' });
    // A second mark adds nothing.
    await admin.rule.markFalse({ id: hit!.id });
    expect((await current('profanity')).version).toBe(rule.version);
    const failing = await admin.rule.try({ rule, text: '' });
    expect(failing.examples).toEqual([[{ start: 3, end: 7 }]]);
    const changed = Rule.parse({ ...rule, allow: ['oh fuck'] });
    expect((await admin.rule.try({ rule: changed, text: 'fuck' })).examples).toEqual([[]]);
    const { items } = await admin.admin.audit({});
    expect(items.slice(0, 2).map(({ action }) => action)).toEqual(['rule.example', 'rule.false_hit']);
    await world.web.product.db.delete(conversation).where(eq(conversation.id, conversationId));
  });

  it('marked as false is no longer counted; taking the mark back restores the rule unless it has changed since', async () => {
    const rateOf = async () => (await admin.rule.list()).rules.find(({ id }) => id === 'profanity')!.answers.hits;
    const { conversationId } = await answerTo(ada, 'Hi');
    const [hit] = (await admin.rule.hits({ id: 'profanity' })).items;
    const was = await current('profanity');
    const rate = await rateOf();
    const db = world.web.product.db;
    await admin.rule.save({ rule: { ...was, examples: [] }, expectedVersion: was.version });
    const { version } = await admin.rule.markFalse({ id: hit!.id });
    expect(await rateOf()).toBe(rate - 1);
    expect(await admin.rule.unmarkFalse({ id: hit!.id, version })).toEqual({ isRestored: true });
    expect((await current('profanity')).examples).toEqual([]);
    expect(await rateOf()).toBe(rate);
    expect((await admin.rule.hits({ id: 'profanity' })).items[0]!.falseMark).toBeNull();
    expect(await admin.rule.unmarkFalse({ id: hit!.id, version })).toEqual({ isRestored: false });
    const again = await admin.rule.markFalse({ id: hit!.id });
    const now = await current('profanity');
    await admin.rule.save({ rule: { ...now, name: 'Words' }, expectedVersion: now.version });
    expect(await admin.rule.unmarkFalse({ id: hit!.id, version: again.version })).toEqual({ isRestored: false });
    expect(await current('profanity')).toMatchObject({
      name: 'Words',
      examples: [{ text: 'oh fuck!', isHit: false, hitId: hit!.id }],
    });
    await expect(admin.rule.unmarkFalse({ id: randomUUID(), version: null })).rejects.toThrow(/no hit/);
    const last = await current('profanity');
    await admin.rule.save({ rule: was, expectedVersion: last.version });
    await db.delete(conversation).where(eq(conversation.id, conversationId));
  });

  it('in a chat that may not be read cannot be marked', async () => {
    const { generationId } = await answerTo(ada, 'Hi', { allowTraining: false });
    const [hit] = await world.web.product.db
      .select()
      .from(constraintHit)
      .where(eq(constraintHit.generationId, generationId));
    await expect(admin.rule.markFalse({ id: hit!.id })).rejects.toThrow(/no hit/);
    await expect(admin.rule.markFalse({ id: randomUUID() })).rejects.toThrow(/no hit/);
  });

  it('is counted as a share of the last week', async () => {
    const { answers } = (await admin.rule.list()).rules.find(({ rule }) => rule!.id === 'profanity')!;
    expect(answers.hits).toBeGreaterThan(0);
    expect(answers.of).toBeGreaterThanOrEqual(answers.hits);
  });
});

describe('a preview', () => {
  it('says how many answers a rule hits now and would hit, of those that may be read', async () => {
    const open = [await answerTo(ada, 'One'), await answerTo(ada, 'Two')];
    await answerTo(ada, 'Secret', { allowTraining: false });
    const rule = await current('profanity');
    const same = await admin.rule.preview({ rule });
    expect(same).toMatchObject({ what: 'answers', failed: 0, isComplete: true, added: [], removed: [] });
    expect(same.texts).toBeGreaterThanOrEqual(2);
    expect([same.before, same.after]).toEqual([same.texts, same.texts]);
    const changed = await admin.rule.preview({ rule: Rule.parse({ ...rule, languages: [], words: ['oops'] }) });
    expect([changed.before, changed.after]).toEqual([same.texts, 0]);
    expect(changed.removed[0]).toMatchObject({ text: 'oh fuck!', start: 3, end: 7 });
    const fresh = await admin.rule.preview({ rule: own('fresh', ['oh']) });
    expect([fresh.before, fresh.after]).toEqual([null, same.texts]);
    for (const { conversationId } of open) await ada.conversation.remove({ id: conversationId });
  });

  it('reads each text once, also where pages meet within a millisecond', async () => {
    const { db } = world.web.product;
    const sent = await answerTo(ada, 'Hi');
    // More than one page, all within 1 ms, in which Postgres tells a thousand times apart.
    await db.execute(sql`
      insert into message (conversation_id, role, content, created_at)
      select ${sent.conversationId}, 'user', 'text ' || n, '2030-01-01'::timestamptz + n * interval '1 microsecond'
      from generate_series(1, 600) n`);
    const cursors: (string | null)[] = [null];
    const seen: string[] = [];
    while (seen.length < 600) {
      const page = await readMessagesBehind(world.web.product, cursors.at(-1)!, 250);
      seen.push(...page.map(({ text }) => text).filter((text) => text.startsWith('text ')));
      cursors.push(page.at(-1)!.cursor);
      if (cursors.length > 5) break;
    }
    expect(seen).toEqual(Array.from({ length: 600 }, (_, i) => `text ${600 - i}`));
    await ada.conversation.remove({ id: sent.conversationId });
  });
});

it('rules and hits from before the table are kept by the migration', async () => {
  // A database as it was: settings with rules, and hits in the rows.
  const { db } = world.web.product;
  const before = await readRules(db);
  await db.execute(sql`create schema former`);
  const kept = {
    version: 7,
    rules: [{ id: 'own', kind: 'profanity', languages: [], words: ['zing'], allow: [], cost: 500 }],
  };
  const statements = (await import('node:fs'))
    .readFileSync('drizzle/0022_rules.sql', 'utf8')
    .split('--> statement-breakpoint');
  await db.transaction(async (tx) => {
    await tx.execute(sql`set local search_path to former`);
    await tx.execute(sql`create table setting (key text, value jsonb)`);
    await tx.execute(
      sql`create table generation (id uuid, constraint_hits jsonb, created_at timestamptz default now(), version_id text)`,
    );
    await tx.execute(
      sql`create table message (id uuid, constraint_hits jsonb, created_at timestamptz default now(), origin jsonb)`,
    );
    await tx.execute(
      sql`create table rule_version (rule_id text, version int, set_version int, settings jsonb, is_removed boolean default false, author_id text, created_at timestamptz default now())`,
    );
    await tx.execute(
      sql`create table constraint_hit (generation_id uuid, message_id uuid, rule_id text, rule_version int, action text, start int, "end" int, created_at timestamptz)`,
    );
    await tx.execute(sql`insert into setting values ('constraints', ${JSON.stringify(kept)}::jsonb)`);
    await tx.execute(
      sql`insert into generation values (gen_random_uuid(), '[{"ruleId": "own", "start": 1, "end": 5}]', now(), 'base')`,
    );
    await tx.execute(sql`insert into message values (gen_random_uuid(), '[{"ruleId": "gone", "start": 0, "end": 2}]')`);
    for (const statement of statements) if (/^\s*(INSERT|DELETE)/.test(statement)) await tx.execute(sql.raw(statement));
    const rules = await readRules(tx);
    expect(rules).toMatchObject({ version: 7, rules: [{ id: 'own', version: 1, words: ['zing'], cost: 100 }] });
    const { rows } = await tx.execute(
      sql`select rule_id, rule_version, action, start, "end" from constraint_hit order by 1`,
    );
    expect(rows).toEqual([
      { rule_id: 'gone', rule_version: null, action: null, start: 0, end: 2 },
      { rule_id: 'own', rule_version: 1, action: 'mask', start: 1, end: 5 },
    ]);
    expect((await tx.execute(sql`select * from setting`)).rows).toEqual([]);
  });
  expect(await readRules(db)).toEqual(before);
});
