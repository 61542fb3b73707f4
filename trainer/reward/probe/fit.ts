// Fits linear probes of the frozen base to every kind of feedback: one convex likelihood, no step size, no epochs.
//
// Each of several blocks has its own probe, all under one Gaussian prior whose precision is chosen by cross-validation
// over prompts; the held-out scores of the same folds give the report, so that training can use all feedback.

import type { ProbeConfig, RewardModelConfig } from '@/core/config/reward';
import type { RaterTrust } from '@/core/trust/report';
import type { RewardExample } from '@/trainer/math/reward-examples';
import { type CompletionStates, computeCompletionStates } from '@/trainer/model/answer-states';
import type { Backbone } from '@/trainer/model/types';
import { judgeScores, type RewardReport } from '@/trainer/reward/evaluate';
import { readFeedback } from '@/trainer/reward/feedback';
import { type RewardModel, scaled } from '@/trainer/reward/scorer';
import { splitScores } from '@/trainer/reward/step';
import { trustFromStates } from '@/trainer/reward/trust/trust';
import { limitUndecided } from '@/trainer/reward/undecided';
import type { Evaluation } from '@/trainer/supervised/loop';
import { weighProbedGroups } from './groups';
import { choosePrecision, type FitTask, fit, probeOf } from './precision';
import { createProbeReader, type Probe } from './probe';
import { pause, readStates, type StatesInput, standardisedBlock } from './states';

export interface ProbeInput extends StatesInput {
  backbone: Backbone;
  examples: readonly RewardExample[];
  config: RewardModelConfig & { probe: ProbeConfig };
  /** States of the blocks from `probedBlocks`, to share between fits on the same feedback; computed if not given. */
  completionStates?: CompletionStates;
}

export interface FittedProbes {
  model: RewardModel;
  evaluation: Evaluation<RewardReport> | null;
  /** Null if trust is not estimated. */
  raters: RaterTrust[] | null;
}

export async function fitProbes(input: ProbeInput): Promise<FittedProbes> {
  const { backbone, config, onMetrics } = input;
  const { maxTokens, microBatchTokens, uncertaintyPenalty } = config;
  const given = limitUndecided([...input.examples], config);
  const source =
    input.completionStates ?? computeCompletionStates(backbone, probedBlocks(backbone.config.layers, config.probe));
  const { blocks, hiddenSize } = source;
  readFeedback(given, given, config); // refuses before the long part
  const states = await readStates(input, given, source);
  const trust = await trustFromStates(given, { ...input, states, hiddenSize, at: Math.floor(blocks.length / 2) });
  const believed = trust?.examples ?? given;
  const feedback = readFeedback(believed, believed, config);
  const blocksAt = [...blocks.keys()];
  const equal: FitTask = { ...input, train: believed, feedback, states, hiddenSize, blocksAt };
  const { train, metrics: ofGroups } = await weighProbedGroups(equal, config.groupRobust);
  const task = { ...equal, train };
  const { precision, scores, loss } = await choosePrecision(task);
  const probes: Probe[] = [];
  for (const [at, block] of blocks.entries()) {
    await pause(input);
    const standardised = standardisedBlock(states, at, hiddenSize);
    try {
      probes.push(probeOf(standardised, block, fit(task, standardised.features, train, precision)));
    } finally {
      standardised.features.dispose();
    }
  }
  const raters = trust?.raters ?? null;
  const model = scaled(createProbeReader(source, probes, microBatchTokens), { maxTokens, uncertaintyPenalty });
  if (!scores) return { model, evaluation: null, raters };
  const evaluation = judgeScores(splitScores(train, scores), loss, feedback.lengthRule);
  model.temperature = evaluation.detail.temperature;
  onMetrics(Math.ceil(train.length / config.batchExamples), {
    ...evaluation.metrics,
    ...trust?.metrics,
    ...ofGroups,
    'probe/prior_precision': precision,
  });
  return { model, evaluation, raters };
}

/** In ascending order, without repetitions: block 1 is the lowest whose input has seen more than single tokens. */
export const probedBlocks = (layers: number, { depths }: Pick<ProbeConfig, 'depths'>): number[] =>
  [...new Set(depths.map((depth) => Math.min(layers - 1, Math.max(1, Math.round(depth * layers)))))].sort(
    (a, b) => a - b,
  );
