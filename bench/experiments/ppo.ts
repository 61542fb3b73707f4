// Runs PPO with a hidden preference's true score as the reward, and measures the gain on held-out answers per seed.
//
// Resumable at every checkpoint: it stops after --minutes and resumes when it is called again.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { mean } from '@/bench/experiments/support/spread';
import { resultPath } from '@/bench/results';
import { PREFERENCES } from '@/bench/simulate/preferences';
import { splitPrompts } from '@/bench/simulate/prompts';
import { BASE_VERSION_ID } from '@/core/artifact/manifest';
import type { PpoConfig } from '@/core/config/policy';
import { hash32 } from '@/core/rng';
import { loadChosenBase } from '@/product/base';
import { env } from '@/product/env';
import { startBackend } from '@/trainer/backend';
import { loadBackbone } from '@/trainer/model/backbone';
import { type Gain, measureGain, ppoSettings, trueReward } from './support/policy-gain';
import { lazyEngine, sampleOnce } from './support/sampled-answers';

const { values: options } = parseArgs({
  options: {
    preference: { type: 'string', default: 'friendly' },
    seeds: { type: 'string', default: '3' },
    /** Runs only this seed. */
    only: { type: 'string' },
    'max-tokens': { type: 'string', default: '64' },
    /** JSON settings of PPO that override the experiment's own; their folder and logs are separate, under --name. */
    ppo: { type: 'string', default: '{}' },
    name: { type: 'string' },
    minutes: { type: 'string', default: '600' },
    out: { type: 'string' },
  },
});

const SEEDS = Number(options.seeds);
/** Held-out prompts, each asked twice before and twice after; as many training prompts set the reward's scale. */
const HELD_OUT = 100;
const MAX_TOKENS = Number(options['max-tokens']);
const name = options.name ?? options.preference;
const chosen = PREFERENCES[options.preference];
if (!chosen) throw new Error(`There is no preference ${options.preference}; choose from ${Object.keys(PREFERENCES)}.`);
const preference = chosen;

interface SeedResult extends Gain {
  seed: number;
}

async function main(): Promise<void> {
  const { modelPath, base } = await loadChosenBase();
  const shared = path.join(env.dataFolder, 'experiments', `ppo-start-${MAX_TOKENS}`);
  const work = path.join(env.dataFolder, 'experiments', `ppo-${name}-${MAX_TOKENS}`);
  const signal = AbortSignal.timeout(Number(options.minutes) * 60_000);
  const engine = lazyEngine({
    base,
    modelPath,
    precision: 'fp32',
    threads: env.ATTUNE_ENGINE_THREADS,
    folder: path.join(work, 'adapters'),
    cache: path.join(env.dataFolder, 'cache'),
  });
  await startBackend();
  const backbone = loadBackbone(base);
  try {
    // One division of the prompts for all seeds, and one measurement of the start.
    const { voted, heldOut } = splitPrompts(1, HELD_OUT);
    const asked = [...heldOut, ...heldOut];
    const start = { base, engine, versionId: BASE_VERSION_ID, maxTokens: MAX_TOKENS, signal };
    const before = await sampleOnce(asked, { ...start, file: path.join(shared, 'before.jsonl'), seed: 11 });
    const ofTraining = Array.from({ length: 2 * HELD_OUT }, (_, i) => voted[i % voted.length]!);
    const scale = await sampleOnce(ofTraining, { ...start, file: path.join(shared, 'scale.jsonl'), seed: 12 });
    for (let seed = 0; seed < SEEDS; seed++) {
      if (options.only && options.only !== String(seed)) continue;
      const folder = path.join(work, `seed-${seed}`);
      const file = path.join(folder, 'result.json');
      if (existsSync(file)) continue;
      const gain = await measureGain({
        base,
        backbone,
        engine,
        prompts: voted,
        heldOut: asked,
        before,
        preference,
        folder,
        signal,
        reward: trueReward(preference, base, scale),
        config: configOf(seed),
        log: path.join('bench', 'results', 'logs', `ppo-${name}-seed-${seed}`),
      });
      writeFileSync(file, JSON.stringify({ seed, ...gain } satisfies SeedResult));
      summarise(work);
    }
    summarise(work);
  } finally {
    backbone.dispose();
    await engine.close();
  }
}

const configOf = (seed: number): PpoConfig => ({
  ...ppoSettings(MAX_TOKENS, hash32(seed, 77)),
  ...JSON.parse(options.ppo),
});

function summarise(work: string): void {
  const files = Array.from({ length: SEEDS }, (_, seed) => path.join(work, `seed-${seed}`, 'result.json'));
  const results: SeedResult[] = files.filter(existsSync).map((file) => JSON.parse(readFileSync(file, 'utf8')));
  if (results.length === 0) return;
  const { seed: _, ...config } = configOf(0);
  const summary = {
    preference: options.preference,
    reward: 'the preference itself, brought to mean 0 and deviation 1 on 200 answers of the base',
    config,
    seeds: results.length,
    startDeviations: rangeOf(results.map((result) => result.startDeviations)),
    kl: rangeOf(results.map((result) => result.kl.mean)),
    endedShare: rangeOf(results.map((result) => result.after.endedShare)),
    minutes: rangeOf(results.map((result) => result.minutes)),
    results,
  };
  const out = options.out ?? resultPath(`ppo-${name}`);
  mkdirSync(path.dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify(summary, null, 2)}\n`);
  for (const { seed, before, after, startDeviations, kl } of results) {
    console.log(
      `seed ${seed}: ${before.mean.toFixed(3)} (deviation ${before.deviation.toFixed(3)}) -> ${after.mean.toFixed(3)}, ` +
        `${startDeviations.toFixed(2)} start deviations at ${kl.mean.toFixed(2)} nats, ` +
        `${(100 * after.endedShare).toFixed(0)} % ended (before ${(100 * before.endedShare).toFixed(0)} %)`,
    );
  }
}

const rangeOf = (values: number[]) => ({
  mean: mean(values),
  least: Math.min(...values),
  most: Math.max(...values),
});

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const isOutOfTime = error instanceof Error && error.name === 'TimeoutError';
    console.error(isOutOfTime ? 'Out of time: run the same command to resume.' : error);
    process.exit(isOutOfTime ? 0 : 1);
  },
);
