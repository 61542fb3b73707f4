// Several experiments at once: layers, the holdout, stickiness, exposure, settings as arms, and what becomes of each.
import { and, desc, eq, inArray, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bucketOf } from '@/core/statistics/bucket';
import * as schema from '@/db/schema';
import type { WebProcess } from '@/server/product';
import { writeExperimentVotes } from '@/test/experiment-votes';
import { type Api, callAs, createUser, createWorld, publishVersion, readStream, send, type World } from './world';

let world: World;
let web: WebProcess;
let admin: Api;
let ada: string;
const { experiment, assignment, generation, generationArm } = schema;

beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  web = await world.startWeb({ reviewEveryMs: 200 });
  admin = callAs(web, await createUser(web, 'admin'), 'admin');
  ada = await createUser(web);
  await admin.admin.setSettings({ comparisonShare: 0 });
  for (const id of ['v1', 'v2']) await publishVersion(web, world.artifacts, id);
});
afterAll(() => world?.close());
beforeEach(async () => {
  await web.product.db.update(experiment).set({ status: 'stopped' });
  await admin.admin.setSettings({ holdoutShare: 0 });
});

const start = (asked: Partial<Parameters<Api['admin']['startExperiment']>[0]>) =>
  admin.admin.startExperiment({ name: 'x', share: 0.5, ...asked });
const rowOf = async (id: string) => (await web.product.db.select().from(experiment).where(eq(experiment.id, id)))[0]!;

async function ask(userId: string) {
  const api = callAs(web, userId);
  const sent = await send(api, 'Hello');
  for (const answer of sent.answers) await readStream(api, answer);
  const ids = sent.answers.map(({ generationId }) => generationId);
  const rows = await web.product.db.select().from(generation).where(inArray(generation.id, ids));
  const arms = await web.product.db.select().from(generationArm).where(inArray(generationArm.generationId, ids));
  return { rows, arms };
}

describe('layers', () => {
  it('give one person at most one experiment each, and split people independently of each other', async () => {
    const a = await start({ candidateVersionId: 'v1', part: 0.5, share: 1 });
    const b = await start({ candidateVersionId: 'v2', part: 0.5, share: 1 });
    const c = await start({ change: { temperature: 0 }, layer: 'sampling', share: 0.5 });
    expect([a.segmentFrom, a.segmentTo, b.segmentFrom, b.segmentTo]).toEqual([0, 0.5, 0.5, 1]);
    const people = await Promise.all(Array.from({ length: 24 }, () => createUser(web)));
    for (const person of people) {
      const { rows, arms } = await ask(person);
      const isFirst = bucketOf('layer versions', person) < 0.5;
      expect(rows[0]).toMatchObject({ experimentId: isFirst ? a.id : b.id, versionId: isFirst ? 'v1' : 'v2' });
      expect(arms).toEqual([expect.objectContaining({ experimentId: c.id, propensity: 0.5 })]);
    }
    const rows = await web.product.db.select().from(assignment).where(inArray(assignment.userId, people));
    expect(rows).toHaveLength(48);
    const arms = new Set(rows.filter((row) => row.experimentId === c.id).map((row) => row.arm));
    expect(arms.size).toBe(2);
  });

  it('refuse an experiment without room, and one that changes what another layer changes', async () => {
    await start({ name: 'Warmer', change: { temperature: 1 }, layer: 'sampling', part: 0.6 });
    await expect(start({ change: { topP: 0.9 }, layer: 'sampling', part: 0.5 })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('"Warmer" is running in it'),
    });
    await expect(start({ change: { temperature: 0.5 }, layer: 'other' })).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(start({ change: { systemPrompt: 'Be brief.' }, layer: 'prompt' })).resolves.toMatchObject({
      layer: 'prompt',
    });
    await expect(start({ change: {} })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await expect(start({ change: { topK: 3 }, candidateVersionId: 'v1' })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    });
  });

  it('has room for a canary only if no experiment on versions runs, and the other way round', async () => {
    const own = await start({ candidateVersionId: 'v1', part: 0.2 });
    await expect(admin.admin.startCanary({ candidateVersionId: 'v2' })).rejects.toMatchObject({ code: 'CONFLICT' });
    await admin.admin.stopExperiment({ id: own.id });
    await start({ change: { topK: 5 } });
    const { id } = await admin.admin.startCanary({ candidateVersionId: 'v2' });
    await expect(start({ candidateVersionId: 'v1', part: 0.01 })).rejects.toMatchObject({ code: 'CONFLICT' });
    await admin.admin.steerCanary({ id, act: 'roll_back', reason: 'Enough' });
  });

  it('by several admins at once never share users: of eight starts with a third each, three succeed', async () => {
    const started = await Promise.allSettled(
      Array.from({ length: 8 }, () => start({ change: { topK: 9 }, part: 1 / 3 })),
    );
    expect(started.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    const running = await web.product.db.select().from(experiment).where(eq(experiment.status, 'running'));
    const edges = running.map((row) => [row.segmentFrom, row.segmentTo]).sort((x, y) => x[0]! - y[0]!);
    for (let i = 1; i < edges.length; i++) expect(edges[i]![0]).toBeGreaterThanOrEqual(edges[i - 1]![1]!);
  });
});

