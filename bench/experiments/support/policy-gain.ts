// Runs PPO against a reward and measures the gain on held-out prompts by a hidden preference, in start deviations.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { mean, standardDeviation } from '@/bench/experiments/support/spread';
import type { HiddenPreference } from '@/bench/simulate/preferences';
import { BASE_VERSION_ID } from '@/core/artifact/manifest';
import type { Base } from '@/core/base/base';
import { PpoConfig } from '@/core/config/policy';
import { Rng } from '@/core/rng';
import { createLora } from '@/trainer/model/lora';
import type { Backbone } from '@/trainer/model/types';
import type { Reward } from '@/trainer/policy/experience';
import { optimisePolicy } from '@/trainer/policy/optimise';
import type { PolicyState } from '@/trainer/policy/run';
import { directoryCheckpoints } from '@/trainer/runs/checkpoint';
import { type LazyEngine, type SampledCompletion, sampleOnce } from './sampled-answers';
import { openStepLog } from './step-log';

export interface GainInput {
  base: Base;
  backbone: Backbone;
  engine: LazyEngine;
  /** Training prompts. */
  prompts: readonly string[];
  /** Held-out prompts, each repeated as often as it is asked. */
  heldOut: readonly string[];
  /** The base's answers to them. */
  before: readonly SampledCompletion[];
  /** Normalised: mean 0 and deviation 1 on answers of the base. */
  reward: Reward;
  preference: HiddenPreference;
  config: PpoConfig;
  /** The folder of checkpoints and sampled answers. */
  folder: string;
  /** Raw logs: `<log>.jsonl` has one line per iteration, `<log>-answers.jsonl` the held-out answers afterwards. */
  log: string;
  signal: AbortSignal;
}

export interface CompletionFigures {
  completions: number;
  mean: number;
  deviation: number;
  endedShare: number;
  tokens: number;
}

export interface Gain {
  before: CompletionFigures;
  after: CompletionFigures;
  /** (after - before) / deviation before. */
  startDeviations: number;
  /** The divergence of the answers afterwards: nats from the base, summed over each answer. */
  kl: { mean: number; deviation: number; largest: number };
  /** The iteration after which the kept policy was taken. */
  kept: number;
  verdict: string;
  /** The time of PPO, sampling included. */
  minutes: number;
}

/** Settings that both experiments share; points of score are start deviations. */
export const ppoSettings = (maxTokens: number, seed: number, own: object = {}): PpoConfig =>
  PpoConfig.parse({
    iterations: 12,
    sequences: 48,
    minibatch: 12,
    epochs: 2,
    maxResponseTokens: maxTokens,
    maxPromptTokens: 160,
    learningRate: 3e-4,
    lambda: 1,
    klCoefficient: 0.05,
    klBudget: 9.5,
    eosPenalty: 2.5,
    minWords: 5,
    ...own,
    seed,
  });

export async function measureGain(input: GainInput): Promise<Gain> {
  const { base, backbone, config, folder, preference, before, signal } = input;
  mkdirSync(folder, { recursive: true });
  const engine = await input.engine.get();
  const policy = createLora(backbone.config, { ...config.lora, rng: new Rng(config.seed) });
  const log = openStepLog(`${input.log}.jsonl`);
  try {
    const result = await optimisePolicy({
      backbone,
      policy,
      reference: null,
      reward: input.reward,
      constraints: [],
      engine,
      config,
      signal,
      decode: (ids) => base.tokenizer.decode(ids),
      prompts: input.prompts.map((content) => Int32Array.from(base.renderPrompt([{ role: 'user', content }]))),
      publish: (adapter) => engine.serve('policy', adapter),
      onMetrics(_stage, step, metrics) {
        log.write({ step, ...metrics });
        const shown = ['objective/reward_model', 'objective/kl', 'response_length/clip_ratio', 'response_length/mean'];
        const figures = shown.map((name) => `${name} ${metrics[name]?.toFixed(3)}`);
        console.log(`${path.basename(input.log)} iteration ${step}: ${figures.join(', ')}`);
      },
      checkpoints: directoryCheckpoints<PolicyState>(folder, 'ppo'),
    });
    const versionId = await engine.serve('after', result.adapter);
    const completions = await sampleOnce(input.heldOut, {
      base,
      engine: input.engine,
      versionId,
      file: path.join(folder, 'after.jsonl'),
      maxTokens: config.maxResponseTokens,
      seed: 1_000_000 + config.seed,
      signal,
    });
    const kl = await divergences(input, versionId, completions);
    const lines = completions.map(({ text, ended, promptIds }, i) => ({
      prompt: base.tokenizer.decode([...promptIds]),
      text,
      ended,
      score: preference({ text, ended }),
      kl: kl[i],
    }));
    writeFileSync(`${input.log}-answers.jsonl`, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const [start, end] = [figuresOf(before, preference), figuresOf(completions, preference)];
    return {
      before: start,
      after: end,
      startDeviations: (end.mean - start.mean) / start.deviation,
      kl: { mean: mean(kl), deviation: standardDeviation(kl), largest: Math.max(...kl) },
      kept: result.kept.iteration,
      verdict: result.verdict,
      minutes: log.seconds() / 60,
    };
  } finally {
    policy.dispose();
  }
}

/** log p(policy) - log p(base), summed over each answer. */
async function divergences(
  { engine, signal }: GainInput,
  versionId: string,
  completions: readonly SampledCompletion[],
) {
  const client = await engine.get();
  const own = await client.score(versionId, completions, signal);
  const reference = await client.score(BASE_VERSION_ID, completions, signal);
  return own.map((row, i) => row.reduce((sum, logprob, t) => sum + logprob - reference[i]![t]!, 0));
}

function figuresOf(completions: readonly SampledCompletion[], preference: HiddenPreference): CompletionFigures {
  const scores = completions.map(preference);
  return {
    completions: completions.length,
    mean: mean(scores),
    deviation: standardDeviation(scores),
    endedShare: mean(completions.map(({ ended }) => (ended ? 1 : 0))),
    tokens: mean(completions.map(({ completionIds }) => completionIds.length)),
  };
}

/** The preference itself as a reward, normalised to mean 0 and deviation 1 on some answers. */
export function trueReward(preference: HiddenPreference, base: Base, start: readonly SampledCompletion[]): Reward {
  const scores = start.map(preference);
  const [centre, deviation] = [mean(scores), standardDeviation(scores)];
  const { eosTokenIds } = base.weights.config;
  return {
    score: (completions) =>
      completions.map(({ completionIds }) => {
        const ended = eosTokenIds.includes(completionIds.at(-1) ?? -1);
        const text = base.tokenizer.decode([...(ended ? completionIds.subarray(0, -1) : completionIds)]);
        return (preference({ text, ended }) - centre) / deviation;
      }),
  };
}
