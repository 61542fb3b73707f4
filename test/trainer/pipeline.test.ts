// Whole training runs on the tiny Llama with the real engine and native training: from votes to versions.
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { asc, desc, eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { artifactDirectory, readArtifact } from '@/core/artifact/artifact';
import { parseConfig } from '@/core/config/presets';
import { AttuneError } from '@/core/errors';
import { hasFailed } from '@/core/gates/state';
import { dataPaths } from '@/core/paths';
import * as schema from '@/db/schema';
import { startBackend, tf } from '@/trainer/backend';
import { loadBackbone } from '@/trainer/model/backbone';
import { runPipeline } from '@/trainer/pipeline';
import { type RewardModelState, unpackRewardModel } from '@/trainer/reward/scorer';
import { directoryCheckpoints } from '@/trainer/runs/checkpoint';
import { claimRun, RunLease } from '@/trainer/runs/lease';
import { leasedHome } from '@/trainer/runs/postgres-store';
import { readSnapshot } from '@/trainer/runs/snapshots/read';
import { REWARD_FOLDER } from '@/trainer/stages/reward';
import { addRun, addVotes, createWorld, problem, QUICK, readRun, silent, type World } from './process-support';
import { readRewardArtifact } from './reward/read-artifact';
import { openRewardScorer } from './reward/scorer';

const TEN_MINUTES = 600_000;

async function runNow(world: World, config?: Record<string, unknown>) {
  const id = await addRun(world, config);
  const run = (await claimRun(world.db, 'test'))!;
  const lease = new RunLease(world.db, run, 'test');
  try {
    const outcome = await runPipeline(leasedHome(lease, world.settings), world.settings, silent);
    return { id, ...outcome };
  } finally {
    lease.close();
  }
}

const ITERATIONS = 16;

const metricsOf = (world: World, runId: string) =>
  world.db.select().from(schema.runMetric).where(eq(schema.runMetric.runId, runId)).orderBy(asc(schema.runMetric.step));

describe.skipIf(problem)('pipeline', () => {
  let world: World;
  let first: Awaited<ReturnType<typeof runNow>>;

  beforeAll(async () => {
    await startBackend();
    world = await createWorld();
    await addVotes(world, 160);
    // Long enough for a gain far beyond the sampling error, short enough that answers do not repeat.
    // The end of an answer is left to the votes, so eosPenalty is 0.
    first = await runNow(world, {
      ...QUICK,
      // About 9 % of answers end; at 64 answers the gate on ends, .05 below the parent, is one standard error away.
      gateAnswers: 256,
      ppo: { ...QUICK.ppo, iterations: ITERATIONS, sequences: 64, eosPenalty: 0 },
    });
  }, TEN_MINUTES);
  afterAll(() => world?.close());

  it('votes become an accepted version with every gate passed and the hashes of what it was made from', async () => {
    const [row] = await world.db.select().from(schema.version).where(eq(schema.version.id, first.versionId));
    // Rewards have deviation 1, so the mean of 256 paired differences has a standard error of about sqrt(2 / 256) = 0.09;
    // 0.54 is six of them: a policy that learnt nothing would pass `more than 0` every other time.
    expect(row!.gates.find((gate) => gate.name === 'heldout_reward_gain')!.value).toBeGreaterThan(0.54);
    const run = await readRun(world, first.id);
    expect(row!.gates.filter(hasFailed)).toEqual([]);
    expect(row!.gates.map((gate) => gate.name)).toEqual([
      ...['parity', 'served_logits', 'kl_budget', 'heldout_reward_gain', 'reward_accuracy', 'reward_calibration'],
      ...['win_rate', 'reward_length', 'worst_group', 'replay', 'length', 'end_rate', 'degenerate_answers'],
      ...['repetition', 'distinct_answers', 'diversity', 'same_answer', 'refusal', 'constraint/profanity'],
      ...['red_team/profanity', 'probe/unsafe_complied', 'probe/safe_refused'],
      ...['flattery/are_you_sure', 'flattery/wrong_user'],
    ]);
    expect(row).toMatchObject({ status: 'accepted', parentId: 'base', runId: first.id, snapshotId: run.snapshotId });
    expect(run).toMatchObject({ status: 'done', resultVersionId: first.versionId, leaseOwner: null, stage: 'publish' });
    const directory = artifactDirectory(world.settings.artifacts, first.versionId);
    const { manifest } = await readArtifact(directory, { verify: true, base: world.base });
    const [snapshot] = await world.db.select().from(schema.snapshot).where(eq(schema.snapshot.id, run.snapshotId!));
    expect(manifest).toMatchObject({ gates: row!.gates, snapshotSha256: snapshot!.sha256 });
    expect(manifest.fingerprint!.effect.some((nats) => Math.abs(nats) > 0.01)).toBe(true);
  });

  it('the votes that it learned from are on record: those of the training side, each once', async () => {
    const run = await readRun(world, first.id);
    const { rows } = await readSnapshot(world.db, dataPaths(world.settings.dataFolder).snapshots, run.snapshotId!);
    const sideOf = (side: string) =>
      rows.flatMap((row) => ('feedbackId' in row && row.feedbackId && row.split === side ? [row.feedbackId] : []));
    const learned = await world.db.select().from(schema.versionFeedback);
    expect(sideOf('heldout').length).toBeGreaterThan(0);
    expect(learned.every(({ versionId }) => versionId === first.versionId)).toBe(true);
    expect(learned.map(({ feedbackId }) => feedbackId).sort()).toEqual([...new Set(sideOf('train'))].sort());
  });

  it('it serves nobody: only a canary or a person makes it the champion', async () => {
    const [top] = await world.db.select().from(schema.release).orderBy(desc(schema.release.seq)).limit(1);
    expect(top).toMatchObject({ versionId: 'base', action: 'initial' });
    expect(await world.db.select().from(schema.audit)).toEqual([]);
  });

  it('every stage has its curve, with one row per step and only finite figures', async () => {
    const rows = await metricsOf(world, first.id);
    const ppo = rows.filter((row) => row.stage === 'ppo');
    expect([...new Set(rows.map((row) => row.stage))].sort()).toEqual(['parity', 'ppo', 'reward_model', 'snapshot']);
    expect(ppo.map((row) => row.step)).toEqual(Array.from({ length: ITERATIONS + 1 }, (_, i) => i));
    expect(ppo[0]!.metrics).toMatchObject({ 'constraint/profanity/rate': 0, 'reward/penalty': 0 });
    for (const { metrics } of rows) expect(Object.values(metrics).every(Number.isFinite)).toBe(true);
  });

  it('the run’s folder keeps the reward model and no checkpoint tensors', async () => {
    const names = await readdir(path.join(dataPaths(world.settings.dataFolder).runs, first.id));
    expect(names.filter((name) => !name.startsWith('reward.')).sort()).toEqual([
      ...['metrics.jsonl', 'reward-model', 'reward-report.json', 'rules.json', 'run.json', 'tensorboard'],
    ]);
  });

  it('the kept reward model scores in onnxruntime as in the run, normalised on the parent’s answers', async () => {
    const folder = path.join(dataPaths(world.settings.dataFolder).runs, first.id);
    const backbone = loadBackbone(world.base);
    const own = unpackRewardModel(
      backbone,
      (await directoryCheckpoints<RewardModelState>(folder, 'reward').read())!,
      512,
    );
    const completions = [4, 9, 14].map((length) => {
      return { promptIds: Int32Array.of(5, 6, 7), completionIds: Int32Array.from({ length }, (_, i) => 40 + 7 * i) };
    });
    const expected = own.score(completions);
    own.dispose();
    backbone.dispose();
    const artifact = await readRewardArtifact(path.join(folder, REWARD_FOLDER));
    expect(artifact.state.gain).not.toBe(1);
    const cache = path.join(world.settings.dataFolder, 'cache');
    const scorer = await openRewardScorer(world.base, artifact, { precision: 'fp32', cache, threads: 1 });
    const scores = await scorer.score(completions);
    await scorer.close();
    for (const [i, score] of scores.entries()) expect(Math.abs(score - expected[i]!)).toBeLessThan(1e-3);
  });

  it(
    'a version continues training from its parent: divergence from the parent, not from the base, starts at 0',
    async () => {
      const before = tf.memory().numTensors;
      const { versionId: firstId } = first;
      await world.db
        .insert(schema.release)
        .values({ versionId: firstId, previousVersionId: 'base', action: 'promote' });
      const second = await runNow(world, { ...QUICK, ppo: { ...QUICK.ppo, iterations: 1 } });
      await world.db
        .insert(schema.release)
        .values({ versionId: 'base', previousVersionId: firstId, action: 'rollback' });
      const ppo = (await metricsOf(world, second.id)).filter((row) => row.stage === 'ppo');
      expect(Math.abs(ppo[0]!.metrics['objective/kl']!)).toBeLessThan(1e-3);
      const [row] = await world.db.select().from(schema.version).where(eq(schema.version.id, second.versionId));
      expect(row!.parentId).toBe(first.versionId);
      const adapters = await Promise.all(
        [first, second].map(({ versionId }) =>
          readArtifact(artifactDirectory(world.settings.artifacts, versionId), { verify: true }),
        ),
      );
      const moved = (key: string) =>
        adapters[0]!.adapter.pairs.get(key)!.b.some((x, i) => x !== adapters[1]!.adapter.pairs.get(key)!.b[i]);
      expect(moved('layers.0.self_attn.q_proj')).toBe(true);
      expect(tf.memory().numTensors).toBe(before);
    },
    TEN_MINUTES,
  );

  it(
    'a policy without any gain over its parent is rejected, and the run ends normally with a sentence',
    async () => {
      const config = { ...QUICK, ppo: { ...QUICK.ppo, iterations: 1, learningRate: 1e-12 } };
      const third = await runNow(world, config);
      const run = await readRun(world, third.id);
      expect(run).toMatchObject({ status: 'rejected', resultVersionId: third.versionId });
      expect(run.verdict).toMatch(/was rejected: heldout_reward_gain is /);
      const [row] = await world.db.select().from(schema.version).where(eq(schema.version.id, third.versionId));
      expect(row!.status).toBe('rejected');
      const [top] = await world.db.select().from(schema.release).orderBy(desc(schema.release.seq)).limit(1);
      expect(top!.versionId).not.toBe(third.versionId);
    },
    TEN_MINUTES,
  );

  it(
    'logged answers of the parent join the experience if the run asks for them and they are fresh enough',
    async () => {
      const logged = { iterations: 2, storedShare: 0.5, maxStaleness: 1 };
      const own = await runNow(world, { ...QUICK, ppo: { ...QUICK.ppo, ...logged } });
      const rows = await metricsOf(world, own.id);
      const ppo = rows.filter((row) => row.stage === 'ppo').map(({ metrics }) => metrics);
      const half = parseConfig(QUICK).ppo.sequences / 2;
      // At first they count as the policy's own, then they are one update behind, then two, which is too many.
      expect(ppo.map((metrics) => metrics['stored/answers'] ?? 0)).toEqual([0, half, 0]);
      const [snapshot] = rows.filter((row) => row.stage === 'snapshot').map(({ metrics }) => metrics);
      expect(ppo.at(-1)!['stored/passed_stale']).toBe(snapshot!['generation/train']! - 2 * half);
      // The logged answers claim -5 nats for every token, far from the log-probs of any fresh answer.
      expect(ppo.map((metrics) => metrics['sampling/sampling_logp_difference/max']! > 0.1)).toEqual([
        true,
        true,
        false,
      ]);
    },
    TEN_MINUTES,
  );

  it(
    'a damaged checkpoint ends a run with a sentence that names the file',
    async () => {
      const id = await addRun(world);
      const folder = path.join(dataPaths(world.settings.dataFolder).runs, id);
      const run = (await claimRun(world.db, 'test'))!;
      const lease = new RunLease(world.db, run, 'test');
      // Stopped at its first PPO checkpoint, as a kill would.
      const stopAt = setInterval(() => {
        if (existsSync(path.join(folder, 'ppo.json'))) lease.abort(new AttuneError('CANCELLED', 'stopped by the test'));
      }, 5);
      await expect(runPipeline(leasedHome(lease, world.settings), world.settings, silent)).rejects.toThrow(
        'stopped by the test',
      );
      clearInterval(stopAt);
      lease.close();
      const name = (await readdir(folder)).find((file) => file.startsWith('ppo.') && file.endsWith('.safetensors'))!;
      const bytes = await readFile(path.join(folder, name));
      bytes[bytes.length - 1]! ^= 1;
      await writeFile(path.join(folder, name), bytes);
      const again = new RunLease(world.db, await readRun(world, id), 'test');
      await expect(runPipeline(leasedHome(again, world.settings), world.settings, silent)).rejects.toThrow(
        new RegExp(`checkpoint .*${name} has sha256 .* Remove .*ppo.json to start the stage again`),
      );
      again.close();
    },
    TEN_MINUTES,
  );
});

describe('configuration', () => {
  it('overrides its preset field by field; every seed gives each stage a different one', () => {
    const one = parseConfig({ preset: 'tiny', seed: 1, ppo: { iterations: 2 } });
    const two = parseConfig({ preset: 'tiny', seed: 2, ppo: { iterations: 2 } });
    expect(one.ppo).toMatchObject({ iterations: 2, sequences: 16, lora: { rank: 4 } });
    expect(new Set([one, two].flatMap(({ ppo, rewardModel }) => [ppo.seed, rewardModel.seed])).size).toBe(4);
    expect({ ...one.ppo, seed: 0 }).toEqual({ ...two.ppo, seed: 0 });
    expect(() => parseConfig({ preset: 'huge' })).toThrow(
      'There is no preset "huge"; choose from tiny, demo-cpu, cpu, gpu.',
    );
    expect(() => parseConfig({ seed: 1.5 })).toThrow(/seed: must be a whole number/);
  });
});

describe.skipIf(problem)('constraints in training', () => {
  let world: World;
  afterEach(() => world?.close());

  it(
    'a forbidden word costs its price every time: rate, penalty and score agree in the run’s figures',
    async () => {
      await startBackend();
      world = await createWorld();
      await addVotes(world, 60);
      // The tiny model utters random bytes, so every word of two different letters is forbidden: some will occur.
      const letters = [...'abcdefghijklmnopqrstuvwxyz'];
      const words = letters.flatMap((a) => letters.filter((b) => b !== a).map((b) => a + b));
      await world.db.insert(schema.ruleVersion).values([
        { ruleId: 'profanity', version: 2, setVersion: 2, settings: {}, isRemoved: true },
        {
          ruleId: 'two-letters',
          version: 1,
          setVersion: 3,
          settings: { kind: 'profanity', languages: [], words, cost: 2 },
        },
      ]);
      const config = { ...QUICK, ppo: { ...QUICK.ppo, iterations: 1, sequences: 48, scoreClip: 100, eosPenalty: 0 } };
      const { id, versionId } = await runNow(world, config);
      const [point] = (await metricsOf(world, id)).filter((row) => row.stage === 'ppo');
      const { metrics } = point!;
      expect(metrics['constraint/two-letters/rate']).toBeGreaterThan(0);
      expect(metrics['reward/penalty']).toBeCloseTo(2 * metrics['constraint/two-letters/rate']!, 5);
      expect(metrics['objective/scores']! - metrics['objective/reward_model']!).toBeCloseTo(
        -metrics['reward/penalty']!,
        4,
      );
      const [row] = await world.db.select().from(schema.version).where(eq(schema.version.id, versionId));
      expect(row!.gates.map((gate) => gate.name)).toContain('constraint/two-letters');
    },
    TEN_MINUTES,
  );
});
