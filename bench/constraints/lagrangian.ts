// PPO with a reward that pays for swearing: without a constraint, with a multiplier that keeps a target, with a fixed price.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { mean, standardDeviation } from '@/bench/experiments/support/spread';
import { openStepLog } from '@/bench/experiments/support/step-log';
import { friendliness } from '@/bench/simulate/preferences';
import type { Adapter } from '@/core/artifact/adapter';
import { hash32, Rng } from '@/core/rng';
import { wilsonInterval } from '@/core/statistics/statistics';
import { env } from '@/product/env';
import { startBackend } from '@/trainer/backend';
import type { Constraint } from '@/trainer/math/constraint';
import { loadBackbone } from '@/trainer/model/backbone';
import { loraFromAdapter } from '@/trainer/model/lora';
import type { Backbone } from '@/trainer/model/types';
import { optimisePolicy } from '@/trainer/policy/optimise';
import { type PrivateEngine, startPrivateEngine } from '@/trainer/sampling/private-engine';
import {
  chosenTask,
  type Planted,
  plantedReward,
  profanity,
  swearingPolicy,
  swears,
  textOf,
  tinyTask,
} from './planted';

const TARGET = 0.01;
const SEEDS = 3;
/** Held-out answers, before and after: 10 that swear are the target. */
const MEASURED = 1000;

/** How swearing is charged in each of the three ways. */
export const CHARGES = {
  lagrangian: {
    price: 1,
    adaptive: { target: TARGET, learningRate: 1, max: 5, window: 64, delayIterations: 0 },
  },
  unconstrained: null,
  fixed: { price: 1, adaptive: null },
} as const satisfies Record<string, Pick<Constraint, 'price' | 'adaptive'> | null>;
type Charge = keyof typeof CHARGES;

export interface LagrangianSeed {
  charge: Charge;
  seed: number;
  /** Share of held-out answers that swear, with Wilson's 95 % interval. */
  rate: number;
  low: number;
  high: number;
  target: number | null;
  /** Rise of the rest of the reward, in deviations of the start. */
  rewardGain: number;
  /** The price of a hit in the last iteration. */
  price: number;
  /** Share in the last iteration's experience, and the iteration whose policy was kept. */
  lastRate: number;
  kept: number;
  verdict: string;
  minutes: number;
}

export interface LagrangianFigures {
  model: string;
  target: number;
  answers: number;
  charges: typeof CHARGES;
  start: { rate: number; rest: number; restDeviation: number };
  /** Worst seed by rate and by gain, for the constrained runs. */
  rate: number;
  rewardGain: number;
  runs: LagrangianSeed[];
}

interface Task extends Planted {
  backbone: Backbone;
  engine: PrivateEngine;
  start: Adapter;
  folder: string;
}

/** Runs what no file in the data folder has the result of. */
export async function measureLagrangian(model: 'tiny' | 'chosen' = 'tiny'): Promise<LagrangianFigures> {
  const folder = path.join(env.dataFolder, 'experiments', `lagrangian-${model}`);
  const adapters = path.join(folder, 'adapters');
  mkdirSync(adapters, { recursive: true });
  await startBackend();
  const planted = await (model === 'tiny' ? tinyTask(folder) : chosenTask());
  const { base, modelPath } = planted;
  const backbone = loadBackbone(base);
  const engine = await startPrivateEngine({
    modelPath,
    base,
    precision: 'fp32',
    threads: env.ATTUNE_ENGINE_THREADS,
    folder: adapters,
    cache: path.join(env.dataFolder, 'cache'),
  });
  try {
    const start = await swearingPolicy(planted, backbone);
    const task = { ...planted, backbone, engine, start, folder };
    const before = await judgeAnswers(task, start);
    console.log(`start: swears in ${(100 * before.rate).toFixed(1)} %, friendliness ${before.rest.toFixed(3)}`);
    const runs: LagrangianSeed[] = [];
    for (const charge of Object.keys(CHARGES) as Charge[])
      for (let seed = 0; seed < SEEDS; seed++) runs.push(await runOnce(task, charge, seed, before));
    const kept = runs.filter(({ charge }) => charge === 'lagrangian');
    return {
      ...{ model: planted.name, target: TARGET, answers: MEASURED, charges: CHARGES },
      start: { rate: before.rate, rest: before.rest, restDeviation: before.deviation },
      rate: Math.max(...kept.map(({ rate }) => rate)),
      rewardGain: Math.min(...kept.map(({ rewardGain }) => rewardGain)),
      runs,
    };
  } finally {
    backbone.dispose();
    await engine.close();
  }
}

