// Trains reward models on HH-harmless, five folds by prompt and several seeds, and compares them with the length rule.
//
// Resumable at every checkpoint: it stops after --minutes and resumes when it is called again. Training never sees the
// test fold: early stopping and the temperature come from prompts held out of the other four.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { keepCompletionStates } from '@/bench/experiments/support/kept-answer-states';
import { mean, standardDeviation } from '@/bench/experiments/support/spread';
import { resultPath } from '@/bench/results';
import { endOfTurn } from '@/core/base/end-of-turn';
import { RewardModelConfig } from '@/core/config/reward';
import { hash32, Rng } from '@/core/rng';
import { loadChosenBase } from '@/product/base';
import { env } from '@/product/env';
import { startBackend } from '@/trainer/backend';
import { type Comparison, promptKey } from '@/trainer/math/reward-examples';
import type { CompletionStates } from '@/trainer/model/answer-states';
import { loadBackbone } from '@/trainer/model/backbone';
import { type EnteringStates, keepEnteringStates } from '@/trainer/model/entering-states';
import type { Backbone } from '@/trainer/model/types';
import { scalePair } from '@/trainer/reward/calibration';
import { scoreExamples } from '@/trainer/reward/evaluate';
import {
  expectedCalibrationError,
  type LabelledPair,
  lengthBaseline,
  lengthRule,
  measureGroups,
  measurePairs,
  scoredPairs,
} from '@/trainer/reward/metrics';
import { probedBlocks } from '@/trainer/reward/probe/fit';
import { firstAdaptedLayer, type RewardTrainingState, trainRewardModel } from '@/trainer/reward/train';
import { directoryCheckpoints } from '@/trainer/runs/checkpoint';
import { hhComparison } from './support/hh-pairs';
import { settingsName } from './support/settings-name';
import { findSharedData, readJsonLines } from './support/shared-data';
import { openStepLog } from './support/step-log';

const { values: options } = parseArgs({
  options: {
    folds: { type: 'string', default: '5' },
    seeds: { type: 'string', default: '3' },
    /** Runs only one fold with one seed, as FOLD/SEED. */
    only: { type: 'string' },
    /** Total number of pairs, for a smaller run; the results record it. */
    pairs: { type: 'string' },
    epochs: { type: 'string', default: '2' },
    /** Pairs per optimiser step. */
    batch: { type: 'string', default: '8' },
    'learning-rate': { type: 'string', default: '1e-3' },
    'max-tokens': { type: 'string', default: '128' },
    /** Share of the blocks, from the top, that are adapted; their inputs are computed once for all folds and seeds. */
    'adapted-share': { type: 'string', default: '0.2' },
    /** Padded tokens of one pass: sets the memory used and affects nothing else. */
    'micro-batch': { type: 'string', default: '2048' },
    /** Optimiser steps between two checkpoints. */
    'checkpoint-every': { type: 'string', default: '2' },
    /** JSON settings of the reward model that override these and its own. */
    reward: { type: 'string', default: '{}' },
    /** For choosing settings: leaves out this fold's pairs and divides the rest into folds. */
    within: { type: 'string' },
    minutes: { type: 'string', default: '600' },
    out: { type: 'string', default: resultPath('reward-hh') },
  },
});

const FOLDS = Number(options.folds);
const SEEDS = Number(options.seeds);
const LOGS = path.join('bench', 'results', 'logs');

interface FoldResult {
  fold: number;
  seed: number;
  trainPairs: number;
  testPairs: number;
  seconds: number;
  accuracy: number;
  lengthBaseline: number;
  eceBefore: number;
  eceAfter: number;
  temperature: number;
  groups: ReturnType<typeof measureGroups>;
  /** [score of the chosen, of the rejected] of each test pair, in logits. */
  scores: [number, number][];
}

function configOf(seed: number): RewardModelConfig {
  return RewardModelConfig.parse({
    learningRate: Number(options['learning-rate']),
    epochs: Number(options.epochs),
    batchExamples: Number(options.batch),
    maxTokens: Number(options['max-tokens']),
    adaptedShare: Number(options['adapted-share']),
    keptStatesBytes: 2 ** 31,
    microBatchTokens: Number(options['micro-batch']),
    evalShare: 0.12,
    evalsPerEpoch: 1,
    checkpointEverySteps: Number(options['checkpoint-every']),
    ...JSON.parse(options.reward),
    seed: hash32(seed, 99),
  });
}

