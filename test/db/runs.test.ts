// Runs as an admin starts and follows them: what is refused, the queue, estimates, long curves, and triggers.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { closeDatabase, type Database, getDatabase } from '@/db/client';
import { seedBase } from '@/db/release';
import * as schema from '@/db/schema';
import { createCaller } from '@/server/routers';
import type { Product } from '@/server/services/product';
import { addThumbs } from '@/test/prompts';
import { claimRun } from '@/trainer/runs/lease';
import { createTestDatabase } from './database';

let db: Database;
let runs: string;
let close: () => Promise<void>;
const api = () =>
  createCaller({
    product: { db, runs } as Product,
    user: { id: 'ada', name: 'Ada', role: 'admin', isAnonymous: false },
  }).admin;

beforeAll(async () => {
  const database = await createTestDatabase();
  db = getDatabase(database.url);
  runs = await mkdtemp(path.join(tmpdir(), 'attune-runs-'));
  close = async () => {
    await closeDatabase(database.url);
    await database.drop();
    await rm(runs, { recursive: true, force: true });
  };
  await seedBase(db, { id: 'b', sha256: 'c' });
  await db.insert(schema.user).values(['ada', 'bob'].map((id) => ({ id, name: id, email: `${id}@x.test` })));
});
afterAll(() => close?.());
beforeEach(async () => {
  for (const table of [schema.trainingRun, schema.snapshot, schema.conversation, schema.setting])
    await db.delete(table);
});

const thumbs = (count: number) => Array.from({ length: count }, (_, i) => ({ up: i % 2 === 0 }));
const giveEnough = () => addThumbs(db, { userId: 'bob', thumbs: thumbs(6) });

/** A run that ended after so many seconds on so many thumbs. */
async function addPastRun(seconds: number, examples: number, config: Record<string, unknown> = { preset: 'tiny' }) {
  const snapshotId = crypto.randomUUID();
  const counts = { 'thumb/train': examples, 'prompt/train': 50, 'left_out/empty': 9 };
  await db.insert(schema.snapshot).values({ id: snapshotId, sha256: '0', counts, frozenUpTo: new Date(0) });
  await db.insert(schema.trainingRun).values({
    ...{ trigger: 'button', config, parentVersionId: 'base', status: 'rejected', attempt: 1, snapshotId },
    ...{ startedAt: new Date(0), finishedAt: new Date(seconds * 1000) },
  });
}

