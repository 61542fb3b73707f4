// The five figures from rows as the product writes them, for admins, by API, and for everyone by choice.
import { randomUUID } from 'node:crypto';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CanarySettings } from '@/core/rollout/canary';
import { Sampling } from '@/core/sampling';
import type { Database } from '@/db/client';
import * as schema from '@/db/schema';
import type { WebProcess } from '@/server/product';
import { type ApiClient, createClient, errorOf, routeTo } from './api-client';
import { callAs, createUser, createWorld, publishVersion, type World } from './world';

let world: World;
let web: WebProcess;
let db: Database;
let client: ApiClient;
let admin: string;

const MINUTE = 60_000;
const start = Date.now() - 600 * MINUTE;
const minute = (at: number) => new Date(start + at * MINUTE);

beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  web = world.web;
  db = web.product.db;
  routeTo(web);
  client = await createClient(web);
  admin = await createUser(web, 'admin');
  for (const id of ['v1', 'v2']) await publishVersion(web, world.artifacts, id);
});
afterAll(() => world?.close());

const asAdmin = () => callAs(web, admin, 'admin');

async function answer(at: Date, more: Partial<typeof schema.generation.$inferInsert> = {}): Promise<string> {
  const conversationId = randomUUID();
  const [id, messageId] = [randomUUID(), randomUUID()];
  const userId = client.userId;
  await db.insert(schema.conversation).values({ id: conversationId, userId, title: 'Q', allowTraining: true });
  await db.insert(schema.message).values({ id: messageId, conversationId, role: 'assistant', content: 'Yes.' });
  await db.insert(schema.generation).values({
    ...{ id, messageId, conversationId, userId, status: 'done', versionId: 'base' },
    ...{ sampling: Sampling.parse({ seed: 1 }), seed: 1, promptIds: [1], completionIds: [2] },
    ...{ createdAt: at, finishedAt: new Date(+at + 2000) },
    ...more,
  });
  return id;
}

async function vote(at: Date, kind: 'thumb' | 'implicit' = 'thumb'): Promise<string> {
  const [row] = await db
    .insert(schema.feedback)
    .values({
      ...{ userId: client.userId, kind, generationId: await answer(at), createdAt: at },
      value: kind === 'thumb' ? { up: true, reasons: [] } : { copied: true },
    })
    .returning();
  return row!.id;
}

it('says that there is no figure yet while nothing has happened', async () => {
  const figures = await asAdmin().admin.figures();
  expect(figures).toMatchObject({
    votesPerPoint: { value: null, n: 0 },
    rewardAccuracy: [],
    voteToBehaviour: null,
    swapErrors: { swaps: 0, rate: null },
    rollback: null,
    promotions: [],
  });
});