/** Assigns prompts to folds by a fixed shuffle, the same for all seeds. */
function foldOf(pairs: readonly Comparison[]): Map<string, number> {
  const prompts = new Rng(2027).shuffle([...new Set(pairs.map(promptKey))].sort());
  return new Map(prompts.map((prompt, i) => [prompt, i % FOLDS]));
}

/** All pairs, or the training part of the fold that `--within` names. */
function pairsWithin(pairs: Comparison[]): Comparison[] {
  if (options.within === undefined) return pairs;
  const folds = foldOf(pairs);
  return pairs.filter((pair) => folds.get(promptKey(pair)) !== Number(options.within));
}

async function main(): Promise<void> {
  const folder = findSharedData('hh-harmless', env.ATTUNE_SHARED);
  if (!folder) {
    console.log('The data set hh-harmless is not on this machine (ATTUNE_SHARED, or ../shared); nothing was run.');
    return;
  }
  const { base } = await loadChosenBase();
  const endId = endOfTurn(base);
  const rows = readJsonLines(path.join(folder, 'dev.jsonl.gz'));
  const all = rows.map((row) => hhComparison(row, base, endId)).filter((pair) => pair !== null);
  const pairs = pairsWithin(options.pairs ? new Rng(7).shuffle(all).slice(0, Number(options.pairs)) : all);
  const folds = foldOf(pairs);
  const config = configOf(0);
  const { epochs, maxTokens, batchExamples, learningRate, adaptedShare } = config;
  const own = settingsName(options.reward);
  const within = options.within === undefined ? [] : [`within${options.within}`];
  const settings = [epochs, maxTokens, batchExamples, learningRate, adaptedShare, ...own];
  const name = [pairs.length, FOLDS, ...settings, ...within].join('-');
  const work = path.join(env.dataFolder, 'experiments', `reward-hh-${name}`);
  mkdirSync(work, { recursive: true });
  const deadline = AbortSignal.timeout(Number(options.minutes) * 60_000);
  await startBackend();
  const backbone = loadBackbone(base);
  const states = keepEnteringStates(
    backbone,
    firstAdaptedLayer(backbone.config.layers, adaptedShare),
    config.keptStatesBytes,
  );
  const { probe } = config;
  const completionStates = probe
    ? keepCompletionStates(backbone, probedBlocks(backbone.config.layers, probe))
    : undefined;
  try {
    for (let seed = 0; seed < SEEDS; seed++) {
      for (let fold = 0; fold < FOLDS; fold++) {
        if (options.only && options.only !== `${fold}/${seed}`) continue;
        const file = path.join(work, `fold-${fold}-seed-${seed}.json`);
        if (existsSync(file)) continue;
        const train = pairs.filter((pair) => folds.get(promptKey(pair)) !== fold);
        const test = pairs.filter((pair) => folds.get(promptKey(pair)) === fold);
        const result = await runFold(backbone, {
          fold,
          seed,
          train,
          test,
          work,
          name,
          states,
          completionStates,
          signal: deadline,
        });
        writeFileSync(file, JSON.stringify(result));
        summarise(work, { pairs: pairs.length, of: all.length, config });
      }
    }
  } catch (error) {
    if (!deadline.aborted) throw error;
    console.log('Out of time: run the same command to resume.');
  } finally {
    backbone.dispose();
  }
  summarise(work, { pairs: pairs.length, of: all.length, config });
}

interface Fold {
  fold: number;
  seed: number;
  train: Comparison[];
  test: Comparison[];
  work: string;
  name: string;
  states: EnteringStates;
  completionStates?: CompletionStates;
  signal: AbortSignal;
}

