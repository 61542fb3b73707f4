// Leases that change hands, and what triggers a run, on the real database.
import { randomUUID } from 'node:crypto';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { countUnusedFeedback } from '@/db/feedback/unused-feedback';
import * as schema from '@/db/schema';
import { claimRun, RunLease } from '@/trainer/runs/lease';
import { evaluateTrigger } from '@/trainer/runs/trigger';
import {
  addRun,
  addTurn,
  addUser,
  addVotes,
  createWorld,
  FAST,
  readRun,
  until,
  vote,
  type World,
} from './process-support';

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await addVotes(world, 80);
}, 600_000);
afterAll(() => world?.close());
beforeEach(async () => {
  await world.db.delete(schema.trainingRun);
  await world.db.delete(schema.setting);
});

describe('leases', () => {
  it('one of many trainers that ask at once gets the run', async () => {
    await addRun(world);
    const claims = await Promise.all(Array.from({ length: 8 }, (_, i) => claimRun(world.db, `trainer ${i}`)));
    expect(claims.filter(Boolean)).toHaveLength(1);
  });

  it('a run with heartbeats stays; without them it goes to the next trainer, and the first cannot write', async () => {
    const id = await addRun(world);
    const first = new RunLease(world.db, (await claimRun(world.db, 'first', FAST))!, 'first', FAST);
    await new Promise((resolve) => setTimeout(resolve, 1500)); // longer than the lease
    expect(await claimRun(world.db, 'second', FAST)).toBeNull();

    first.close(); // stops the heartbeat
    const taken = await until('the lease to expire', () => claimRun(world.db, 'second', FAST), 5000);
    expect(taken).toMatchObject({ id, attempt: 2, leaseOwner: 'second' });
    const second = new RunLease(world.db, taken, 'second', FAST);
    await second.update({ stage: 'ppo', progress: 0.5 });

    first.metrics('ppo', 7, { loss: 1 });
    await expect(first.flush()).rejects.toThrow(/lease of run .* no longer ours/);
    await expect(first.update({ progress: 0.9 })).rejects.toThrow(/no longer ours/);
    await expect(
      first.transaction(async (tx) => {
        await tx.insert(schema.setting).values({ key: 'written', value: {} });
        return {};
      }),
    ).rejects.toThrow(/no longer ours/);
    expect(await first.finish('failed', 'too late')).toBe(false);
    expect(first.signal.aborted).toBe(true);
    expect(await world.db.select().from(schema.setting)).toEqual([]);
    expect(await world.db.select().from(schema.runMetric)).toEqual([]);
    expect(await readRun(world, id)).toMatchObject({ status: 'running', leaseOwner: 'second', progress: 0.5 });
    second.close();
  });

  it('a trainer that resumes its own run after an outage does not use up an attempt', async () => {
    const id = await addRun(world);
    const lease = new RunLease(world.db, (await claimRun(world.db, 'same', FAST))!, 'same', FAST);
    lease.close();
    const again = await until('the lease to expire', () => claimRun(world.db, 'same', FAST), 5000);
    expect(again).toMatchObject({ id, attempt: 1 });
    const away = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    expect(lease.isOutage(new Error('Failed query', { cause: away }))).toBe(true);
    expect(lease.isOutage(new Error('loss is not finite'))).toBe(false);
  });

  it('a step that blocks the event loop longer than the lease neither loses it nor delays a cancellation', async () => {
    const id = await addRun(world);
    const lease = new RunLease(world.db, (await claimRun(world.db, 'busy', FAST))!, 'busy', FAST);
    try {
      await until(
        'the first beat',
        async () => (await readRun(world, id)).leaseExpiresAt! > new Date(Date.now() + 900),
      );
      await world.db.update(schema.trainingRun).set({ cancelRequested: true }).where(eq(schema.trainingRun.id, id));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000); // three leases long
      expect(lease.signal.aborted).toBe(false); // the event loop has not yet delivered the news
      expect(await claimRun(world.db, 'other', FAST)).toBeNull();
      await until('the cancellation', async () => lease.signal.aborted, 2000);
      expect(lease.signal.reason).toMatchObject({ code: 'CANCELLED' });
    } finally {
      lease.close();
    }
  });

  it('a repeated step overwrites its figures, and NaN is left out', async () => {
    const id = await addRun(world);
    const lease = new RunLease(world.db, (await claimRun(world.db, 'a'))!, 'a');
    lease.metrics('ppo', 1, { loss: 1 });
    lease.metrics('ppo', 1, { loss: 2, bad: Number.NaN });
    await lease.flush();
    lease.close();
    const rows = await world.db.select().from(schema.runMetric).where(eq(schema.runMetric.runId, id));
    expect(rows.map((row) => row.metrics)).toEqual([{ loss: 2 }]);
  });

  it('a failed write is retried at the next heartbeat, and the run continues', async () => {
    const id = await addRun(world);
    const lease = new RunLease(world.db, (await claimRun(world.db, 'patient', FAST))!, 'patient', FAST);
    await world.db.execute(sql`alter table run_metric rename to run_metric_away`);
    try {
      lease.metrics('ppo', 1, { loss: 1 });
      await new Promise((resolve) => setTimeout(resolve, 250)); // two beats: at least two attempts fail
    } finally {
      await world.db.execute(sql`alter table run_metric_away rename to run_metric`);
    }
    await lease.flush();
    expect(lease.signal.aborted).toBe(false);
    lease.close();
    const rows = await world.db.select().from(schema.runMetric).where(eq(schema.runMetric.runId, id));
    expect(rows.map((row) => row.metrics)).toEqual([{ loss: 1 }]);
  });
});

