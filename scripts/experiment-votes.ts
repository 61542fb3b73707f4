// How many simulated votes a reward model needs: accuracy on held-out votes beside the length rule, for growing sets.
//
// The base's answers are sampled once; two of a prompt are one vote by the hidden preference, with noise. Held-out votes
// are on prompts of their own. Resumable: sampled answers and finished sizes are kept in the data folder.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { loadBase } from '@/core/load-base';
import { dataPaths } from '@/core/paths';
import { hash32, Rng } from '@/core/rng';
import { startBackend } from '@/trainer/backend';
import { directoryCheckpoints } from '@/trainer/checkpoint';
import { RewardModelConfig } from '@/trainer/config';
import { loadTrunk } from '@/trainer/model/trunk';
import type { Trunk } from '@/trainer/model/types';
import { scoreExamples } from '@/trainer/reward-evaluation';
import type { Comparison } from '@/trainer/reward-examples';
import { lengthBaseline, lengthRule, measurePairs, scoredPairs } from '@/trainer/reward-metrics';
import { type RewardTrainingState, trainRewardModel } from '@/trainer/reward-model';
import { env } from './env';
import { type SampledAnswer, sampleOnce } from './experiment/sampled-answers';
import { findWeights } from './setup/weights';
import { choose } from './simulate/crowd';
import { PREFERENCES } from './simulate/preferences';
import { splitPrompts } from './simulate/prompts';

const { values: options } = parseArgs({
  options: {
    preference: { type: 'string', default: 'friendly' },
    votes: { type: 'string', default: '200,500,1000,2000' },
    'held-out': { type: 'string', default: '300' },
    /** Share of votes for the other side. */
    noise: { type: 'string', default: '0.1' },
    epochs: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    'max-tokens': { type: 'string', default: '64' },
    minutes: { type: 'string', default: '600' },
    out: { type: 'string' },
  },
});

const SIZES = options.votes.split(',').map(Number);
const HELD_OUT = Number(options['held-out']);
const SEED = Number(options.seed);
const preference = PREFERENCES[options.preference];
if (!preference)
  throw new Error(`There is no preference ${options.preference}; choose from ${Object.keys(PREFERENCES)}.`);

interface SizeResult {
  votes: number;
  decided: number;
  seconds: number;
  /** On held-out votes, of which the noise turns some round. */
  accuracy: number;
  /** Against the preference itself. */
  accuracyWithoutNoise: number;
  lengthBaseline: number;
  lengthBaselineWithoutNoise: number;
  ece: number;
}

/** Vote i compares answers 2i and 2i + 1. */
function votesOn(answers: readonly SampledAnswer[], first: number, noise: number): Comparison[] {
  return Array.from({ length: answers.length / 2 }, (_, i) => {
    const [left, right] = [answers[2 * i]!, answers[2 * i + 1]!];
    const choice = choose(preference!(left), preference!(right), noise, new Rng(hash32(SEED, first + i)));
    const [chosen, rejected] = choice === 'right' ? [right, left] : [left, right];
    return {
      kind: 'comparison',
      promptIds: left.promptIds,
      ...{ chosenIds: chosen.answerIds, rejectedIds: rejected.answerIds },
      ...{ outcome: choice === 'tie' ? 'tie' : 'chosen', margin: 0, weight: 1 },
    };
  });
}

