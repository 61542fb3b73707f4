// The cockpit from rows: the loop's stations, whose words are shown, what is counted, and how large tables are.
import { randomUUID } from 'node:crypto';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as schema from '@/db/schema';
import type { WebProcess } from '@/server/product';
import { countRows } from '@/server/services/cockpit/counts';
import { type Api, answerTo, callAs, createUser, createWorld, type World } from './world';

let world: World;
let web: WebProcess;
let admin: Api['admin'];
let person: Api;

beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  web = world.web;
  admin = callAs(web, await createUser(web, 'admin'), 'admin').admin;
  person = callAs(web, await createUser(web));
});
afterAll(() => world?.close());

describe('the cockpit', () => {
  it('counts what people did and says what the loop waits for', async () => {
    await admin.setSettings({ comparisonShare: 0 }); // one answer, never two
    const { generationId } = await answerTo(person, 'Name a planet.');
    await person.feedback.give({ kind: 'thumb', generationId, value: { up: true, reasons: [] } });
    const { loop, counts, engine } = await admin.overview();
    expect(loop.votes).toMatchObject({ says: 'votes_missing', values: { unused: 1, needed: 200 } });
    expect(counts).toMatchObject({
      ...{ generations: { n: 1, isAbout: false }, feedback: { n: 1, isAbout: false } },
      unusedFeedback: { n: 1, isMore: false },
    });
    expect(engine!.running).toBe(0);

    await admin.setSettings({ trigger: { feedbackCount: 1, scheduleHours: null } });
    expect((await admin.overview()).loop.votes.says).toBe('votes_enough');
    const [queued] = await web.product.db
      .insert(schema.trainingRun)
      .values({ trigger: 'button', config: {}, parentVersionId: 'base' })
      .returning();
    const { id } = queued!;
    expect((await admin.overview()).loop.run).toMatchObject({ says: 'run_no_trainer', href: `/admin/runs/${id}` });
    await admin.cancelRun({ id });
    expect((await admin.overview()).loop.run).toMatchObject({ says: 'run_cancelled', act: 'start_run' });
  });

  it('shows the words of nobody who has not allowed it, or does not know who reads', async () => {
    const { db } = web.product;
    const secret = await answerTo(person, 'My secret is here.', { allowTraining: false });
    const known = await answerTo(person, 'Anyone may read this.');
    // Whoever consented before the words named administrators.
    await db
      .update(schema.conversation)
      .set({ readersNamed: false })
      .where(eq(schema.conversation.title, 'Name a planet.'));
    await db
      .update(schema.conversation)
      .set({ readersNamed: true })
      .where(eq(schema.conversation.id, secret.conversationId));
    const questions = async () => (await admin.live()).samples.map(({ question }) => question);
    expect(await questions()).toEqual(['Anyone may read this.']);
    await person.feedback.give({ kind: 'thumb', generationId: known.generationId, value: { up: false, reasons: [] } });
    expect((await admin.live()).samples).toMatchObject([{ versionId: 'base', thumb: 'down' }]);
    await db
      .update(schema.conversation)
      .set({ allowTraining: false })
      .where(eq(schema.conversation.id, known.conversationId));
    expect(await questions()).toEqual([]);
  });

  it('counts the hits of each rule by day, without those that an admin called false', async () => {
    const { db } = web.product;
    const hit = (daysAgo: number, falseAt: Date | null = null) => ({
      ...{ ruleId: 'profanity', start: 0, end: 3, falseAt },
      createdAt: sql`now() - make_interval(days => ${daysAgo}::int)`,
    });
    await db.insert(schema.constraintHit).values([hit(0), hit(0), hit(1), hit(0, new Date()), hit(30)]);
    const [rule] = (await admin.live()).rules;
    expect(rule).toMatchObject({ ruleId: 'profanity' });
    expect(rule!.days).toHaveLength(14);
    expect(rule!.days.slice(-3)).toEqual([0, 1, 2]);
  });

  it('counts raters who worked this week, and doubts those whom an administrator banned', async () => {
    const before = (await admin.live()).raters;
    expect(before).toMatchObject({ active: 0, openTasks: { n: 0, isAbout: false }, doubted: 0 });
    const troll = await createUser(web);
    await callAs(web, await createUser(web, 'admin'), 'admin').ratingAdmin.setStanding({
      ...{ userId: troll, standing: 'banned', reason: 'Votes at random' },
    });
    const fresh = callAs(await world.startWeb(), await createUser(web, 'admin'), 'admin').admin;
    expect((await fresh.live()).raters.doubted).toBe(1);
  });

  it('estimates large tables and counts small ones', async () => {
    const { db } = web.product;
    await db.execute(sql`insert into audit (action, subject) select 'settings.change', n::text
      from generate_series(1, 10001) n`);
    await db.execute(sql`analyze audit`);
    const { n, isAbout } = await countRows(db, schema.audit);
    expect(isAbout).toBe(true);
    expect(n).toBeGreaterThanOrEqual(10_000);
    expect(n).toBeLessThan(10_200);
    expect(await countRows(db, schema.user)).toMatchObject({ isAbout: false });
  });

  it('is for admins alone', async () => {
    for (const call of [person.admin.overview, person.admin.live, person.admin.figures])
      await expect(call()).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('unused feedback', () => {
  it('counts what was consented to later once, and no further than it is asked for', async () => {
    const { db } = web.product;
    const [before] = [(await admin.overview()).counts.unusedFeedback.n];
    const late = await answerTo(person, 'Later.', { allowTraining: false });
    await person.feedback.give({ kind: 'thumb', generationId: late.generationId, value: { up: true, reasons: [] } });
    expect((await admin.overview()).counts.unusedFeedback.n).toBe(before);
    const snapshotId = randomUUID();
    await db
      .insert(schema.snapshot)
      .values({ id: snapshotId, sha256: 'x', counts: { 'thumb/train': 3, 'prompt/train': 9 }, frozenUpTo: new Date() });
    await db
      .insert(schema.trainingRun)
      .values({ ...{ status: 'done', trigger: 'button', config: {}, parentVersionId: 'base' }, snapshotId });
    const { counts, loop } = await admin.overview();
    expect(counts.unusedFeedback.n).toBe(0);
    expect(loop.snapshot).toMatchObject({ values: { votes: 3 }, href: `/admin/snapshots/${snapshotId}` });
    await db
      .update(schema.conversation)
      .set({ allowTraining: true })
      .where(eq(schema.conversation.id, late.conversationId));
    expect((await admin.overview()).counts.unusedFeedback.n).toBe(1);
  });
});

it('the audit log is narrowed by area, person, subject and time', async () => {
  const { db } = web.product;
  await db.delete(schema.audit);
  const ada = await createUser(web, 'admin');
  await db.update(schema.user).set({ name: 'Ada 50%' }).where(eq(schema.user.id, ada));
  const at = (day: number) => new Date(Date.UTC(2026, 0, day));
  await db.insert(schema.audit).values([
    { action: 'canary.start', subject: 'v1', actorId: ada, createdAt: at(1) },
    { action: 'canary.raise', subject: 'v1', actorId: null, createdAt: at(2) },
    { action: 'canary.raise', subject: 'v2', actorId: null, createdAt: at(3) },
    { action: 'run.start', subject: 'v1_', actorId: ada, createdAt: at(4) },
  ]);
  const found = async (filter: Parameters<typeof admin.audit>[0]) =>
    (await admin.audit(filter)).items.map(({ action, subject }) => `${action} ${subject}`).reverse();
  expect(await found({ area: 'canary' })).toEqual(['canary.start v1', 'canary.raise v1', 'canary.raise v2']);
  expect(await found({ actor: 'product' })).toEqual(['canary.raise v1', 'canary.raise v2']);
  expect(await found({ actor: '50%' })).toEqual(['canary.start v1', 'run.start v1_']);
  expect(await found({ actor: ada, area: 'run' })).toEqual(['run.start v1_']);
  expect(await found({ subject: 'v1_' })).toEqual(['run.start v1_']);
  expect(await found({ subject: 'v1' })).toHaveLength(3);
  expect(await found({ from: at(2), until: at(3) })).toEqual(['canary.raise v1']);
  expect(await found({ actor: 'nobody' })).toEqual([]);
});
