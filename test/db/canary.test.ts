// A canary's way to all users: raised, promoted and taken back by what was measured, and steered by a person.
import { randomUUID } from 'node:crypto';
import { and, eq, inArray, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hash32, Rng } from '@/core/rng';
import { CANARY_PHASES, CanarySettings } from '@/core/rollout/canary';
import { Sampling } from '@/core/sampling';
import { bucketOf } from '@/core/statistics/bucket';
import * as schema from '@/db/schema';
import type { WebProcess } from '@/server/product';
import { armOf, propensityOf } from '@/server/rollout/assign';
import { runningExperiment } from '@/server/services/version/experiment';
import { type Api, callAs, createUser, createWorld, publishVersion, type World } from './world';

let world: World;
let web: WebProcess;
let admin: Api['admin'];
const PEOPLE = Array.from({ length: 1000 }, (_, at) => `crowd-${at}`);

beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  web = world.web;
  await world.startWeb({ reviewEveryMs: 200 }); // a second replica, which looks more often
  admin = callAs(web, await createUser(web, 'admin'), 'admin').admin;
  for (const id of ['v1', 'v2']) await publishVersion(web, world.artifacts, id);
  await web.product.db.insert(schema.user).values(PEOPLE.map((id) => ({ id, name: id, email: `${id}@example.org` })));
});
afterAll(() => world?.close());
beforeEach(async () => {
  const { db } = web.product;
  await db.delete(schema.canary);
  await db.delete(schema.conversation);
  await db.update(schema.experiment).set({ status: 'stopped' });
  await db.delete(schema.release);
  await db.delete(schema.audit);
  await db.insert(schema.release).values({ versionId: 'base', action: 'initial' });
  await admin.setSettings({ autoCanary: false });
});

const QUICK = CanarySettings.parse({ minutesPerStep: 0, answersPerStep: 5 });
const begin = (settings = QUICK, candidateVersionId = 'v1') => admin.startCanary({ candidateVersionId, settings });
const current = async () => (await admin.canaries())[0]!;
const championId = async () => (await admin.overview()).champion.versionId;
const acts = async (like: string) => (await admin.audit({})).items.filter(({ action }) => action.startsWith(like));

interface Crowd {
  /** How often an answer of the arm breaks a rule. */
  breaks?: { champion: number; candidate: number };
  /** How often the candidate wins a comparison; none are made without this. */
  wins?: number;
  waitMs?: { champion: number; candidate: number };
}

/** One answer for each of some people, by the arm that the product gives them, and a comparison if asked for. */
async function letAnswer(people: readonly string[], { breaks, wins, waitMs }: Crowd = {}): Promise<void> {
  const { db } = web.product;
  const experiment = await runningExperiment(db);
  if (!experiment) return;
  const rng = new Rng(hash32(people.length, experiment.share * 1000));
  const conversations: (typeof schema.conversation.$inferInsert)[] = [];
  const messages: (typeof schema.message.$inferInsert)[] = [];
  const generations: (typeof schema.generation.$inferInsert)[] = [];
  const hits: (typeof schema.constraintHit.$inferInsert)[] = [];
  const pairs: (typeof schema.comparison.$inferInsert)[] = [];
  const votes: (typeof schema.feedback.$inferInsert)[] = [];
  const answer = (conversationId: string, userId: string, arm: 'champion' | 'candidate') => {
    const [id, messageId] = [randomUUID(), randomUUID()];
    messages.push({ id: messageId, conversationId, role: 'assistant', content: 'Yes.' });
    generations.push({
      ...{ id, messageId, conversationId, userId, arm, experimentId: experiment.id, status: 'done' },
      versionId: arm === 'candidate' ? experiment.candidateVersionId : experiment.championVersionId,
      ...{ sampling: Sampling.parse({ seed: 1 }), seed: 1, promptIds: [1], completionIds: [2], finishReason: 'stop' },
      firstTokenMs: (waitMs?.[arm] ?? 100) * (0.9 + 0.2 * rng.uniform()),
      finishedAt: new Date(),
    });
    if (breaks && rng.uniform() < breaks[arm]) hits.push({ generationId: id, ruleId: 'profanity', start: 0, end: 3 });
    return id;
  };
  const assigned = people.map((userId) => {
    const bucket = bucketOf(experiment.salt, userId);
    const arm = armOf(bucket, experiment.share);
    return { experimentId: experiment.id, userId, bucket, arm, propensity: propensityOf(arm, experiment.share) };
  });
  for (const { userId, arm } of assigned) {
    const conversationId = randomUUID();
    conversations.push({ id: conversationId, userId, title: 'Q', allowTraining: true });
    answer(conversationId, userId, arm);
    if (wins === undefined) continue;
    const [left, right] = [answer(conversationId, userId, 'champion'), answer(conversationId, userId, 'candidate')];
    const id = randomUUID();
    pairs.push({
      ...{ id, conversationId, userId, leftGenerationId: left, rightGenerationId: right, source: 'side_by_side' },
    });
    const choice = rng.uniform() < wins ? ('right' as const) : ('left' as const);
    votes.push({ userId, kind: 'comparison', comparisonId: id, value: { choice } });
  }
  await db.insert(schema.assignment).values(assigned).onConflictDoNothing();
  await db.insert(schema.conversation).values(conversations);
  await db.insert(schema.message).values(messages);
  await db.insert(schema.generation).values(generations);
  if (hits.length > 0) await db.insert(schema.constraintHit).values(hits);
  if (pairs.length > 0) await db.insert(schema.comparison).values(pairs);
  if (votes.length > 0) await db.insert(schema.feedback).values(votes);
}

