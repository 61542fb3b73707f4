// Runs Attune's side of bench:train: one job of the trainer in its own process, once for each line on standard input.
//
// usage: worker.ts JOB BASE INPUT FOLDER, with JOB one of sft, reward, ppo. Prints one JSON line when it is ready and
// one after each run: seconds, loss, and, so far, peak resident bytes and processor seconds, including the engine's.
// The first line has `gpu`: 1 if libtensorflow works on a GPU, else 0.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Base } from '@/core/base/base';
import { loadBase } from '@/core/base/load-base';
import { PpoConfig } from '@/core/config/policy';
import { Rng } from '@/core/rng';
import { startBackend } from '@/trainer/backend';
import { bradleyTerryLoss } from '@/trainer/math/loss/score';
import { NO_MOMENTS } from '@/trainer/math/moments';
import { loadBackbone } from '@/trainer/model/backbone';
import { createScalarHead } from '@/trainer/model/heads';
import { completionLogprobsWithGradient, crossEntropy } from '@/trainer/model/logprobs';
import { createLora } from '@/trainer/model/lora';
import { AdamW, addGradients, clipByGlobalNorm, disposeGradients } from '@/trainer/model/optim';
import { packCompletions } from '@/trainer/model/packing';
import { completionPositions } from '@/trainer/model/positions';
import type { Backbone, NamedGradients, NamedVariables } from '@/trainer/model/types';
import { ppo } from '@/trainer/policy/algorithms/ppo';
import { gatherExperience } from '@/trainer/policy/experience';
import { createRewardModel } from '@/trainer/reward/scorer';
import type { ExperienceEngine } from '@/trainer/sampling/private-engine';
import { type PrivateEngine, startPrivateEngine } from '@/trainer/sampling/private-engine';
import { SIZES, type TrainInput } from './setup';

const [job, basePath, inputPath, folder] = process.argv.slice(2) as [string, string, string, string];
const input = JSON.parse(readFileSync(inputPath, 'utf8')) as TrainInput;
const LORA = { rank: 16, alpha: 32 };
const row = (ids: readonly number[]) => Int32Array.from(ids);

/** Linux's VmHWM: the peak resident memory of a process. */
function peakOf(pid: string): number {
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1];
  return Number(kilobytes) * 1024;
}

/** User and system time of a process, in ticks of 10 ms. */
function cpuSecondsOf(pid: string): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The engine that the trainer started. */
const enginePids = () =>
  readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8')
    .trim()
    .split(/\s+/)
    .filter((pid) => pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(join('engine', 'process.ts')));

function say(values: object): void {
  const sum = (of: (pid: string) => number) => ['self', ...enginePids()].reduce((total, pid) => total + of(pid), 0);
  process.stdout.write(`${JSON.stringify({ ...values, peakBytes: sum(peakOf), cpuSeconds: sum(cpuSecondsOf) })}\n`);
}

type Step = () => number | Promise<number>;

function applyStep(optimiser: AdamW, variables: NamedVariables, gradients: NamedGradients, lr: number): void {
  clipByGlobalNorm(gradients, 1);
  optimiser.step(variables, gradients, lr);
  disposeGradients(gradients);
}

function sft(backbone: Backbone): Step {
  const lora = createLora(backbone.config, { ...LORA, rng: new Rng(1) });
  const optimiser = new AdamW();
  const ids = input.sft.map(row);
  const positions = completionPositions(
    ids,
    ids.map(() => 1),
  );
  return () => {
    const { loss, gradients } = backbone.backward({ ids }, lora, (hidden) =>
      completionLogprobsWithGradient(backbone, hidden, positions, 1, (logprobs) => crossEntropy(logprobs)),
    );
    applyStep(optimiser, lora.variables, gradients, 3e-4);
    return loss;
  };
}

/** In micro-batches of 4 comparisons: chosen and rejected follow one copy of their prompt. */
function reward(backbone: Backbone): Step {
  const rng = new Rng(1);
  const lora = createLora(backbone.config, { ...LORA, rng });
  const { hiddenSize } = backbone.config;
  const head = createScalarHead({ name: 'reward', hiddenSize, init: 'normal', rng });
  const variables = new Map([...lora.variables, ...head.variables]);
  const optimiser = new AdamW();
  const groups = input.reward.map((pair) => ({
    promptIds: row(pair.prompt),
    completions: [row(pair.chosen), row(pair.rejected)],
  }));
  return () => {
    const sum: NamedGradients = new Map();
    let loss = 0;
    for (let from = 0; from < groups.length; from += 4) {
      const packed = packCompletions(groups.slice(from, from + 4));
      const pairs = groups.slice(from, from + 4).map(() => ({ outcome: 'chosen' as const, margin: 0, weight: 1 }));
      const part = backbone.backward(packed.batch, lora, (hidden) =>
        head.loss(hidden, packed.last, (scores) => {
          const { loss, gradient } = bradleyTerryLoss(scores, pairs, { centering: 0, normaliser: groups.length });
          return { loss, dValues: gradient };
        }),
      );
      loss += part.loss;
      addGradients(sum, part.gradients);
    }
    applyStep(optimiser, variables, sum, 1.5e-4);
    return loss;
  };
}

