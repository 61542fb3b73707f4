// Measures how many simulated votes a reward model needs to beat the length rule, and what PPO gains on such a model.
//
// Answers of the base as it is served (int8) are sampled once; two answers to a prompt give one vote by the hidden
// preference, with noise. Held-out votes use separate prompts. Resumable: sampled answers, finished sizes and PPO's
// checkpoints are kept in the data folder.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { keepCompletionStates } from '@/bench/experiments/support/kept-answer-states';
import { byScore } from '@/bench/simulate/archetypes';
import { PREFERENCES } from '@/bench/simulate/preferences';
import { splitPrompts } from '@/bench/simulate/prompts';
import { BASE_VERSION_ID } from '@/core/artifact/manifest';
import { RewardModelConfig } from '@/core/config/reward';
import { hash32, Rng } from '@/core/rng';
import { loadChosenBase } from '@/product/base';
import { env } from '@/product/env';
import { startBackend } from '@/trainer/backend';
import type { Comparison } from '@/trainer/math/reward-examples';
import type { CompletionStates } from '@/trainer/model/answer-states';
import { loadBackbone } from '@/trainer/model/backbone';
import type { Backbone } from '@/trainer/model/types';
import { scoreExamples } from '@/trainer/reward/evaluate';
import { lengthBaseline, lengthRule, measurePairs, scoredPairs } from '@/trainer/reward/metrics';
import { probedBlocks } from '@/trainer/reward/probe/fit';
import { normaliseReward } from '@/trainer/reward/scorer';
import { type RewardTrainingState, trainRewardModel } from '@/trainer/reward/train';
import { directoryCheckpoints } from '@/trainer/runs/checkpoint';
import { type Gain, measureGain, ppoSettings } from './support/policy-gain';
import { lazyEngine, type SampledCompletion, sampleOnce } from './support/sampled-answers';
import { settingsName } from './support/settings-name';
import { openStepLog } from './support/step-log';
import { reportVotes, type SizeResult } from './support/votes-report';

const { values: options } = parseArgs({
  options: {
    preference: { type: 'string', default: 'friendly' },
    votes: { type: 'string', default: '200,500,1000,2000' },
    'held-out': { type: 'string', default: '500' },
    /** Runs PPO on the reward model from this many votes; 0 omits PPO. */
    ppo: { type: 'string', default: '1000' },
    /** Share of votes that the noise turns to the other side. */
    noise: { type: 'string', default: '0.1' },
    epochs: { type: 'string', default: '3' },
    /** JSON settings of the reward model that override the experiment's own. */
    reward: { type: 'string', default: '{}' },
    /** JSON settings of PPO that override the experiments' own. */
    'ppo-settings': { type: 'string', default: '{}' },
    seed: { type: 'string', default: '1' },
    'max-tokens': { type: 'string', default: '64' },
    minutes: { type: 'string', default: '600' },
    out: { type: 'string' },
  },
});

const SIZES = options.votes.split(',').map(Number);
const HELD_OUT = Number(options['held-out']);
const SEED = Number(options.seed);
const PPO_VOTES = Number(options.ppo);
if (PPO_VOTES && !SIZES.includes(PPO_VOTES))
  throw new Error(`--ppo ${PPO_VOTES} is not one of --votes ${options.votes}.`);
const chosen = PREFERENCES[options.preference];
if (!chosen) throw new Error(`There is no preference ${options.preference}; choose from ${Object.keys(PREFERENCES)}.`);
const preference = chosen;

/** Vote i compares answers 2i and 2i + 1. */
function votesOn(completions: readonly SampledCompletion[], first: number, noise: number): Comparison[] {
  return Array.from({ length: completions.length / 2 }, (_, i) => {
    const [left, right] = [completions[2 * i]!, completions[2 * i + 1]!];
    const choice = byScore(preference(left), preference(right), noise, new Rng(hash32(SEED, first + i)));
    const [chosen, rejected] = choice === 'right' ? [right, left] : [left, right];
    return {
      kind: 'comparison',
      promptIds: left.promptIds,
      chosenIds: chosen.completionIds,
      rejectedIds: rejected.completionIds,
      outcome: choice === 'tie' ? 'tie' : 'chosen',
      margin: 0,
      weight: 1,
    };
  });
}