/** People go on chatting until the canary has ended. */
async function untilEnded(crowd: Crowd): Promise<string> {
  for (let turn = 0; turn < 40; turn++) {
    const { phase } = await current();
    if (phase === 'promoted' || phase === 'rolled_back') return phase;
    await letAnswer(PEOPLE.slice(turn * 20, turn * 20 + (crowd.wins === undefined ? 500 : 200)), crowd);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  throw new Error(`the canary has not ended: ${JSON.stringify(await current())}`);
}

describe('a canary', () => {
  it('of a good version climbs step by step to all users, each step an audit row with its numbers', async () => {
    await begin({ ...QUICK, margin: 0.2 });
    expect(await untilEnded({ wins: 0.65 })).toBe('promoted');
    expect(await championId()).toBe('v1');
    const raised = await acts('canary.raise');
    const steps = raised.map(({ detail }) => [detail.from, detail.to]).reverse();
    expect(steps).toEqual(CANARY_PHASES.slice(0, 4).map((phase, at) => [phase, CANARY_PHASES[at + 1]]));
    const [promoted] = await acts('canary.promote');
    expect(promoted).toMatchObject({ actorId: null, subject: 'v1', detail: { because: 'well' } });
    const guards = promoted!.detail.guards as { name: string; candidate: number; harm: { high: number } }[];
    const duel = guards.find(({ name }) => name === 'sideBySide')!;
    expect(duel.candidate).toBeGreaterThan(0.5);
    expect(duel.harm.high).toBeLessThan(0.2);
    expect(await runningExperiment(web.product.db)).toBeNull();
  });

  it.each([
    ['breaks rules', 'broken', { breaks: { champion: 0.02, candidate: 0.7 } }],
    ['loses comparisons', 'sideBySide', { wins: 0.25 }],
    ['makes people wait', 'firstTokenMs', { waitMs: { champion: 100, candidate: 3000 } }],
  ])('of a version that %s is taken back, and everybody has the champion again', async (_, because, crowd) => {
    await begin({ ...QUICK, answersPerStep: 20 });
    expect(await untilEnded(crowd)).toBe('rolled_back');
    expect(await championId()).toBe('base');
    const [taken] = await acts('canary.roll_back');
    expect(taken).toMatchObject({ actorId: null, subject: 'v1', detail: { because } });
    expect((await current()).verdict!.guards.find(({ name }) => name === because)).toMatchObject({ isBreached: true });
    expect(await runningExperiment(web.product.db)).toBeNull();
  });

  it('is held by time, by answers and by votes that are missing, and taken back if nothing decides', async () => {
    const { db } = web.product;
    const because = async () => (await current()).verdict?.because;
    await begin({ ...QUICK, minutesPerStep: 60 });
    await expect.poll(because, { timeout: 8000 }).toBe('time');
    await db.update(schema.canary).set({ settings: QUICK });
    await expect.poll(because, { timeout: 8000 }).toBe('answers');
    await db.update(schema.canary).set({ phase: 'share_50' });
    await db.update(schema.experiment).set({ share: 0.5 }).where(eq(schema.experiment.status, 'running'));
    await letAnswer(PEOPLE.slice(0, 100));
    await expect.poll(because, { timeout: 8000 }).toBe('votes');
    await db.update(schema.canary).set({ createdAt: sql`now() - interval '15 days'` });
    await expect.poll(async () => (await current()).phase, { timeout: 8000 }).toBe('rolled_back');
    expect(await because()).toBe('undecided');
  });

  it('does not rise while users are divided in another way than they should be', async () => {
    const { db } = web.product;
    await begin();
    const experiment = (await runningExperiment(db))!;
    const skewed = PEOPLE.slice(0, 200).map((userId, at) => ({
      ...{ experimentId: experiment.id, userId, bucket: 0.5, propensity: 0.5 },
      arm: at < 30 ? ('candidate' as const) : ('champion' as const),
    }));
    await db.insert(schema.assignment).values(skewed);
    await expect.poll(async () => (await current()).verdict?.because, { timeout: 8000 }).toBe('sample_ratio');
    expect((await current()).phase).toBe('share_1');
  });
});

describe('a person', () => {
  it('pauses, lets go on, raises, promotes and takes back, each with a reason that is kept', async () => {
    const { id } = await begin({ ...QUICK, minutesPerStep: 60 });
    await expect.poll(async () => (await current()).reviews, { timeout: 8000 }).toBeGreaterThan(0);
    await admin.steerCanary({ id, act: 'pause', reason: 'Looking at the answers first' });
    await expect(admin.steerCanary({ id, act: 'pause', reason: 'again' })).rejects.toMatchObject({ code: 'CONFLICT' });
    const { reviews } = await current();
    await expect.poll(async () => (await current()).verdict?.because, { timeout: 8000 }).toBe('paused');
    expect(await current()).toMatchObject({ phase: 'share_1', isPaused: true, reason: 'Looking at the answers first' });
    await admin.steerCanary({ id, act: 'raise', reason: 'They are good' });
    expect((await current()).phase).toBe('share_5');
    await admin.steerCanary({ id, act: 'resume', reason: 'Go on' });
    await expect.poll(async () => (await current()).reviews, { timeout: 8000 }).toBeGreaterThan(reviews);
    await admin.steerCanary({ id, act: 'promote', reason: 'Urgent repair' });
    expect([await championId(), (await current()).phase]).toEqual(['v1', 'promoted']);
    await expect(admin.steerCanary({ id, act: 'roll_back', reason: 'late' })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    expect((await acts('canary.')).map(({ action, detail }) => [action, detail.reason])).toEqual([
      ['canary.promote', 'Urgent repair'],
      ['canary.resume', 'Go on'],
      ['canary.raise', 'They are good'],
      ['canary.pause', 'Looking at the answers first'],
      ['canary.start', undefined],
    ]);

    for (const { action, detail } of await acts('canary.'))
      if (action !== 'canary.start') expect(detail.progress, action).toMatchObject({ answers: 0 });

    const second = await begin(QUICK, 'v2');
    await admin.steerCanary({ id: second.id, act: 'roll_back', reason: 'Wrong version' });
    expect([await championId(), (await current()).phase]).toEqual(['v1', 'rolled_back']);
    await expect(admin.steerCanary({ id, act: 'pause', reason: '  ' })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });

  it('who pauses a canary keeps it where it is, but harm still takes it back', async () => {
    const { id } = await begin({ ...QUICK, answersPerStep: 1 });
    await admin.steerCanary({ id, act: 'raise', reason: 'More of it' });
    await admin.steerCanary({ id, act: 'pause', reason: 'Over the weekend' });
    await letAnswer(PEOPLE.slice(0, 500));
    await expect.poll(async () => (await current()).progress?.answers, { timeout: 8000 }).toBe(1);
    expect(await current()).toMatchObject({ phase: 'share_5', verdict: { act: 'hold', because: 'paused' } });
    await letAnswer(PEOPLE.slice(0, 500), { breaks: { champion: 0, candidate: 1 } });
    await expect.poll(async () => (await current()).phase, { timeout: 8000 }).toBe('rolled_back');
    expect((await acts('canary.roll_back'))[0]!.detail).toMatchObject({ because: 'broken' });
  });

  it('cannot move or end the users of a canary as if they were an experiment’s; a release ends it', async () => {
    await begin({ ...QUICK, minutesPerStep: 60 });
    const { experimentId } = await current();
    await expect(admin.setShare({ id: experimentId, share: 1 })).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(admin.stopExperiment({ id: experimentId })).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(begin(QUICK, 'v2')).rejects.toMatchObject({ code: 'CONFLICT' });
    await admin.promote({ versionId: 'v2' });
    expect(await current()).toMatchObject({ candidateVersionId: 'v1', phase: 'rolled_back' });
  });
});

describe('the product itself', () => {
  it('begins a canary for a new version of the champion once, if the settings say so', async () => {
    const { db } = web.product;
    await publishVersion(web, world.artifacts, 'v3');
    await db
      .update(schema.version)
      .set({ parentId: 'base', createdAt: sql`now() + interval '1 second'` })
      .where(eq(schema.version.id, 'v3'));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(await admin.canaries()).toEqual([]);
    await admin.setSettings({ autoCanary: true, canary: QUICK });
    await expect.poll(async () => (await admin.canaries()).length, { timeout: 8000 }).toBe(1);
    const row = await current();
    expect(row).toMatchObject({ candidateVersionId: 'v3', phase: 'share_1', isByProduct: true, settings: QUICK });
    await admin.steerCanary({ id: row.id, act: 'roll_back', reason: 'No' });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(await admin.canaries()).toHaveLength(1);
    await admin.setSettings({ autoCanary: false }); // without its canary the version would be new again
    await db.delete(schema.canary).where(eq(schema.canary.id, row.id));
    await db.delete(schema.experiment).where(and(inArray(schema.experiment.candidateVersionId, ['v3'])));
    await db.delete(schema.version).where(eq(schema.version.id, 'v3'));
  });
});
