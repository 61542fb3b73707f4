// Opens a run of the loop in loop.ts: what it samples from, and the state that it begins or resumes with.
import { performance } from 'node:perf_hooks';
import { AttuneError } from '@/core/errors';
import { Rng } from '@/core/rng';
import { type PromptOrder, promptOrder } from '@/trainer/data/prompt-order';
import { startConstraints } from '@/trainer/math/constraint';
import { NO_MOMENTS } from '@/trainer/math/moments';
import { createScalarHead } from '@/trainer/model/heads';
import type { Metrics } from '@/trainer/runs/store';
import type { Completion } from '@/trainer/sampling/completion-logprobs';
import type { OnPolicyAlgorithm, OnPolicyState } from './algorithms/algorithm';
import { NO_ALARMS } from './guards';
import { openRun, type PolicyInput, type PolicyRun } from './run';
import { type StoredCompletion, screenStored } from './stored-experience';
import { NO_UPDATE } from './update-sums';

export type OnPolicyConfig = OnPolicyAlgorithm['config'];

export interface LoopRun extends PolicyRun<OnPolicyState, OnPolicyConfig> {
  algorithm: OnPolicyAlgorithm;
  prompts: PromptOrder<Int32Array>;
  demonstrations: PromptOrder<Completion> | null;
  stored: StoredCompletion[];
  refused: Metrics;
  /** Milliseconds at which this iteration's sampling began; only figures of speed depend on it. */
  since: number;
}

/** Throws BAD_INPUT if no prompt is short enough, or the numbers of answers do not divide. */
export async function openLoop(input: PolicyInput<OnPolicyConfig>, algorithm: OnPolicyAlgorithm): Promise<LoopRun> {
  const { config, backbone } = input;
  const { samplesPerPrompt, minibatch, unit } = algorithm;
  const usable = input.prompts.filter((ids) => ids.length <= config.maxPromptTokens);
  if (!usable.length) {
    throw new AttuneError(
      'BAD_INPUT',
      `No prompt has at most ${config.maxPromptTokens} tokens. Raise maxPromptTokens.`,
    );
  }
  if (config.sequences % samplesPerPrompt || minibatch % unit) {
    throw new AttuneError(
      'BAD_INPUT',
      `sequences is ${config.sequences}; with ${samplesPerPrompt} answers to a prompt it must be a multiple of that.`,
    );
  }
  const { hiddenSize } = backbone.config;
  const valueHead = algorithm.usesValues
    ? createScalarHead({ name: 'value', hiddenSize, init: 'zero', layerNorm: true, rng: new Rng(config.seed) })
    : null;
  const screened = screenStored(algorithm.stored ? (input.stored ?? []) : [], {
    maxStaleness: algorithm.stored?.maxStaleness ?? 0,
    endIds: backbone.config.eosTokenIds,
    maxPromptTokens: config.maxPromptTokens,
    maxResponseTokens: config.maxResponseTokens,
  });
  const opened = await openRun<OnPolicyState, OnPolicyConfig>(input, valueHead, {
    ...{
      iteration: 0,
      epoch: 0,
      minibatch: 0,
      sums: NO_UPDATE,
      figures: {},
      alarms: NO_ALARMS,
      scoreMoments: NO_MOMENTS,
    },
    klCoefficient: algorithm.klCoefficient,
    constraints: startConstraints(input.constraints),
    storedCursor: 0,
    storedStale: 0,
    trial: {},
    passedOver: { count: 0, problems: [] },
  });
  return {
    ...opened,
    algorithm,
    prompts: promptOrder(usable, config.seed + 2),
    demonstrations: input.demonstrations?.length ? promptOrder(input.demonstrations, config.seed + 5) : null,
    stored: screened.completions,
    refused: Object.fromEntries(Object.entries(screened.refused).map(([why, n]) => [`stored/refused_${why}`, n])),
    since: performance.now(),
  };
}