async function main(): Promise<void> {
  const { modelPath, base } = await loadChosenBase();
  const work = path.join(env.dataFolder, 'experiments', `votes-${options['max-tokens']}-${SEED}`);
  const signal = AbortSignal.timeout(Number(options.minutes) * 60_000);
  const { voted, heldOut } = splitPrompts(SEED, 100);
  const pairsOf = (prompts: readonly string[], votes: number) =>
    Array.from({ length: 2 * votes }, (_, i) => prompts[Math.floor(i / 2) % prompts.length]!);
  const engineOf = (precision: 'int8' | 'fp32') =>
    lazyEngine({
      base,
      modelPath,
      precision,
      threads: env.ATTUNE_ENGINE_THREADS,
      folder: path.join(work, `adapters-${precision}`),
      cache: path.join(env.dataFolder, 'cache'),
    });
  const maxTokens = Number(options['max-tokens']);
  const [served, exact] = [engineOf('int8'), engineOf('fp32')];
  const sampling = { base, versionId: BASE_VERSION_ID, maxTokens, signal };
  const answered = async (prompts: string[], file: string, seed: number) =>
    sampleOnce(prompts, { ...sampling, engine: served, file: path.join(work, file), seed });
  const forVotes = await answered(pairsOf(voted, Math.max(...SIZES)), 'voted.jsonl', SEED);
  const forTest = await answered(pairsOf(heldOut, HELD_OUT), 'held-out.jsonl', SEED + 1000);
  await served.close();
  const noise = Number(options.noise);
  const votes = votesOn(forVotes, 0, noise);
  const test = votesOn(forTest, 1_000_000, noise);
  const truth = votesOn(forTest, 1_000_000, 0);
  await startBackend();
  const backbone = loadBackbone(base);
  const { probe } = rewardConfig();
  const completionStates = probe
    ? keepCompletionStates(backbone, probedBlocks(backbone.config.layers, probe))
    : undefined;
  const results: SizeResult[] = [];
  const settings = [options.preference, noise, options.epochs, ...settingsName(options.reward)];
  const folderOf = (size: number) => path.join(work, [...settings, size].join('-'));
  const ppoChanges = JSON.parse(options['ppo-settings']);
  const report = (gain: Gain | null) =>
    reportVotes({
      ...{ preference: options.preference, score: preference, noise, seed: SEED, completions: forVotes, results },
      ppo: { votes: PPO_VOTES, settings: ppoChanges, gain },
      out: options.out,
    });
  try {
    for (const size of SIZES) {
      const folder = folderOf(size);
      const file = path.join(folder, 'result.json');
      if (!existsSync(file)) {
        const result = await trainOn(backbone, votes.slice(0, size), { test, truth, folder, completionStates, signal });
        writeFileSync(file, JSON.stringify(result));
      }
      results.push(JSON.parse(readFileSync(file, 'utf8')));
      report(null);
    }
    if (!PPO_VOTES) return;
    const folder = path.join(folderOf(PPO_VOTES), ['ppo', ...settingsName(options['ppo-settings'])].join('-'));
    const file = path.join(folder, 'result.json');
    if (!existsSync(file)) {
      const own = { backbone, votes: votes.slice(0, PPO_VOTES), folder: folderOf(PPO_VOTES), completionStates, signal };
      const { model } = await rewardModelOf(own);
      try {
        normaliseReward(model, forVotes.slice(0, SCALE_ANSWERS));
        const asked = [...heldOut, ...heldOut];
        const before = await sampleOnce(asked, {
          ...sampling,
          engine: exact,
          file: path.join(work, 'before.jsonl'),
          seed: SEED + 2000,
        });
        const gain = await measureGain({
          base,
          backbone,
          engine: exact,
          prompts: voted,
          heldOut: asked,
          before,
          reward: model,
          preference,
          folder,
          signal,
          config: ppoSettings(maxTokens, hash32(SEED, 78), ppoChanges),
          log: path.join(
            'bench',
            'results',
            'logs',
            `votes-${options.preference}-${PPO_VOTES}-${path.basename(folder)}-seed-${SEED}`,
          ),
        });
        writeFileSync(file, JSON.stringify(gain));
      } finally {
        model.dispose();
      }
    }
    report(JSON.parse(readFileSync(file, 'utf8')));
  } finally {
    backbone.dispose();
    await exact.close();
  }
}

