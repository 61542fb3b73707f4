// Experiments, promotion and rollback: who gets which version, and what happens when two admins act at once.
import { randomUUID } from 'node:crypto';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { assignment, constraintHit, experiment, generation, message, release, user, version } from '@/db/schema';
import type { WebProcess } from '@/server/product';
import { assignArms, combineArms } from '@/server/rollout/assign';
import { runningExperiment } from '@/server/services/version/experiment';
import { type Api, callAs, createUser, createWorld, publishVersion, readStream, send, type World } from './world';

let world: World;
let web: WebProcess;
let admin: Api;

beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  web = world.web;
  admin = callAs(web, await createUser(web, 'admin'), 'admin');
  await admin.admin.setSettings({ comparisonShare: 0 });
  for (const id of ['v1', 'v2']) await publishVersion(web, world.artifacts, id);
});
afterAll(() => world?.close());
beforeEach(async () => {
  await web.product.db.update(experiment).set({ status: 'stopped' });
  await web.product.db.delete(release);
  await web.product.db.insert(release).values({ versionId: 'base', action: 'initial' });
});

const championId = async () => (await admin.admin.overview()).champion.versionId;

describe('an experiment', () => {
  it('keeps the arms of 1,000 users over a restart; a new share moves only those between old and new', async () => {
    const { db } = web.product;
    const ids = Array.from({ length: 1000 }, (_, i) => `crowd-${i}`);
    await db.insert(user).values(ids.map((id) => ({ id, name: id, email: `${id}@example.org` })));
    const { id } = await admin.admin.startExperiment({ candidateVersionId: 'v1', share: 0.1, name: 'first' });
    const assignAll = async ({ product }: WebProcess) => {
      const running = (await runningExperiment(product.db))!;
      const arms = new Map<string, string>();
      for (const user of ids) {
        const given = await assignArms(product.db, [running], user, { isExposed: true });
        const { arm, versionId, propensity } = combineArms('base', given);
        expect(versionId).toBe(arm === 'candidate' ? 'v1' : 'base');
        expect(propensity).toBeCloseTo(arm === 'candidate' ? running.share : 1 - running.share, 12);
        arms.set(user, arm);
      }
      return arms;
    };
    const before = await assignAll(web);
    const candidates = [...before.values()].filter((arm) => arm === 'candidate').length;
    // Binomial(1000, 0.1): mean 100, standard deviation 9.5; the bounds are five deviations on each side.
    expect(candidates).toBeGreaterThan(52);
    expect(candidates).toBeLessThan(148);
    const next = await world.startWeb();
    expect(await assignAll(next)).toEqual(before);

    const { movedUsers } = await admin.admin.setShare({ id, share: 0.5 });
    const after = await assignAll(next);
    const rows = await db.select().from(assignment).where(eq(assignment.experimentId, id));
    const between = rows.filter(({ bucket }) => bucket >= 0.1 && bucket < 0.5).map((row) => row.userId);
    const moved = ids.filter((user) => before.get(user) !== after.get(user));
    expect(new Set(moved)).toEqual(new Set(between));
    expect(movedUsers).toBe(between.length);
    expect(moved.every((user) => after.get(user) === 'candidate')).toBe(true);

    await admin.admin.setShare({ id, share: 0.1 });
    expect(await assignAll(next)).toEqual(before);
    const results = await admin.admin.experimentResults({ id });
    expect([results.candidate.users, results.champion.users]).toEqual([candidates, 1000 - candidates]);
  });

  it('answers each person with their arm’s version, and counts thumbs and choices for it', async () => {
    const { id } = await admin.admin.startExperiment({ candidateVersionId: 'v1', share: 1, name: 'all' });
    const ada = callAs(web, await createUser(web));
    const one = await send(ada, 'Hello');
    await readStream(ada, one.answers[0]!);
    await ada.feedback.give({ kind: 'thumb', generationId: one.answers[0]!.generationId, value: { up: true } });
    await admin.admin.setSettings({ comparisonShare: 1 });
    const two = await send(ada, 'Two answers');
    await admin.admin.setSettings({ comparisonShare: 0 });
    for (const answer of two.answers) await readStream(ada, answer);
    const rows = await web.product.db
      .select()
      .from(generation)
      .where(eq(generation.conversationId, two.conversationId));
    expect(rows.map((row) => row.versionId).sort()).toEqual(['base', 'v1']);
    const left = rows.find((row) => row.id === two.answers[0]!.generationId)!;
    await ada.feedback.give({
      kind: 'comparison',
      comparisonId: two.comparisonId!,
      value: { choice: left.arm === 'candidate' ? 'left' : 'right' },
    });
    const results = await admin.admin.experimentResults({ id });
    // For one of one, Wilson's interval is [1 / (1 + 1.96^2), 1] = [0.2065, 1].
    expect(results.candidate).toMatchObject({
      versionId: 'v1',
      users: 1,
      thumbs: { up: 1, n: 1, rate: 1, high: 1 },
      sideBySide: { wins: 1, losses: 0, winRate: 1 },
    });
    expect(results.candidate.thumbs.low).toBeCloseTo(0.2065, 3);
    expect(results.champion).toMatchObject({ thumbs: { n: 0, low: 0, high: 1 }, sideBySide: { wins: 0, losses: 1 } });
    const [v1] = await admin.version.figures({ ids: ['v1'] });
    expect(v1).toMatchObject({ thumbRate: { up: 1, n: 1 }, sideBySide: { wins: 1 } });
  });

  it('counts for each arm, with an interval, how many of its finished answers broke which rule', async () => {
    const { id } = await admin.admin.startExperiment({ candidateVersionId: 'v1', share: 0.5, name: 'guardrail' });
    const { db } = web.product;
    const [old] = await db.select().from(generation).limit(1);
    const hit = (ruleId: string) => ({ ruleId, start: 0, end: 4 });
    const answers = [
      { arm: 'candidate', constraintHits: [hit('profanity'), hit('profanity'), hit('phone')] },
      { arm: 'candidate', constraintHits: [hit('phone')] },
      { arm: 'candidate', constraintHits: [] },
      { arm: 'candidate', constraintHits: [] },
      { arm: 'candidate', constraintHits: [hit('phone')], status: 'failed' },
      { arm: 'champion', constraintHits: [] },
    ] as const;
    const asked = { conversationId: old!.conversationId, role: 'assistant', content: '' } as const;
    const messages = await db
      .insert(message)
      .values(answers.map(() => asked))
      .returning();
    const rows = answers.map(({ constraintHits: _, ...own }, i) => ({
      ...old!,
      ...{ id: randomUUID(), messageId: messages[i]!.id, experimentId: id, status: 'done' as const },
      ...own,
    }));
    await db.insert(generation).values(rows);
    await db
      .insert(constraintHit)
      .values(
        answers.flatMap((answer, i) => answer.constraintHits.map((one) => ({ ...one, generationId: rows[i]!.id }))),
      );
    const { candidate, champion } = await admin.admin.experimentResults({ id });
    expect(candidate.rules).toMatchObject({
      any: { answers: 2, n: 4, rate: 0.5 },
      rules: [
        { ruleId: 'phone', answers: 2, hits: 2, n: 4 },
        { ruleId: 'profanity', answers: 1, hits: 2, n: 4, rate: 0.25 },
      ],
    });
    // Wilson of 1 of 4: (0.25 + 1.92 / 4 -+ 1.96 sqrt(0.1875 / 4 + 0.96 / 16)) / (1 + 3.84 / 4)
    expect(candidate.rules.rules[1]!.low).toBeCloseTo(0.0456, 3);
    expect(candidate.rules.rules[1]!.high).toBeCloseTo(0.6994, 3);
    expect(champion.rules).toMatchObject({ any: { answers: 0, n: 1, rate: 0 }, rules: [] });
    const own = (await admin.version.figures({ ids: [old!.versionId!] }))[0]!;
    expect(own.rules.any.n).toBeGreaterThanOrEqual(5);
    expect(own.rules.rules[0]).toMatchObject({ ruleId: 'phone', answers: 2 });
  });

  it('with all users of the layer is alone in it, with an accepted version that does not already serve', async () => {
    const start = (candidateVersionId: string) =>
      admin.admin.startExperiment({ candidateVersionId, share: 0.5, name: 'x' });
    await expect(start('nowhere')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(start('base')).rejects.toMatchObject({ code: 'CONFLICT' });
    const started = await Promise.allSettled([start('v1'), start('v2')]);
    expect(started.map((s) => s.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(started.find((s) => s.status === 'rejected')).toMatchObject({ reason: { code: 'CONFLICT' } });
  });
});

describe('promotion', () => {
  it('by two admins at once happens once, and the other gets a conflict', async () => {
    const both = await Promise.allSettled([
      admin.admin.promote({ versionId: 'v1', expectedChampionId: 'base' }),
      admin.admin.promote({ versionId: 'v2', expectedChampionId: 'base' }),
    ]);
    const won = both.find((result) => result.status === 'fulfilled');
    expect(both.filter((result) => result.status === 'rejected')).toMatchObject([{ reason: { code: 'CONFLICT' } }]);
    expect(await championId()).toBe(won!.value.versionId);
    expect(await web.product.db.select().from(release)).toHaveLength(2);
  });

  it('ends a running experiment, leaves an audit row, and is undone step by step', async () => {
    await admin.admin.startExperiment({ candidateVersionId: 'v1', share: 0.5, name: 'x' });
    await admin.admin.promote({ versionId: 'v1' });
    expect((await admin.admin.experiments()).every((row) => row.status === 'stopped')).toBe(true);
    await admin.admin.promote({ versionId: 'v2' });
    expect((await admin.admin.audit({})).items[0]).toMatchObject({
      action: 'release.promote',
      subject: 'v2',
      detail: { from: 'v1' },
    });
    await expect(admin.admin.promote({ versionId: 'v2' })).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await admin.admin.rollback()).toEqual({ versionId: 'v1' });
    expect(await admin.admin.rollback()).toEqual({ versionId: 'base' });
    await expect(admin.admin.rollback()).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await championId()).toBe('base');
  });

  it('of a version that its gates rejected, that is unknown, or that cannot be loaded is refused', async () => {
    const { db, base } = web.product;
    const facts = { baseId: base.id, baseSha256: base.sha256 };
    await db.insert(version).values([
      { id: 'bad', ...facts, status: 'rejected' },
      { id: 'no-files', ...facts, status: 'accepted' },
    ]);
    await expect(admin.admin.promote({ versionId: 'bad' })).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(admin.admin.promote({ versionId: 'unknown' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const noFiles = { code: 'CONFLICT', message: expect.stringMatching(/^The files of version no-files .*backup/) };
    await expect(admin.admin.promote({ versionId: 'no-files' })).rejects.toMatchObject(noFiles);
    await expect(
      admin.admin.startExperiment({ candidateVersionId: 'no-files', share: 0.5, name: 'x' }),
    ).rejects.toMatchObject(noFiles);
    expect(await championId()).toBe('base');
    expect((await admin.admin.experiments()).every((row) => row.status === 'stopped')).toBe(true);
  });

  it('lets an answer in progress finish on the version that it began with', async () => {
    const ada = callAs(web, await createUser(web));
    const sent = await send(ada, 'Slow', { sampling: { maxTokens: 400, temperature: 1, seed: 3 } });
    await admin.admin.promote({ versionId: 'v1' });
    await readStream(ada, sent.answers[0]!);
    const next = await send(ada, 'Next');
    await readStream(ada, next.answers[0]!);
    const versionOf = async (id: string) =>
      (await web.product.db.select().from(generation).where(eq(generation.id, id)))[0]!.versionId;
    expect(await versionOf(sent.answers[0]!.generationId)).toBe('base');
    expect(await versionOf(next.answers[0]!.generationId)).toBe('v1');
  });

  it('is prepared in advance: a published version is loaded before anyone asks for it', async () => {
    await publishVersion(web, world.artifacts, 'v3');
    await web.product.db.execute(sql`select pg_notify('version_published', 'v3')`);
    await expect.poll(async () => (await web.product.engine.status()).versions).toContain('v3');
  });
});
