// The trainer as a process: cancellation, a missing library, and a kill in mid-training.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { eq, sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { artifactDirectory } from '@/core/artifact/artifact';
import { sha256File } from '@/core/hash';
import { dataPaths } from '@/core/paths';
import * as schema from '@/db/schema';
import { runTrainer, type TrainerOptions } from '@/trainer/main';
import {
  addRun,
  addVotes,
  createWorld,
  FAST,
  problem,
  QUICK,
  readRun,
  silent,
  until,
  untilEnd,
  type World,
} from './process-support';

const TEN_MINUTES = 600_000;

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

/** Starts a trainer in this process; `stop` ends it as a signal would. */
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
  it('the trainer stays up, reports what is missing, keeps runs queued, and trains once it is there', async () => {
    let lacks: string | null = 'Native TensorFlow is not there.';
    const id = await addRun(world, { ppo: { clip: -1 } }); // refused as soon as a trainer reads it
    const trainer = startTrainer({ problem: () => lacks });
    try {
      const said = await until('the report', async () => {
        const value = await readTrainer();
        return value?.lacks ? value : null;
      });
      expect(said).toMatchObject({ lacks, device: null });
      await until('another heartbeat', async () => (await readTrainer())!.heartbeatAt !== said.heartbeatAt);
      expect((await readRun(world, id)).status).toBe('queued');
      if (problem) return;
      lacks = null;
      const run = await untilEnd(world, id);
      expect(run).toMatchObject({ status: 'failed' });
      expect(run.verdict).toMatch(/The run's settings: .*\n?.*ppo\.clip/s);
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
    'a cancelled run ends within seconds, and the trainer takes the next one',
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
    'a trainer that is asked to end puts its run back without using up an attempt',
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
    'after a kill in the middle of PPO, the next process continues to the same figures and weights',
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
      // Ends the lease of the dead process, to save waiting for the rest of its 30 seconds.
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