async function main(): Promise<void> {
  const { path: modelPath } = await findWeights({
    model: env.ATTUNE_MODEL,
    modelsFolder: dataPaths(env.dataFolder).models,
    progress: () => {},
  });
  const base = await loadBase(modelPath);
  const work = path.join(env.dataFolder, 'experiments', `votes-${options['max-tokens']}-${SEED}`);
  const signal = AbortSignal.timeout(Number(options.minutes) * 60_000);
  const { voted, heldOut } = splitPrompts(SEED, 100);
  const pairsOf = (prompts: readonly string[], votes: number) =>
    Array.from({ length: 2 * votes }, (_, i) => prompts[Math.floor(i / 2) % prompts.length]!);
  const sampling = {
    ...{ base, modelPath, precision: 'fp32' as const, threads: env.ATTUNE_ENGINE_THREADS, signal },
    ...{ folder: path.join(work, 'adapters'), cache: path.join(env.dataFolder, 'cache') },
    maxTokens: Number(options['max-tokens']),
  };
  mkdirSync(sampling.folder, { recursive: true });
  const most = Math.max(...SIZES);
  const forVotes = await sampleOnce(pairsOf(voted, most), {
    ...sampling,
    file: path.join(work, 'voted.jsonl'),
    seed: SEED,
  });
  const forTest = await sampleOnce(pairsOf(heldOut, HELD_OUT), {
    ...{ ...sampling, file: path.join(work, 'held-out.jsonl'), seed: SEED + 1000 },
  });
  const noise = Number(options.noise);
  const votes = votesOn(forVotes, 0, noise);
  const test = votesOn(forTest, 1_000_000, noise);
  const truth = votesOn(forTest, 1_000_000, 0);
  await startBackend();
  const trunk = loadTrunk(base);
  const results: SizeResult[] = [];
  try {
    for (const size of SIZES) {
      const folder = path.join(work, `${options.preference}-${noise}-${options.epochs}-${size}`);
      const file = path.join(folder, 'result.json');
      if (!existsSync(file)) {
        const result = await trainOn(trunk, votes.slice(0, size), { test, truth, folder, signal });
        writeFileSync(file, JSON.stringify(result));
      }
      results.push(JSON.parse(readFileSync(file, 'utf8')));
      report(results, forVotes);
    }
  } finally {
    trunk.dispose();
  }
}

interface VoteRun {
  test: Comparison[];
  truth: Comparison[];
  folder: string;
  signal: AbortSignal;
}

async function trainOn(
  trunk: Trunk,
  votes: Comparison[],
  { test, truth, folder, signal }: VoteRun,
): Promise<SizeResult> {
  mkdirSync(folder, { recursive: true });
  const config = RewardModelConfig.parse({
    ...{ epochs: Number(options.epochs), maxTokens: 192, evalsPerEpoch: 1, checkpointEverySteps: 3 },
    seed: hash32(SEED, 5),
  });
  const started = Date.now();
  const { model } = await trainRewardModel({
    ...{ trunk, examples: votes, config, signal },
    onMetrics: (_stage, step, metrics) => console.log(`${votes.length} votes, step ${step}:`, JSON.stringify(metrics)),
    checkpoints: directoryCheckpoints<RewardTrainingState>(folder, 'reward_model'),
  });
  try {
    const seconds = (Date.now() - started) / 1000;
    const rule = lengthRule(scoredPairs(votes.map((example) => ({ example, scores: [] }))));
    const pairs = scoredPairs(scoreExamples(model, test));
    const withoutNoise = scoredPairs(scoreExamples(model, truth));
    const { accuracy, ece } = measurePairs(pairs);
    return {
      ...{ votes: votes.length, seconds, accuracy, ece },
      decided: votes.filter(({ outcome }) => outcome === 'chosen').length,
      accuracyWithoutNoise: measurePairs(withoutNoise).accuracy,
      lengthBaseline: lengthBaseline(pairs, rule),
      lengthBaselineWithoutNoise: lengthBaseline(withoutNoise, rule),
    };
  } finally {
    model.dispose();
  }
}

function report(results: SizeResult[], answers: readonly SampledAnswer[]): void {
  const out = options.out ?? path.join('bench', `votes-${options.preference}.json`);
  const scores = answers.map(preference!);
  const summary = {
    preference: options.preference,
    noise: Number(options.noise),
    seed: SEED,
    answers: {
      count: answers.length,
      endedShare: answers.filter(({ ended }) => ended).length / answers.length,
      meanScore: scores.reduce((a, b) => a + b, 0) / scores.length,
    },
    results,
  };
  mkdirSync(path.dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify(summary, null, 2)}\n`);
  const { votes, accuracyWithoutNoise: right, lengthBaselineWithoutNoise: length } = results.at(-1)!;
  console.log(`${votes} votes: ${(100 * right).toFixed(1)} % right, length alone ${(100 * length).toFixed(1)} %`);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const isOutOfTime = error instanceof Error && error.name === 'TimeoutError';
    console.error(isOutOfTime ? 'Out of time: call again to go on.' : error);
    process.exit(isOutOfTime ? 0 : 1);
  },
);