describe('the holdout', () => {
  it('meets no experiment and no canary', async () => {
    await admin.admin.setSettings({ holdoutShare: 0.5 });
    const { id } = await start({ candidateVersionId: 'v1', share: 1 });
    await start({ change: { temperature: 0 }, share: 1 });
    let held = 0;
    for (let i = 0; i < 12; i++) {
      const person = await createUser(web);
      const isHeld = bucketOf('holdout', person) < 0.5;
      if (isHeld) held++;
      const { rows, arms } = await ask(person);
      expect(rows[0]).toMatchObject(
        isHeld ? { experimentId: null, versionId: 'base' } : { experimentId: id, versionId: 'v1' },
      );
      expect(arms).toHaveLength(isHeld ? 0 : 1);
    }
    expect(held).toBeGreaterThan(0);
    expect(held).toBeLessThan(12);
  });
});

describe('settings as arms', () => {
  it('shape the candidate’s answers, and both arms of a comparison differ in nothing else', async () => {
    const { id } = await start({ change: { topK: 3, systemPrompt: 'Be brief.' }, share: 1 });
    const { rows } = await ask(ada);
    expect(rows[0]).toMatchObject({
      sampling: { topK: 3 },
      systemPrompt: 'Be brief.',
      experimentId: null,
    });
    await admin.admin.setSettings({ comparisonShare: 1 });
    const { rows: pair, arms } = await ask(ada);
    await admin.admin.setSettings({ comparisonShare: 0 });
    const settings = new Map(arms.map((arm) => [arm.arm, pair.find((row) => row.id === arm.generationId)!]));
    expect(settings.get('candidate')).toMatchObject({ sampling: { topK: 3 }, systemPrompt: 'Be brief.' });
    expect(settings.get('champion')!.sampling.topK).toBe(0);
    expect(settings.get('champion')!.systemPrompt).not.toBe('Be brief.');
    expect(new Set(pair.map((row) => row.versionId)).size).toBe(1);
    expect(arms.every((arm) => arm.experimentId === id && arm.propensity === 1)).toBe(true);
  });

  it('count thumbs by arm, and outlive a change of the champion, which ends experiments on versions', async () => {
    const { id } = await start({ change: { temperature: 0.1 }, share: 1 });
    const other = await start({ candidateVersionId: 'v1' });
    const { rows } = await ask(ada);
    await callAs(web, ada).feedback.give({ kind: 'thumb', generationId: rows[0]!.id, value: { up: true } });
    const found = await admin.admin.experimentResults({ id });
    expect(found.candidate).toMatchObject({ versionId: null, users: 1, thumbs: { up: 1, n: 1 } });
    expect(found.findings).toMatchObject({ votes: 1, verdict: { outcome: 'undecided' } });
    await admin.admin.promote({ versionId: 'v2' });
    expect([(await rowOf(id)).status, (await rowOf(other.id)).status]).toEqual(['running', 'stopped']);
    await admin.admin.rollback({});
  });
});

describe('exposure', () => {
  it('begins with the first answer that comes from the arm alone', async () => {
    const person = await createUser(web);
    const { id } = await start({ candidateVersionId: 'v1', share: 1 });
    const exposedAt = async () =>
      (
        await web.product.db
          .select()
          .from(assignment)
          .where(and(eq(assignment.experimentId, id), eq(assignment.userId, person)))
      )[0]!.exposedAt;
    await admin.admin.setSettings({ comparisonShare: 1 });
    await ask(person);
    await admin.admin.setSettings({ comparisonShare: 0 });
    expect(await exposedAt()).toBeNull();
    await ask(person);
    const first = await exposedAt();
    expect(first).toBeInstanceOf(Date);
    await ask(person);
    expect(await exposedAt()).toEqual(first);
    expect(await admin.admin.experimentResults({ id })).toMatchObject({ exposed: 1 });
  });
});

const vote = (id: string, people: number, rates: Record<'champion' | 'candidate', number>) =>
  writeExperimentVotes(web.product.db, id, people, rates);