it('reads each figure from the rows of two promotions, a rollback and a run', async () => {
  // v1 learns from ten votes, v2 from these and from four new ones; a signal is no vote.
  const first = await Promise.all(Array.from({ length: 10 }, (_, i) => vote(minute(i))));
  const later = await Promise.all(Array.from({ length: 4 }, (_, i) => vote(minute(110 + i))));
  const signal = await vote(minute(5), 'implicit');
  const learned = (versionId: string, ids: string[]) => ids.map((feedbackId) => ({ versionId, feedbackId }));
  await db.insert(schema.versionFeedback).values(learned('v1', [...first, signal]));
  await db.insert(schema.versionFeedback).values(learned('v2', [...first, ...later, signal]));
  await db.insert(schema.release).values({
    ...{ versionId: 'v1', previousVersionId: 'base', action: 'promote', createdAt: minute(20) },
  });
  await db.insert(schema.release).values({
    ...{ versionId: 'v2', previousVersionId: 'v1', action: 'promote', createdAt: minute(120) },
  });
  const [experiment] = await db
    .insert(schema.experiment)
    .values({
      ...{ name: 'v1', salt: 's', championVersionId: 'base', candidateVersionId: 'v1', share: 0.5, status: 'stopped' },
    })
    .returning();
  const canary = {
    ...{ experimentId: experiment!.id, candidateVersionId: 'v1', championVersionId: 'base' },
    ...{ settings: CanarySettings.parse({}), endedAt: minute(20) },
  };
  const duel = {
    name: 'sideBySide',
    champion: 0.4,
    candidate: 0.6,
    harm: null,
    people: 40,
    isBreached: false,
  } as const;
  await db
    .insert(schema.canary)
    .values({ ...canary, phase: 'promoted', verdict: { act: 'promote', because: 'well', guards: [duel] } });
  // v2 met no people before its promotion: its gate says what it gained.
  const gate = { name: 'win_rate', value: 0.52, threshold: 0.5, bound: 'min', passed: true } as const;
  await db
    .update(schema.version)
    .set({ gates: [gate] })
    .where(eq(schema.version.id, 'v2'));

  // Another candidate was taken back at minute 40; its last answer ended 7 seconds later.
  await db.insert(schema.canary).values({
    ...{ ...canary, candidateVersionId: 'v2', phase: 'rolled_back', endedAt: minute(40), reviewedAt: minute(40) },
    verdict: { act: 'roll_back', because: 'broken', guards: [] },
  });
  const arm = { experimentId: experiment!.id, versionId: 'v2', arm: 'candidate' as const };
  await answer(new Date(+minute(40) - 3000), { ...arm, finishedAt: new Date(+minute(40) + 7000) });
  await answer(minute(30), arm);

  // At the first promotion: one answer in progress, one begun just after that failed, one over and one begun too late.
  await db.insert(schema.audit).values({ action: 'release.promote', subject: 'v1', createdAt: minute(20) });
  await db.insert(schema.audit).values({ action: 'settings.change', subject: 'trigger', createdAt: minute(30) });
  await answer(new Date(+minute(20) - 1000));
  await answer(new Date(+minute(20) + 3000), { status: 'failed' });
  await answer(new Date(+minute(20) - 9000));
  await answer(new Date(+minute(20) + 30_000), { status: 'failed' });

  const [run] = await db
    .insert(schema.trainingRun)
    .values({
      ...{ status: 'done', trigger: 'button', config: {}, parentVersionId: 'base', finishedAt: minute(19) },
    })
    .returning();
  const point = (step: number, metrics: Record<string, number>) => ({
    ...{ runId: run!.id, stage: 'reward_model', step, metrics },
  });
  await db
    .insert(schema.runMetric)
    .values([
      point(1, { eval_accuracy: 0.5, eval_examples: 30 }),
      point(2, { eval_accuracy: 0.7, eval_examples: 30 }),
      point(3, { 'normalisation/mean': 1 }),
    ]);

  const fresh = callAs(await world.startWeb(), admin, 'admin');
  const figures = await fresh.admin.figures();
  // 10 votes for 10 points, and 4 for 2.
  expect(figures.votesPerPoint).toMatchObject({ n: 2, votes: 14 });
  expect(figures.votesPerPoint.points).toBeCloseTo(12);
  expect(figures.promotions.map(({ versionId, votes }) => [versionId, votes])).toEqual([
    ['v1', 10],
    ['v2', 4],
  ]);
  // Waits of 11 to 20 minutes and of 7 to 10.
  expect(figures.voteToBehaviour!.n).toBe(14);
  expect(figures.voteToBehaviour!.median / 60).toBeCloseTo(13.5);
  expect(figures.voteToBehaviour!.most / 60).toBeCloseTo(20);
  expect(figures.swapErrors).toMatchObject({ swaps: 1, answers: 2, failed: 1, rate: { value: 0.5 } });
  expect(figures.rollback).toMatchObject({ median: 7, n: 1 });
  expect(figures.rewardAccuracy).toMatchObject([{ runId: run!.id, accuracy: 0.7, n: 30 }]);
});

it('opens the figures to an admin’s key always, and to others once an admin has made them public', async () => {
  const refused = await client.send('/v1/figures');
  expect(refused.status).toBe(403);
  expect((await errorOf(refused)).message).toContain('not public');
  await expect(callAs(web, client.userId).system.figures()).rejects.toMatchObject({ code: 'FORBIDDEN' });
  await expect(callAs(web, client.userId).admin.figures()).rejects.toMatchObject({ code: 'FORBIDDEN' });

  await db.update(schema.user).set({ role: 'admin' }).where(eq(schema.user.id, client.userId));
  expect((await client.send('/v1/figures')).status).toBe(200);
  await db.update(schema.user).set({ role: 'user' }).where(eq(schema.user.id, client.userId));

  await asAdmin().admin.setSettings({ publicFigures: true });
  const body = (await (await client.send('/v1/figures')).json()) as object;
  expect(Object.keys(body).sort()).toEqual(
    ['object', 'reward_accuracy', 'rollback', 'swap_errors', 'vote_to_behaviour', 'votes_per_point'].sort(),
  );
  expect(await callAs(web, client.userId).system.figures()).not.toHaveProperty('promotions');
  const [{ n }] = (
    await db.execute<{ n: string }>(sql`select count(*) as n from audit where action = 'settings.change'
    and detail -> 'to' = '{"publicFigures": true}'`)
  ).rows as [{ n: string }];
  expect(+n).toBe(1);
});