/** One iteration as the trainer runs it: answers from the fp32 engine, scores, and four epochs of four minibatches. */
async function policy(backbone: Backbone, base: Base): Promise<Step> {
  const engine = await startPrivateEngine({
    modelPath: basePath,
    base,
    folder: join(folder, 'served'),
    cache: join(folder, 'cache'),
    threads: 2,
    precision: 'fp32' as const,
  });
  const config = PpoConfig.parse({
    sequences: SIZES.prompts,
    epochs: 4,
    minibatch: 4,
    maxResponseTokens: SIZES.completionTokens,
    minWords: 0,
    microBatchTokens: 2048,
    approxKlStop: 100,
    klBudget: 1000,
  });
  const lora = createLora(backbone.config, { ...LORA, rng: new Rng(1) });
  const { hiddenSize } = backbone.config;
  const valueHead = createScalarHead({ name: 'value', hiddenSize, init: 'zero', layerNorm: true, rng: new Rng(1) });
  const variables = new Map([...lora.variables, ...valueHead.variables]);
  const learner = { backbone, policy: lora, valueHead, variables, optimiser: new AdamW({ epsilon: 1e-5 }) };
  const rewardModel = createRewardModel(backbone, { ...LORA, maxTokens: 512, microBatchTokens: 2048, seed: 2 });
  const algorithm = ppo(config);
  const signal = new AbortController().signal;
  let iteration = 0;
  return async () => {
    const since = performance.now();
    const adapterId = await engine.serve('policy', lora.toAdapter());
    const { experience } = await gatherExperience(
      {
        backbone,
        policy: lora,
        reference: null,
        reward: rewardModel,
        constraints: [],
        engine: { sample: (...request) => sampleInFull(engine, ...request) },
        decode: (ids) => base.tokenizer.decode(ids),
      },
      valueHead,
      {
        config,
        adapterId,
        prompts: input.prompts.map(row),
        stored: [],
        iteration,
        constraintStates: {},
        seeds: input.prompts.map((_, i) => iteration * 100 + i),
        scoreMoments: NO_MOMENTS,
        signal,
      },
      () => {},
    );
    const experienceSeconds = (performance.now() - since) / 1000;
    const learnt = algorithm.learn(experience, config.klCoefficient);
    let loss = 0;
    for (let epoch = 0; epoch < config.epochs; epoch++) {
      const order = new Rng(iteration * 10 + epoch).shuffle(input.prompts.map((_, i) => i));
      for (let from = 0; from < order.length; from += config.minibatch) {
        const { sums } = algorithm.step({
          learner,
          experience,
          signal: learnt,
          rows: order.slice(from, from + config.minibatch),
          iteration,
          klCoefficient: config.klCoefficient,
          learningRate: 3e-4,
          demonstrations: () => [],
          check: () => {},
        });
        loss = sums.policyLoss;
      }
    }
    iteration++;
    process.stderr.write(`PPO: ${experienceSeconds.toFixed(1)} s of it experience\n`);
    return loss;
  };
}

/** Continues answers that ended until each has all its tokens, so that both sides do the same work. */
async function sampleInFull(
  engine: PrivateEngine,
  ...[prompts, adapterId, sampling, seeds, signal]: Parameters<ExperienceEngine['sample']>
) {
  const samples = prompts.map(() => ({ ids: [] as number[], logprobs: [] as number[] }));
  for (;;) {
    const open = samples.flatMap(({ ids }, i) => (ids.length < sampling.maxTokens ? [i] : []));
    if (open.length === 0) return samples;
    await Promise.all(
      open.map(async (i) => {
        const { ids, logprobs } = samples[i]!;
        const maxTokens = sampling.maxTokens - ids.length;
        const prompt = Int32Array.of(...prompts[i]!, ...ids);
        const more = await engine.sample(
          [prompt],
          adapterId,
          { ...sampling, maxTokens },
          [seeds[i]! + ids.length],
          signal,
        );
        ids.push(...more[0]!.ids);
        logprobs.push(...more[0]!.logprobs);
      }),
    );
  }
}

async function main(): Promise<void> {
  const { device } = await startBackend();
  const base = await loadBase(basePath);
  const backbone = loadBackbone(base);
  const step = await { sft, reward, ppo: policy }[job as 'sft' | 'reward' | 'ppo'](backbone, base);
  say({ gpu: device === 'gpu' ? 1 : 0 });
  for await (const _ of createInterface({ input: process.stdin })) {
    const since = performance.now();
    const loss = await step();
    say({ seconds: (performance.now() - since) / 1000, loss });
  }
  process.exit(0); // the engine's process ends with this one
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
