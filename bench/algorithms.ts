// Runs every algorithm on one tiny task from the same start; writes reward, divergence and time to algorithms.json.

import os from 'node:os';
import { performance } from 'node:perf_hooks';
import { writeResult } from '@/bench/results';
import { ALGORITHMS, type AlgorithmName } from '@/core/config/policy';
import { tinyWeights } from '@/test/trainer/algorithms-support';
import { judgePolicy, newPolicy, preferences, runTask, taskConfig } from '@/test/trainer/policy-task';
import { startBackend } from '@/trainer/backend';
import { loadBackbone } from '@/trainer/model/backbone';

const SEEDS = [1, 2, 3];
/** Number of comparisons, with twice as many thumbs, for the algorithms that do not sample. */
const COMPARISONS = 240;

const backend = await startBackend();
const backbone = loadBackbone({ weights: tinyWeights(7) });
const before = judgePolicy(backbone, null);
await run('ppo', SEEDS[0]!); // warm-up: the first steps of a process are slow, whatever the algorithm

const rows = [];
for (const algorithm of ALGORITHMS) {
  const runs: Run[] = [];
  for (const seed of SEEDS) runs.push(await run(algorithm, seed));
  rows.push({ algorithm, runs });
  const [reward, kl, seconds] = [(r: Run) => r.reward, (r: Run) => r.kl, (r: Run) => r.seconds].map((of) =>
    range(runs.map(of)),
  );
  if (rows.length === 1) {
    console.log(`reward before: ${before.mean.toFixed(3)} (standard error ${before.error.toFixed(3)}), of at most 4`);
    console.log(`${'algorithm'.padEnd(12)}${'reward after'.padEnd(22)}${'KL, nats an answer'.padEnd(22)}seconds`);
  }
  console.log(`${algorithm.padEnd(12)}${reward!.padEnd(22)}${kl!.padEnd(22)}${seconds}`);
}
const report = {
  date: new Date().toISOString().slice(0, 10),
  machine: {
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cores: os.availableParallelism(),
    node: process.version,
    ...backend,
  },
  task: 'random Llama of 24 tokens and 2 layers; reward = 4 x share of 6 wanted tokens among up to 12; 384 answers judged',
  before,
  rows,
};
await writeResult('algorithms', report);
backbone.dispose();

type Run = Awaited<ReturnType<typeof run>>;

async function run(algorithm: AlgorithmName, seed: number) {
  const policy = newPolicy();
  const since = performance.now();
  const { kept, verdict } = await runTask(
    backbone,
    policy,
    taskConfig(algorithm, { seed }),
    preferences(backbone, COMPARISONS, 5),
  );
  const seconds = (performance.now() - since) / 1000;
  const { mean, error, kl } = judgePolicy(backbone, policy);
  policy.dispose();
  return { seed, reward: mean, error, kl, seconds, kept: kept.iteration, verdict };
}

/** The mean with the lowest and the highest value. */
function range(values: number[]): string {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return `${mean.toFixed(2)} (${Math.min(...values).toFixed(2)}-${Math.max(...values).toFixed(2)})`;
}