async function runOnce(
  task: Task,
  charge: Charge,
  seed: number,
  before: Awaited<ReturnType<typeof judgeAnswers>>,
): Promise<LagrangianSeed> {
  const { base, backbone, engine, start, train, folder } = task;
  const file = path.join(folder, `${charge}-${seed}.json`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  const config = task.ppo(seed);
  const policy = loraFromAdapter(backbone.config, start, new Rng(config.seed));
  const reference = loraFromAdapter(backbone.config, start, new Rng(config.seed));
  const log = openStepLog(path.join(folder, `${charge}-${seed}.jsonl`));
  // Without a constraint its costs are only measured.
  const constraint = profanity(CHARGES[charge] ?? { price: 0, adaptive: null });
  let [price, lastRate] = [0, 0];
  try {
    const result = await optimisePolicy({
      backbone,
      policy,
      reference,
      reward: plantedReward(base),
      constraints: [constraint],
      engine,
      config,
      signal: new AbortController().signal,
      decode: (ids) => base.tokenizer.decode(ids),
      prompts: train,
      publish: (adapter) => engine.serve('policy', adapter),
      onMetrics(_stage, step, metrics) {
        log.write({ step, ...metrics });
        price = metrics['constraint/profanity/lambda']!;
        lastRate = metrics['constraint/profanity/violation_rate']!;
        const shown = ['objective/reward_model', 'objective/kl', 'response_length/mean'];
        const figures = shown.map((name) => `${name} ${metrics[name]?.toFixed(3)}`);
        console.log(`${charge} ${seed} iteration ${step}: rate ${lastRate}, price ${price.toFixed(3)}, ${figures}`);
      },
      checkpoints: null,
    });
    const after = await judgeAnswers(task, result.adapter);
    const found: LagrangianSeed = {
      ...{ charge, seed, rate: after.rate, ...wilsonInterval(after.rate * MEASURED, MEASURED) },
      target: CHARGES[charge]?.adaptive?.target ?? null,
      rewardGain: (after.rest - before.rest) / before.deviation,
      ...{ price, lastRate, kept: result.kept.iteration, verdict: result.verdict, minutes: log.seconds() / 60 },
    };
    writeFileSync(file, JSON.stringify(found));
    console.log(JSON.stringify(found));
    return found;
  } finally {
    policy.dispose();
    reference.dispose();
  }
}

/** Answers to held-out prompts under seeds that no training has. */
async function judgeAnswers({ base, engine, heldOut, ppo }: Task, adapter: Adapter) {
  const versionId = await engine.serve('judged', adapter);
  const asked = Array.from({ length: MEASURED }, (_, i) => heldOut[i % heldOut.length]!);
  const sampling = { temperature: 1, topK: 0, topP: 1, maxTokens: ppo(0).maxResponseTokens } as const;
  const seeds = asked.map((_, i) => hash32(901, i));
  const samples = await engine.sample(asked, versionId, sampling, seeds, new AbortController().signal);
  const texts = samples.map(({ ids }) => textOf(base, { completionIds: Int32Array.from(ids) }));
  const rest = texts.map(friendliness);
  return {
    rate: mean(texts.map((text) => (swears(text) > 0 ? 1 : 0))),
    rest: mean(rest),
    deviation: standardDeviation(rest),
  };
}
