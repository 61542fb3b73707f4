// The trainer as a process: leases that change hands, cancellation, triggers, a missing library, and a kill in mid-training.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { eq, sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { artifactDirectory } from '@/core/artifact';
import { sha256File } from '@/core/hash';
import { dataPaths } from '@/core/paths';
import * as schema from '@/db/schema';
import { runTrainer, type TrainerOptions } from '@/trainer/main';
import { claimRun, RunLease } from '@/trainer/runs';
import { decideTrigger, evaluateTrigger } from '@/trainer/trigger';
import {
  addRun,
  addTurn,
  addUser,
  addVotes,
  createWorld,
  problem,
  QUICK,
  readRun,
  silent,
  until,
  untilEnd,
  vote,
  type World,
} from './process-support';

const TEN_MINUTES = 600_000;
const FAST = { leaseSeconds: 1, beatMs: 100 };

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await addVotes(world, 80);
}, TEN_MINUTES);
afterAll(() => world?.close());
beforeEach(async () => {
  await world.db.delete(schema.trainingRun);
  await world.db.delete(schema.setting);
});

describe('leases', () => {
  it('of many trainers that ask at once, one gets the run', async () => {
    await addRun(world);
    const claims = await Promise.all(Array.from({ length: 8 }, (_, i) => claimRun(world.db, `trainer ${i}`)));
    expect(claims.filter(Boolean)).toHaveLength(1);
  });

  it('a run that is beaten for stays; one whose trainer fell silent goes to the next, and the first can write no more', async () => {
    const id = await addRun(world);
    const first = new RunLease(world.db, (await claimRun(world.db, 'first', FAST))!, 'first', FAST);
    await new Promise((resolve) => setTimeout(resolve, 1500)); // longer than the lease
    expect(await claimRun(world.db, 'second', FAST)).toBeNull();

    first.close(); // no heartbeat any more
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

  it('a native step that holds the event loop for longer than the lease neither loses it nor delays a cancellation', async () => {
    const id = await addRun(world);
    const lease = new RunLease(world.db, (await claimRun(world.db, 'busy', FAST))!, 'busy', FAST);
    try {
      await until(
        'the first beat',
        async () => (await readRun(world, id)).leaseExpiresAt! > new Date(Date.now() + 900),
      );
      await world.db.update(schema.trainingRun).set({ cancelRequested: true }).where(eq(schema.trainingRun.id, id));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000); // three leases long
      expect(lease.signal.aborted).toBe(false); // nothing has been heard yet
      expect(await claimRun(world.db, 'other', FAST)).toBeNull();
      await until('the cancellation', async () => lease.signal.aborted, 2000);
      expect(lease.signal.reason).toMatchObject({ code: 'CANCELLED' });
    } finally {
      lease.close();
    }
  });

  it('a repeated step overwrites its figures, and what is no number is left out', async () => {
    const id = await addRun(world);
    const lease = new RunLease(world.db, (await claimRun(world.db, 'a'))!, 'a');
    lease.metrics('ppo', 1, { loss: 1 });
    lease.metrics('ppo', 1, { loss: 2, bad: Number.NaN });
    await lease.flush();
    lease.close();
    const rows = await world.db.select().from(schema.runMetric).where(eq(schema.runMetric.runId, id));
    expect(rows.map((row) => row.metrics)).toEqual([{ loss: 2 }]);
  });

  it('a write that fails is tried again at the next beat, and the run goes on', async () => {
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

  it('enough feedback starts one run, however many trainers look at once, and the champion is its parent', async () => {
    await setTrigger({ feedbackCount: 80, scheduleHours: null });
    const made = await Promise.all(Array.from({ length: 6 }, () => evaluateTrigger(world.db)));
    expect(made.filter(Boolean)).toHaveLength(1);
    const [run] = await world.db.select().from(schema.trainingRun);
    expect(run).toMatchObject({ trigger: 'feedback_count', status: 'queued', parentVersionId: 'base' });
  });

  it('what an earlier run was asked for with does not count again; new, consented votes do', async () => {
    await setTrigger({ feedbackCount: 2, scheduleHours: null });
    await world.db.update(schema.trainingRun).set({ status: 'failed' });
    const id = await addRun(world);
    await world.db.update(schema.trainingRun).set({ status: 'failed' }).where(eq(schema.trainingRun.id, id));
    expect(await evaluateTrigger(world.db)).toBeNull();
    const userId = await addUser(world.db, 'late');
    for (const [text, allowTraining] of [
      ['x', true],
      ['y', false],
      ['z', true],
    ] as const) {
      expect(await evaluateTrigger(world.db)).toBeNull();
      const made = await addTurn(world, { userId, text, answers: [[65]], allowTraining });
      await vote(world.db, userId, { generationId: made.generationIds[0]!, thumb: 1 });
    }
    expect(await evaluateTrigger(world.db)).not.toBeNull();
  });

  it('a schedule waits for its hours, for some feedback, and for the live run', () => {
    const setting = { feedbackCount: null, scheduleHours: 24 };
    const state = { setting, newFeedback: 1, hoursSinceRun: 24, hasLiveRun: false };
    expect(decideTrigger(state)).toBe('schedule');
    expect(decideTrigger({ ...state, hoursSinceRun: 23.9 })).toBeNull();
    expect(decideTrigger({ ...state, newFeedback: 0 })).toBeNull();
    expect(decideTrigger({ ...state, hasLiveRun: true })).toBeNull();
  });
});

/** In this process; `stop` ends it as a signal would. */
function startTrainer(options: Partial<TrainerOptions> = {}) {
  const controller = new AbortController();
  const done = runTrainer({
    settings: world.settings,
    log: silent,
    signal: controller.signal,
    times: FAST,
    ...options,
  });
  return {
    async stop() {
      controller.abort();
      await done;
    },
  };
}

const readTrainer = async () => {
  const [row] = await world.db.select().from(schema.setting).where(eq(schema.setting.key, 'trainer'));
  return row?.value as { alive: boolean; lacks: string | null; heartbeatAt: string; device: string | null } | undefined;
};

describe('without the native library', () => {
  it('the trainer stays up, says what it lacks, leaves runs in the queue, and mends itself', async () => {
    let lacks: string | null = 'Native TensorFlow is not there.';
    const id = await addRun(world, { ppo: { clip: -1 } }); // refused as soon as it is looked at
    const trainer = startTrainer({ problem: () => lacks });
    try {
      const said = await until('the report', async () => {
        const value = await readTrainer();
        return value?.lacks ? value : null;
      });
      expect(said).toMatchObject({ alive: true, lacks, device: null });
      await until('another heartbeat', async () => (await readTrainer())!.heartbeatAt !== said.heartbeatAt);
      expect((await readRun(world, id)).status).toBe('queued');
      if (problem) return;
      lacks = null;
      const run = await untilEnd(world, id);
      expect(run).toMatchObject({ status: 'failed' });
      expect(run.verdict).toMatch(/The run's configuration: .*\n?.*ppo\.clip/s);
      expect(await readTrainer()).toMatchObject({ lacks: null, device: 'cpu' });
    } finally {
      await trainer.stop();
    }
  });
});

describe.skipIf(problem)('training', () => {
  const LONG = { ...QUICK, ppo: { ...QUICK.ppo, iterations: 60, klBudget: 1000 } };
  let child: ChildProcess | null = null;
  afterEach(() => child?.kill('SIGKILL'));

  const inStage = (id: string, stage: string, progress = 0) =>
    until(`${stage} of run ${id}`, async () => {
      const run = await readRun(world, id);
      return run.finishedAt ? run : run.stage === stage && run.progress >= progress && run;
    });

  it(
    'a cancelled run ends within moments, and the trainer takes the next one',
    async () => {
      const id = await addRun(world, LONG);
      const trainer = startTrainer();
      try {
        await inStage(id, 'ppo', 0.02);
        const asked = Date.now();
        await world.db.update(schema.trainingRun).set({ cancelRequested: true }).where(eq(schema.trainingRun.id, id));
        const run = await untilEnd(world, id);
        expect(run).toMatchObject({ status: 'cancelled', verdict: 'The run was cancelled.', resultVersionId: null });
        expect(Date.now() - asked).toBeLessThan(10_000);
        const next = await addRun(world, { ppo: { clip: -1 } });
        await world.db.execute(sql`select pg_notify('training_run', ${next})`);
        expect((await untilEnd(world, next)).status).toBe('failed');
      } finally {
        await trainer.stop();
      }
    },
    TEN_MINUTES,
  );

  it(
    'a trainer that is asked to end puts its run back, without an attempt on its account',
    async () => {
      const id = await addRun(world, LONG);
      const trainer = startTrainer();
      await inStage(id, 'ppo', 0.02);
      await trainer.stop();
      expect(await readRun(world, id)).toMatchObject({ status: 'queued', attempt: 0, leaseOwner: null, stage: 'ppo' });
    },
    TEN_MINUTES,
  );

  const spawnTrainer = () => {
    const { settings } = world;
    const env = {
      ...process.env,
      DATABASE_URL: settings.databaseUrl,
      ATTUNE_MODEL: settings.modelPath,
      ATTUNE_DATA: settings.dataFolder,
      ATTUNE_EXPERIENCE_THREADS: '1',
    };
    child = spawn(process.execPath, ['--import', 'tsx', 'trainer/main.ts'], {
      env,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    return child;
  };

  it(
    'killed in the middle of PPO, the next process goes on from the checkpoint to the same figures and weights',
    async () => {
      const config = { ...QUICK, ppo: { ...QUICK.ppo, iterations: 6 } };
      const undisturbed = await addRun(world, config);
      const helper = startTrainer();
      const whole = await untilEnd(world, undisturbed);
      await helper.stop();

      const id = await addRun(world, config);
      const first = spawnTrainer();
      await inStage(id, 'ppo', 0.3);
      first.kill('SIGKILL');
      await once(first, 'exit');
      const dead = await readRun(world, id);
      expect(dead.status).toBe('running');
      const pointer = path.join(dataPaths(world.settings.dataFolder).runs, id, 'ppo.json');
      const kept = JSON.parse(await readFile(pointer, 'utf8')) as { state: { iteration: number } };
      expect(kept.state.iteration).toBeGreaterThanOrEqual(1);

      const since = new Date();
      // The rest of the dead process's 30 seconds is not worth waiting for.
      await world.db.update(schema.trainingRun).set({ leaseExpiresAt: since }).where(eq(schema.trainingRun.id, id));
      spawnTrainer();
      const run = await untilEnd(world, id);
      expect(run).toMatchObject({ attempt: 2, status: whole.status, snapshotId: dead.snapshotId });
      const pointsOf = async (runId: string) =>
        (await world.db.select().from(schema.runMetric).where(eq(schema.runMetric.runId, runId)))
          .filter((row) => row.stage === 'ppo')
          .sort((a, b) => a.step - b.step);
      const [points, expected] = [await pointsOf(id), await pointsOf(undisturbed)];
      expect(points.map((row) => row.step)).toEqual(expected.map((row) => row.step));
      // Iterations from before the kill were not made again.
      expect(points.filter((row) => row.createdAt < since).length).toBeGreaterThanOrEqual(1);
      for (const [i, { metrics }] of points.entries())
        expect(metrics['objective/scores']).toBe(expected[i]!.metrics['objective/scores']);
      const [weights, wanted] = [run, whole].map(({ resultVersionId }) =>
        sha256File(
          path.join(artifactDirectory(world.settings.artifacts, resultVersionId!), 'adapter_model.safetensors'),
        ),
      );
      expect(await weights).toBe(await wanted);
    },
    TEN_MINUTES,
  );
});