describe('starting a run', () => {
  it('is refused with the number of prompts and votes that are missing, and nothing is queued', async () => {
    await addThumbs(db, { userId: 'bob', thumbs: thumbs(1) });
    await expect(api().startRun({ config: { preset: 'tiny' } })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringContaining('3 more must be asked and answered'),
    });
    expect((await api().checkRun({ config: { preset: 'tiny' } })).problems).toMatchObject([
      { path: '', shortage: { code: 'prompts', have: 1, missing: 3, heldOut: 2 } },
    ]);
    expect(await api().runs()).toEqual([]);
  });

  it('counts neither votes without consent nor those of banned people nor excluded ones', async () => {
    await giveEnough();
    const votes = async () => (await api().runOptions({ repeat: null })).atHand.thumbs;
    expect(await votes()).toBe(6);
    const [first] = await db.select().from(schema.feedback).limit(1);
    await db.update(schema.feedback).set({ excludedAt: new Date() }).where(eq(schema.feedback.id, first!.id));
    expect(await votes()).toBe(5);
    const word = { standing: 'banned' as const, reason: 'spam', setBy: 'ada' };
    await db.insert(schema.raterStanding).values({ userId: 'bob', ...word });
    expect(await votes()).toBe(0);
    await db.delete(schema.raterStanding);
    await db.update(schema.conversation).set({ allowTraining: false });
    expect((await api().runOptions({ repeat: null })).atHand).toMatchObject({ thumbs: 0, prompts: 0 });
  });

  it('names each wrong setting by its path before anything is queued', async () => {
    await giveEnough();
    const { problems } = await api().checkRun({ config: { preset: 'demo-cpu', ppo: { clip: -1, epochs: 0 } } });
    expect(problems.map(({ path }) => path)).toEqual(['ppo.epochs', 'ppo.clip']);
    await expect(api().startRun({ config: { ppo: { clip: -1 } } })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });

  it('gives a run that can be watched, repeated with its settings, and cancelled', async () => {
    await giveEnough();
    const config = { preset: 'tiny', seed: 4 };
    const run = await api().startRun({ config });
    expect(await api().run({ id: run.id })).toMatchObject({
      ...{ status: 'queued', trigger: 'button', parentVersionId: 'base', preset: 'tiny' },
      ...{ config, metrics: [] },
    });
    expect((await api().runOptions({ repeat: run.id })).config).toEqual(config);
    const seen: string[] = [];
    for await (const envelope of await api().watchRun({ id: run.id })) {
      const [, event] = envelope as unknown as [string, { type: string; run: { status: string } }];
      seen.push(event.type === 'state' ? event.run.status : event.type);
      if (seen.length === 1) await api().cancelRun({ id: run.id });
    }
    expect(seen).toEqual(['queued', 'cancelled']);
    await expect(api().cancelRun({ id: run.id })).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

describe('the queue', () => {
  it('holds several runs, says when each starts by what runs like it took, and starts each from the champion of then', async () => {
    await giveEnough();
    await addPastRun(100, 6);
    const [first, second] = [
      await api().startRun({ config: { preset: 'tiny' } }),
      await api().startRun({ config: { preset: 'tiny' } }),
    ];
    expect(await api().runQueue()).toMatchObject([
      { id: first.id, algorithm: 'ppo', preset: 'tiny', startsIn: 0, endsIn: 100 },
      { id: second.id, startsIn: 100, endsIn: 200 },
    ]);
    expect((await claimRun(db, 'trainer'))!.id).toBe(first.id);
    await db.insert(schema.version).values({ id: 'v9', baseId: 'b', baseSha256: 'c', status: 'accepted' });
    const [release] = await db.insert(schema.release).values({ versionId: 'v9', action: 'promote' }).returning();
    expect(await claimRun(db, 'other trainer')).toMatchObject({ id: second.id, parentVersionId: 'v9' });
    // A run that has begun keeps the parent from which it trains.
    await db.update(schema.trainingRun).set({ leaseExpiresAt: sql`now() - interval '1 hour'` });
    expect(await claimRun(db, 'third trainer')).toMatchObject({ id: first.id, parentVersionId: 'base' });
    await db.delete(schema.release).where(eq(schema.release.seq, release!.seq));
  });

  it('is full after ten runs', async () => {
    await giveEnough();
    for (let i = 0; i < 10; i++) await api().startRun({ config: { preset: 'tiny' } });
    await expect(api().startRun({})).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

describe('the estimate', () => {
  it('is of runs with the same settings whatever their seed, and counts their feedback and not their prompts', async () => {
    await giveEnough();
    for (const [seconds, examples] of [
      [100, 100],
      [200, 200],
      [300, 300],
    ] as const)
      await addPastRun(seconds, examples, { seed: examples, preset: 'tiny' });
    await addPastRun(999, 6, { preset: 'cpu' });
    const { estimate } = await api().checkRun({ config: { preset: 'tiny', seed: 1 } });
    expect(estimate).toMatchObject({ runs: 3, basis: 'settings' });
    expect(estimate!.seconds).toBeCloseTo(6);
    const { presets, advised } = await api().runOptions({ repeat: null });
    expect(presets.map(({ name, estimate }) => [name, estimate?.runs ?? 0])).toEqual([
      ['tiny', 3],
      ['demo-cpu', 0],
      ['cpu', 1],
      ['gpu', 0],
    ]);
    expect(advised).toBe('demo-cpu');
  });
});

it('a run says on what device it trained, as its manifest has it', async () => {
  const [run] = await db
    .insert(schema.trainingRun)
    .values({ trigger: 'button', config: {}, parentVersionId: 'base' })
    .returning();
  const origin = async () => (await api().run({ id: run!.id })).origin;
  expect(await origin()).toBeNull();
  await mkdir(path.join(runs, run!.id));
  const manifest = { device: 'cpu', threads: { training: 2, engine: 1 }, commit: null, format: 1 };
  await writeFile(path.join(runs, run!.id, 'run.json'), JSON.stringify(manifest));
  expect(await origin()).toEqual({ device: 'cpu', threads: 2, commit: null });
});

it('a run with ten thousand points is sent as a few hundred a curve', async () => {
  const [run] = await db
    .insert(schema.trainingRun)
    .values({ trigger: 'button', config: {}, parentVersionId: 'base' })
    .returning();
  await db.execute(sql`
    insert into run_metric (run_id, stage, step, metrics)
    select ${run!.id}, 'ppo', step, jsonb_build_object('loss', step, 'objective/kl', -step)
    from generate_series(1, 10000) step`);
  const { metrics } = await api().run({ id: run!.id });
  expect(metrics.length).toBeLessThanOrEqual(600);
  expect(metrics.at(-1)).toMatchObject({ step: 10_000, metrics: { loss: 10_000 } });
});

describe('the triggers', () => {
  it('say what they wait for: votes, an hour, and the end of the run that trains', async () => {
    const trigger = { feedbackCount: 200, scheduleHours: null, scheduleHour: 3, preset: 'cpu' as const };
    await api().setSettings({ trigger });
    expect(await api().trigger()).toMatchObject({
      due: null,
      conditions: [
        { trigger: 'feedback_count', have: 0, need: 200, isMet: false },
        { trigger: 'schedule', every: 'day', isMet: true },
      ],
      hindrances: [{ code: 'no_feedback' }],
    });
    await giveEnough();
    expect(await api().trigger()).toMatchObject({ due: 'schedule', hindrances: [] });
    await api().startRun({ config: { preset: 'tiny' } });
    expect(await api().trigger()).toMatchObject({ due: null, hindrances: [{ code: 'live_run' }] });
  });

  it('compare the first votes on the champion with later ones, one a person and day', async () => {
    const people = Array.from({ length: 220 }, (_, i) => `person ${i}`);
    await db.insert(schema.user).values(people.map((id) => ({ id, name: id, email: `${id.replace(' ', '')}@x.test` })));
    const [release] = await db.select().from(schema.release).limit(1);
    const on = (day: number) => new Date(release!.createdAt.getTime() + day * 86_400_000);
    for (const [i, userId] of people.entries()) {
      // Eight in ten like the first answer; all dislike those of the second day, and each says so twice.
      const first = { up: i % 10 < 8, at: on(0.001) };
      await addThumbs(db, { userId, thumbs: [first, { up: false, at: on(2) }, { up: false, at: on(2) }] });
    }
    await api().setSettings({ trigger: { feedbackCount: null, scheduleHours: null, onDrift: true } });
    const { due, conditions } = await api().trigger();
    expect(due).toBe('drift');
    // 20 of the first day's votes come after the first 200: 16 of them are up.
    expect(conditions).toMatchObject([
      { trigger: 'drift', drift: { first: { n: 200 }, later: { n: 240 }, hasDrifted: true } },
    ]);
  });
});