describe('triggers', () => {
  const setTrigger = (value: Record<string, number | null>) =>
    world.db.insert(schema.setting).values({ key: 'trigger', value });

  it('enough feedback starts one run with the champion as parent, however many trainers check at once', async () => {
    await setTrigger({ feedbackCount: 80, scheduleHours: null });
    const made = await Promise.all(Array.from({ length: 6 }, () => evaluateTrigger(world.db)));
    expect(made.filter(Boolean)).toHaveLength(1);
    const [run] = await world.db.select().from(schema.trainingRun);
    expect(run).toMatchObject({
      ...{ trigger: 'feedback_count', status: 'queued', parentVersionId: 'base' },
      config: { preset: 'demo-cpu' },
    });
  });

  const backdate = (hours: number) =>
    world.db.update(schema.trainingRun).set({ createdAt: sql`now() - make_interval(hours => ${hours})` });

  it.each(['cancelled', 'failed'] as const)(
    'a %s run uses up no feedback; the next one waits for an hour and for a new vote with consent',
    async (status) => {
      const before = await countUnusedFeedback(world.db);
      expect(before).toBeGreaterThanOrEqual(80);
      await setTrigger({ feedbackCount: 80, scheduleHours: null });
      await addSnapshotRun(status);
      expect(await countUnusedFeedback(world.db)).toBe(before);
      const userId = await addUser(world.db, status);
      await addThumb(userId, `${status} private`, false);
      await backdate(2);
      // The crowd's votes are less than two hours old, so they are dated before the run.
      await world.db.update(schema.feedback).set({ updatedAt: sql`now() - interval '3 hours'` });
      expect(await evaluateTrigger(world.db)).toBeNull();
      await addThumb(userId, `${status} open`, true);
      await world.db.update(schema.trainingRun).set({ createdAt: sql`now() - interval '30 minutes'` });
      expect(await evaluateTrigger(world.db)).toBeNull();
      await backdate(2);
      expect(await evaluateTrigger(world.db)).not.toBeNull();
      expect(await countUnusedFeedback(world.db)).toBe(before + 1);
    },
  );

  it.each(['done', 'rejected'] as const)(
    'a %s run has used what it froze; a later vote and later consent count',
    async (status) => {
      await addSnapshotRun(status);
      expect(await countUnusedFeedback(world.db)).toBe(0);
      const userId = await addUser(world.db, status);
      const hidden = await addThumb(userId, `${status} hidden`, false);
      await world.db
        .update(schema.feedback)
        .set({ updatedAt: sql`now() - interval '1 day'` })
        .where(eq(schema.feedback.userId, userId));
      expect(await countUnusedFeedback(world.db)).toBe(0);
      await world.db
        .update(schema.conversation)
        .set({ allowTraining: true })
        .where(eq(schema.conversation.id, hidden.conversationId));
      expect(await countUnusedFeedback(world.db)).toBe(1);
      await addThumb(userId, `${status} later`, true);
      expect(await countUnusedFeedback(world.db)).toBe(2);
    },
  );

  /** Adds a run that froze its data now and has ended. */
  async function addSnapshotRun(status: 'done' | 'rejected' | 'failed' | 'cancelled') {
    const snapshotId = randomUUID();
    await world.db.insert(schema.snapshot).values({ id: snapshotId, sha256: 'x', counts: {}, frozenUpTo: sql`now()` });
    const id = await addRun(world);
    await world.db.update(schema.trainingRun).set({ status, snapshotId }).where(eq(schema.trainingRun.id, id));
  }

  async function addThumb(userId: string, text: string, allowTraining: boolean) {
    const made = await addTurn(world, { userId, text, completions: [[65]], allowTraining });
    await vote(world.db, userId, { generationId: made.generationIds[0]!, thumb: 1 });
    return made;
  }
});