describe('a verdict', () => {
  const plan = { smallestEffect: 0.1, mostDays: 10 };

  it('comes with its numbers, once; the better candidate goes on being tested until a person acts', async () => {
    const { id, needed } = await start({ candidateVersionId: 'v1', plan });
    expect(needed!.people).toBeGreaterThan(needed!.readOnce);
    await vote(id, 800, { champion: 0.4, candidate: 0.7 });
    await expect.poll(async () => (await rowOf(id)).decision?.outcome, { timeout: 8000 }).toBe('candidate');
    const { decision, decidedAt, status } = await rowOf(id);
    expect(status).toBe('running');
    expect(decision!.reading).toMatchObject({ people: expect.closeTo(800, 6), effect: expect.closeTo(0.3, 2) });
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect((await rowOf(id)).decidedAt).toEqual(decidedAt);
    const acts = await web.product.db.select().from(schema.audit).where(eq(schema.audit.subject, id));
    expect(acts.filter(({ action }) => action === 'experiment.decide')).toHaveLength(1);
    const { findings, champion } = await admin.admin.experimentResults({ id });
    expect(champion.thumbs.n).toBe(400);
    expect(findings!.past.length).toBeGreaterThan(10);
    expect(findings!.past.at(-1)!.low).toBeGreaterThan(0);
    expect(findings!.forEverybody.candidate!.snips.value).toBeCloseTo(0.7, 2);
    expect(findings!.forEverybody.champion!.doublyRobust.value).toBeCloseTo(0.4, 2);
    expect(findings!.adjusted!.effect).toBeCloseTo(0.3, 2);
    expect(findings!.languages[0]).toMatchObject({ people: 800 });
  });

  it.each([
    ['a candidate that is worse', { champion: 0.7, candidate: 0.4 }, 'champion'],
    ['one that cannot be better by what matters', { champion: 0.6, candidate: 0.5 }, 'futile'],
  ])('of %s ends the experiment', async (_, rates, outcome) => {
    const { id } = await start({ candidateVersionId: 'v1', plan });
    await vote(id, outcome === 'futile' ? 400 : 800, rates);
    await expect.poll(async () => (await rowOf(id)).status, { timeout: 8000 }).toBe('stopped');
    expect((await rowOf(id)).decision).toMatchObject({ outcome });
    const [stopped] = await web.product.db
      .select()
      .from(schema.audit)
      .where(and(eq(schema.audit.subject, id), eq(schema.audit.action, 'experiment.stop')));
    expect(stopped).toMatchObject({ actorId: null, detail: { because: outcome } });
  });

  it('ends with the time of the plan, and is not made while people are divided wrongly', async () => {
    const { db } = web.product;
    const { id } = await start({ candidateVersionId: 'v1', plan });
    await db.update(experiment).set({ createdAt: sql`now() - interval '11 days'` }).where(eq(experiment.id, id));
    await expect.poll(async () => (await rowOf(id)).decision?.outcome, { timeout: 8000 }).toBe('late');
    const skewed = await start({ candidateVersionId: 'v1', plan, share: 0.5 });
    await vote(skewed.id, 400, { champion: 0.4, candidate: 0.7 });
    await db
      .update(assignment)
      .set({ propensity: sql`case arm when 'candidate' then 0.1 else 0.9 end` })
      .where(eq(assignment.experimentId, skewed.id));
    const { findings } = await admin.admin.experimentResults({ id: skewed.id });
    expect(findings!.verdict.outcome).toBe('skewed');
  });

  it('Thompson sampling moves the share within its bounds, as an act of the product itself', async () => {
    const { db } = web.product;
    const thompson = { least: 0.2, most: 0.8 };
    const { id } = await start({
      candidateVersionId: 'v1',
      share: 0.5,
      plan: { ...plan, smallestEffect: 0.02, thompson },
    });
    await vote(id, 60, { champion: 0.4, candidate: 0.7 });
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect((await rowOf(id)).share).toBe(0.5);
    await db.update(experiment).set({ shareSince: sql`now() - interval '7 hours'` }).where(eq(experiment.id, id));
    await expect.poll(async () => (await rowOf(id)).share, { timeout: 8000 }).toBe(0.8);
    const [moved] = await db
      .select()
      .from(schema.audit)
      .where(eq(schema.audit.action, 'experiment.share'))
      .orderBy(desc(schema.audit.id))
      .limit(1);
    expect(moved).toMatchObject({ actorId: null, subject: id, detail: { because: 'thompson', to: 0.8 } });
  });
});

describe('before the start', () => {
  it('says how many people must vote, and how long that takes at today’s traffic', async () => {
    const asked = { plan: { smallestEffect: 0.1 }, share: 0.5, part: 1 };
    const half = await admin.admin.forecastExperiment({ ...asked, part: 0.5 });
    const whole = await admin.admin.forecastExperiment(asked);
    expect(whole.needed!.people).toBeGreaterThan(500);
    expect(whole.perDay).toBeGreaterThan(0);
    expect(whole.days).toBeCloseTo(whole.needed!.people / whole.perDay, 6);
    expect(half.days! / whole.days!).toBeCloseTo(2, 1);
    expect((await admin.admin.forecastExperiment({ ...asked, share: 1 })).needed).toBeNull();
  });
});