async function runFold(
  backbone: Backbone,
  { fold, seed, train, test, work, name, states, completionStates, signal }: Fold,
): Promise<FoldResult> {
  const config = configOf(seed);
  const checkpoints = path.join(work, `checkpoints-${fold}-${seed}`);
  const log = openStepLog(path.join(LOGS, `reward-hh-${name}-fold-${fold}-seed-${seed}.jsonl`));
  const { model, report } = await trainRewardModel({
    backbone,
    examples: train,
    config,
    states,
    completionStates,
    signal,
    onMetrics(_stage, step, metrics) {
      log.write({ step, ...metrics });
      const { loss, accuracy, eval_accuracy: held, num_tokens: tokens } = metrics;
      console.log(`fold ${fold} seed ${seed} step ${step}:`, JSON.stringify({ loss, accuracy, held, tokens }));
    },
    checkpoints: directoryCheckpoints<RewardTrainingState>(checkpoints, 'reward_model'),
  });
  try {
    const rule = lengthRule(scoredPairs(train.map((example) => ({ example, scores: [] }))));
    const scored: LabelledPair[] = scoredPairs(scoreExamples(model, test, states));
    const { accuracy, ece } = measurePairs(scored);
    const result = {
      fold,
      seed,
      trainPairs: train.length,
      testPairs: test.length,
      accuracy,
      eceBefore: ece,
      seconds: log.seconds(),
      lengthBaseline: lengthBaseline(scored, rule),
      eceAfter: expectedCalibrationError(scored.map((pair) => scalePair(pair, model.temperature))),
      temperature: report?.temperature ?? 1,
      groups: measureGroups(scored, rule, 10),
      scores: scored.map(({ chosen, rejected }): [number, number] => [chosen, rejected]),
    };
    await rm(checkpoints, { recursive: true, force: true });
    return result;
  } finally {
    model.dispose();
  }
}

function summarise(work: string, run: { pairs: number; of: number; config: RewardModelConfig }): void {
  const results: FoldResult[] = [];
  for (let seed = 0; seed < SEEDS; seed++) {
    for (let fold = 0; fold < FOLDS; fold++) {
      const file = path.join(work, `fold-${fold}-seed-${seed}.json`);
      if (existsSync(file)) results.push(JSON.parse(readFileSync(file, 'utf8')));
    }
  }
  if (results.length === 0) return;
  const gains = results.map(({ accuracy, lengthBaseline }) => 100 * (accuracy - lengthBaseline));
  const pooled = results.flatMap(({ scores, temperature }) =>
    scores.map(([chosen, rejected]) =>
      scalePair({ weight: 1, chosen, rejected, chosenLength: 0, rejectedLength: 0 }, temperature),
    ),
  );
  const summary = {
    data: `hh-harmless dev, ${run.pairs} of ${run.of} pairs, ${FOLDS} folds by prompt`,
    config: run.config,
    folds: results.length,
    accuracy: {
      mean: mean(results.map((r) => r.accuracy)),
      deviation: standardDeviation(results.map((r) => r.accuracy)),
    },
    lengthBaseline: mean(results.map((r) => r.lengthBaseline)),
    pointsAboveLength: { mean: mean(gains), least: Math.min(...gains), most: Math.max(...gains) },
    /** All test pairs together: a single fold of 228 pairs has a floor of about 0.05 by chance. */
    ece: {
      before: mean(results.map((r) => r.eceBefore)),
      after: mean(results.map((r) => r.eceAfter)),
      afterPooled: expectedCalibrationError(pooled),
    },
    secondsPerFold: mean(results.map((r) => r.seconds)),
    results: results.map(({ scores, ...result }) => result),
  };
  mkdirSync(path.dirname(options.out), { recursive: true });
  writeFileSync(options.out, `${JSON.stringify(summary, null, 2)}\n`);
  console.log(
    `${results.length} folds: accuracy ${(100 * summary.accuracy.mean).toFixed(1)} %, length alone ${(100 * summary.lengthBaseline).toFixed(1)} %, ` +
      `${summary.pointsAboveLength.mean.toFixed(1)} points above; ECE ${summary.ece.before.toFixed(3)} -> ${summary.ece.after.toFixed(3)} (pooled ${summary.ece.afterPooled.toFixed(3)})`,
  );
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
