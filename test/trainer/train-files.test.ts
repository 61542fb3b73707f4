// Runs from files: any algorithm, or only imitation, ends in a judged version with curves and a manifest.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeDataSet } from '@/bench/resume/killed-runs';
import { readArtifact } from '@/core/artifact/artifact';
import type { Base } from '@/core/base/base';
import { loadBase } from '@/core/base/load-base';
import { ALGORITHMS, POLICY_CONFIGS } from '@/core/config/policy';
import { writeTinyLlama } from '@/test/tiny-llama';
import { startBackend, tf } from '@/trainer/backend';
import { type DataSet, readDataFiles } from '@/trainer/data/files';
import { runPipeline } from '@/trainer/pipeline';
import { filesHome, readResult } from '@/trainer/runs/folder-store';
import { RunManifest } from '@/trainer/runs/manifest';
import { REWARD_FOLDER } from '@/trainer/stages/reward';
import { problem, silent } from './process-support';
import { readRewardArtifact } from './reward/read-artifact';

const MINUTES = 300_000;
let folder: string;
let base: Base;
let data: DataSet;
const stages: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attune-files-'));
  await writeTinyLlama(join(folder, 'model'), { seed: 7 });
  base = await loadBase(join(folder, 'model'));
  await writeDataSet(join(folder, 'data.jsonl'), 60);
  data = await readDataFiles([join(folder, 'data.jsonl')], base);
  if (!problem) await startBackend();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function train(name: string, config: Record<string, unknown>, rows = data) {
  stages.length = 0;
  const home = await filesHome({
    folder: join(folder, name),
    config: { preset: 'tiny', seed: 1, ...config },
    parent: null,
    data: rows,
    constraints: undefined,
    signal: new AbortController().signal,
    onProgress: (stage) => stages.at(-1) !== stage && stages.push(stage),
  });
  const settings = {
    modelPath: join(folder, 'model'),
    cache: join(folder, 'cache'),
    classifiers: join(folder, 'classifiers'),
    engineThreads: 1,
  };
  const outcome = await runPipeline(home, settings, silent);
  const artifact = await readArtifact(join(home.artifacts, outcome.versionId), { verify: true });
  return { ...outcome, ...artifact, folder: home.folder };
}

const linesOf = async (run: { folder: string }) =>
  (await readFile(join(run.folder, 'metrics.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe.skipIf(problem)('a run from files', () => {
  const QUICK = { rewardModel: { epochs: 1 } };

  for (const algorithm of ALGORITHMS) {
    it(
      `by ${algorithm} ends in a version judged by every gate, and leaves no tensor`,
      async () => {
        const before = tf.memory().numTensors;
        const { shape } = POLICY_CONFIGS[algorithm];
        const rounds = Object.fromEntries(
          ['iterations', 'epochs'].flatMap((name) => (name in shape ? [[name, 1]] : [])),
        );
        // Without trials the trained policy is kept, whatever its answers are like after one update.
        const run = await train(algorithm, { ...QUICK, algorithm, [algorithm]: rounds, trialAnswers: 0 });
        expect(stages).toEqual(['snapshot', 'reward_model', 'ppo', 'export', 'parity', 'publish']);
        expect(run.manifest.gates.map(({ name }) => name)).toContain('heldout_reward_gain');
        expect(run.manifest.gates.find(({ name }) => name === 'parity')!.passed).toBe(true);
        expect([...run.adapter.pairs.values()].some(({ b }) => b.some((x) => x !== 0))).toBe(true);
        expect(tf.memory().numTensors).toBe(before);
      },
      MINUTES,
    );
  }

  it(
    'scores with probes of the frozen base if its settings ask for them',
    async () => {
      const before = tf.memory().numTensors;
      const run = await train('probes', { rewardModel: { probe: {} }, ppo: { iterations: 1, epochs: 1 } });
      expect(run.manifest.gates.map(({ name }) => name)).toContain('heldout_reward_gain');
      const kept = await readRewardArtifact(join(run.folder, REWARD_FOLDER));
      expect(kept.adapter).toBeNull();
      expect(kept.blocks!.length).toBe(kept.heads.length);
      const [judged] = (await linesOf(run)).filter(
        ({ stage, eval_accuracy: value }) => stage === 'reward_model' && value,
      );
      expect(judged!.eval_accuracy).toBeGreaterThan(judged!.eval_length_baseline_accuracy as number);
      expect(tf.memory().numTensors).toBe(before);
    },
    MINUTES,
  );

  it(
    'of imitation only is accepted for its gain on held-out demonstrations',
    async () => {
      const rows = data.rows.filter(({ kind }) => kind === 'demonstration' || kind === 'prompt');
      const sft = { epochs: 8, learningRate: 1e-2, batchExamples: 8 };
      const run = await train('imitation', { sft, algorithm: null }, { rows, counts: {} });
      expect(stages).toEqual(['snapshot', 'sft', 'export', 'parity', 'publish']);
      const gain = run.manifest.gates.find(({ name }) => name === 'heldout_demonstration_gain')!;
      // From 288 equally likely tokens (5.7 nats) to 12 letters (2.5 nats) and a certain end: 2 nats can be gained.
      expect(gain.value).toBeGreaterThan(1);
      expect(gain.passed).toBe(true);
    },
    MINUTES,
  );

  it(
    'starts optimisation from the imitated policy, where its divergence is 0',
    async () => {
      const run = await train('both', { ...QUICK, sft: { learningRate: 1e-2 }, ppo: { iterations: 1 } });
      const [first] = (await linesOf(run)).filter(({ stage }) => stage === 'ppo');
      expect(Math.abs(first!['objective/kl'] as number)).toBeLessThan(1e-3);
      expect(stages.slice(0, 3)).toEqual(['snapshot', 'sft', 'reward_model']);
    },
    MINUTES,
  );

  it(
    'keeps curves, its result and a manifest, also in the version; its folder refuses another configuration',
    async () => {
      const config = { ...QUICK, ppo: { iterations: 1 } };
      const run = await train('kept', config);
      expect(await readResult(run.folder)).toEqual({
        status: run.status,
        versionId: run.versionId,
        verdict: run.verdict,
      });
      const manifest = RunManifest.parse(JSON.parse(await readFile(join(run.folder, 'run.json'), 'utf8')));
      expect(manifest).toMatchObject({
        base: { sha256: base.sha256 },
        parentVersionId: 'base',
        device: 'cpu',
        config: { algorithm: 'ppo', ppo: { iterations: 1, sequences: 16 } },
        snapshot: { sha256: run.manifest.snapshotSha256 },
      });
      expect(manifest.commit ?? '0'.repeat(40)).toMatch(/^[0-9a-f]{40}$/);
      const carried = await readFile(join(run.folder, 'artifacts', run.versionId, 'run.json'), 'utf8');
      expect(JSON.parse(carried)).toEqual(manifest);
      expect(Object.keys(run.manifest.files)).toContain('run.json');
      expect(await readdir(join(run.folder, 'tensorboard'))).toHaveLength(1);
      const steps = (await linesOf(run)).filter(({ stage }) => stage === 'ppo').map(({ step }) => step);
      expect(steps).toEqual([0, 1]);
      await expect(train('kept', { ...config, seed: 2 })).rejects.toThrow(
        /kept holds a run with another configuration/,
      );
      await expect(train('kept', config, { ...data, rows: data.rows.slice(1) })).rejects.toThrow(/another data set/);
    },
    MINUTES,
  );
});
