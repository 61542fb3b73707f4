// Estimates the trust in the raters of some feedback together with a probe, and weighs their votes by it.
import { ProbeConfig, type RewardModelConfig } from '@/core/config/reward';
import { estimateJointly } from '@/core/trust/joint';
import { itemKey } from '@/core/trust/judgement';
import { type RaterTrust, reportTrust } from '@/core/trust/report';
import type { RewardExample } from '@/trainer/math/reward-examples';
import { computeCompletionStates } from '@/trainer/model/answer-states';
import type { Backbone } from '@/trainer/model/types';
import { readFeedback } from '@/trainer/reward/feedback';
import { choosePrecision } from '@/trainer/reward/probe/precision';
import { type KnownStates, readStates } from '@/trainer/reward/probe/states';
import { splitScores } from '@/trainer/reward/step';
import type { Metrics } from '@/trainer/runs/store';
import { judgementsOf } from './judgements';

export interface LearntTrust {
  /** The same examples in the same order, each with the weight of its rater; below 0 it counts turned over. */
  examples: RewardExample[];
  raters: RaterTrust[];
  metrics: Metrics;
}

interface TrustInput {
  config: RewardModelConfig;
  signal: AbortSignal;
}

/** Share of the depth at which the probe reads if the reward model itself is not one. */
const DEPTH = 0.67;
/** Two priors are enough to judge raters by. */
const PRECISIONS = [300, 3000];

/** The same without known states: one pass of the frozen base over the feedback. */
export async function trustOfExamples(
  input: TrustInput & { backbone: Backbone; examples: readonly RewardExample[] },
): Promise<LearntTrust | null> {
  const { backbone, examples, config } = input;
  if (!isWorthwhile(examples, config)) return null;
  const { layers, hiddenSize } = backbone.config;
  const source = computeCompletionStates(backbone, [Math.max(1, Math.round(DEPTH * layers))]);
  const states = await readStates({ ...input, checkpoints: null, onMetrics: () => {} }, examples, source);
  return trustFromStates(examples, { ...input, states, hiddenSize, at: 0 });
}

/** `states` are those of the examples' completions in order; the probe reads the block at place `at`. */
export async function trustFromStates(
  examples: readonly RewardExample[],
  { config, signal, states, hiddenSize, at }: TrustInput & { states: KnownStates; hiddenSize: number; at: number },
): Promise<LearntTrust | null> {
  const { trust: settings } = config;
  if (!settings || !isWorthwhile(examples, config)) return null;
  const probe = { ...(config.probe ?? ProbeConfig.parse({})), precisions: PRECISIONS };
  const { scales } = readFeedback(examples, examples, config);
  const judgements = judgementsOf(examples, scales);
  const trust = await estimateJointly({
    judgements,
    rounds: settings.rounds,
    priorTrust: priorTrust(examples),
    async crossFit(weights) {
      const train = weighted(examples, judgements, weights);
      const feedback = readFeedback(train, train, config);
      const task = { config: { ...config, probe }, signal, train, feedback, states, hiddenSize, blocksAt: [at] };
      const { scores } = await choosePrecision(task);
      if (!scores) return new Map();
      const scored = splitScores(train, scores);
      return new Map(judgements.map((own) => [itemKey(own), own.beliefOf(scored[own.place]!.scores)]));
    },
  });
  const vouchedFor = new Set(examples.flatMap(({ rater, isVouchedFor }) => (isVouchedFor && rater ? [rater] : [])));
  const raters = reportTrust(trust).map((own) =>
    vouchedFor.has(own.rater) ? { ...own, weight: 1, isInverted: false } : own,
  );
  return {
    examples: weighted(examples, judgements, trust.weights),
    raters,
    metrics: {
      'trust/raters': new Set(raters.map(({ rater }) => rater)).size,
      'trust/mean_weight': raters.reduce((sum, { weight }) => sum + weight, 0) / raters.length,
      'trust/ignored': raters.filter(({ weight }) => weight === 0).length,
      'trust/inverted': raters.filter(({ isInverted }) => isInverted).length,
      'trust/colluding': raters.filter(({ collusion }) => collusion !== null).length,
    },
  };
}

const isWorthwhile = (examples: readonly RewardExample[], { trust }: RewardModelConfig) =>
  trust !== null &&
  new Set(examples.flatMap(({ rater }) => (rater === undefined ? [] : [rater]))).size >= trust.leastRaters;

/** What the snapshot says of each rater; the least, if its rows differ. */
function priorTrust(examples: readonly RewardExample[]): Map<string, number> {
  const prior = new Map<string, number>();
  for (const { rater, weight } of examples) {
    if (rater !== undefined) prior.set(rater, Math.min(prior.get(rater) ?? 1, Math.max(0, weight)));
  }
  return prior;
}

function weighted(
  examples: readonly RewardExample[],
  judgements: readonly { place: number }[],
  weights: Float64Array,
): RewardExample[] {
  const out = [...examples];
  for (const [i, { place }] of judgements.entries()) {
    if (!out[place]!.isVouchedFor) out[place] = { ...out[place]!, weight: weights[i]! };
  }
  return out;
}