/** Number of base answers on which a reward model is normalised to mean 0 and deviation 1. */
const SCALE_ANSWERS = 200;

interface Training {
  backbone: Backbone;
  votes: Comparison[];
  folder: string;
  /** Only for probes. */
  completionStates: CompletionStates | undefined;
  signal: AbortSignal;
}

const rewardConfig = () =>
  RewardModelConfig.parse({
    epochs: Number(options.epochs),
    maxTokens: 192,
    evalsPerEpoch: 1,
    checkpointEverySteps: 3,
    batchExamples: 8,
    adaptedShare: 1 / 3,
    learningRate: 3e-4,
    ...JSON.parse(options.reward),
    seed: hash32(SEED, 5),
  });

/** Trains the model further, or reads it from its last checkpoint if it is finished. */
function rewardModelOf({ backbone, votes, folder, completionStates, signal }: Training) {
  mkdirSync(folder, { recursive: true });
  const log = openStepLog(
    path.join('bench', 'results', 'logs', `votes-${path.basename(folder)}-reward-seed-${SEED}.jsonl`),
  );
  return trainRewardModel({
    backbone,
    examples: votes,
    config: rewardConfig(),
    completionStates,
    signal,
    onMetrics(_stage, step, metrics) {
      log.write({ step, ...metrics });
      const { loss, accuracy, eval_accuracy: held } = metrics;
      console.log(`${votes.length} votes, step ${step}:`, JSON.stringify({ loss, accuracy, held }));
    },
    checkpoints: directoryCheckpoints<RewardTrainingState>(folder, 'reward_model'),
  });
}

interface VoteRun extends Omit<Training, 'backbone' | 'votes'> {
  test: Comparison[];
  truth: Comparison[];
}

async function trainOn(backbone: Backbone, votes: Comparison[], run: VoteRun): Promise<SizeResult> {
  const { test, truth } = run;
  const started = Date.now();
  const { model } = await rewardModelOf({ backbone, votes, ...run });
  try {
    const seconds = (Date.now() - started) / 1000;
    const rule = lengthRule(scoredPairs(votes.map((example) => ({ example, scores: [] }))));
    const pairs = scoredPairs(scoreExamples(model, test));
    const withoutNoise = scoredPairs(scoreExamples(model, truth));
    const { accuracy, ece } = measurePairs(pairs);
    return {
      votes: votes.length,
      seconds,
      accuracy,
      ece,
      decidedHeldOut: pairs.length,
      decided: votes.filter(({ outcome }) => outcome === 'chosen').length,
      accuracyWithoutNoise: measurePairs(withoutNoise).accuracy,
      lengthBaseline: lengthBaseline(pairs, rule),
      lengthBaselineWithoutNoise: lengthBaseline(withoutNoise, rule),
    };
  } finally {
    model.dispose();
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const isOutOfTime = error instanceof Error && error.name === 'TimeoutError';
    console.error(isOutOfTime ? 'Out of time: run the same command to resume.' : error);
    process.exit(isOutOfTime ? 0 : 1);
  },
);
