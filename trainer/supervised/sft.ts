// Supervised fine-tuning: the policy learns to give the answers that people wrote, corrected or rated highest.
//
// Only assistant tokens are learnt, with their end token (TRL 1623: masking it gives a model that never stops). The
// loss is the mean over the target tokens of the whole batch, not over micro-batches' means. Left out: learning the
// prompts, and noise on the embeddings.
import { setImmediate as yieldToEvents } from 'node:timers/promises';
import type { Adapter } from '@/core/artifact/adapter';
import type { SftConfig } from '@/core/config/sft';
import { AttuneError } from '@/core/errors';
import { tf } from '@/trainer/backend';
import { type Demonstration, fitDemonstration } from '@/trainer/data/demonstrations';
import { holdOut } from '@/trainer/data/hold-out';
import { packByLength } from '@/trainer/math/micro-batch';
import { packBestFit } from '@/trainer/math/packing';
import { completionLogprobs, completionLogprobsWithGradient } from '@/trainer/model/logprobs';
import { AdamW, addGradients, clipByGlobalNorm, disposeGradients, learningRateAt } from '@/trainer/model/optim';
import type { Backbone, CompletionPositions, Lora, NamedGradients, TokenBatch } from '@/trainer/model/types';
import type { CheckpointStore } from '@/trainer/runs/checkpoint';
import type { Metrics } from '@/trainer/runs/store';
import { type Evaluation, runSupervised, type SupervisedState } from './loop';

export interface SftInput {
  backbone: Backbone;
  /** Trained in place. */
  policy: Lora;
  demonstrations: readonly Demonstration[];
  config: SftConfig;
  signal: AbortSignal;
  onMetrics(stage: 'sft', step: number, metrics: Metrics): void;
  checkpoints: CheckpointStore<SftState> | null;
}

export type SftState = SupervisedState<null>;

export interface SftResult {
  adapter: Adapter;
  /** Held-out figures of the kept state; empty if nothing is held out. */
  metrics: Metrics;
}

export async function trainSft(input: SftInput): Promise<SftResult> {
  const { config, policy, signal, checkpoints } = input;
  const { train, heldOut } = splitDemonstrations(input.demonstrations, config);
  if (train.length === 0) {
    throw new AttuneError(
      'BAD_INPUT',
      'There is no demonstration to learn from. Write or correct answers, or import some.',
    );
  }
  const optimiser = new AdamW({ epsilon: config.adamEpsilon, weightDecay: config.weightDecay });
  try {
    const state = await runSupervised<Demonstration, null>({
      train,
      config,
      optimiser,
      signal,
      checkpoints,
      variables: policy.variables,
      onMetrics: (step, metrics) => input.onMetrics('sft', step, metrics),
      step: (batch, at) => step(input, optimiser, batch, at),
      evaluate: () => (heldOut.length ? evaluate(input, heldOut) : null),
    });
    return { adapter: policy.toAdapter(), metrics: state.best?.metrics ?? {} };
  } finally {
    optimiser.dispose();
  }
}

/** Cuts demonstrations to length, drops those without a target token, and splits the rest. */
export function splitDemonstrations(
  demonstrations: readonly Demonstration[],
  { evalShare, seed, maxTokens }: Pick<SftConfig, 'evalShare' | 'seed' | 'maxTokens'>,
): { train: Demonstration[]; heldOut: Demonstration[] } {
  const usable = demonstrations
    .map((row) => fitDemonstration(row, maxTokens))
    .filter((row) => row.weight > 0 && row.isTarget.includes(1, 1));
  return holdOut(usable, ({ key }) => key, { evalShare, seed });
}

export interface PackedDemonstrations {
  batch: TokenBatch;
  /** Where each target is predicted; `weights` says how much it counts. */
  positions: CompletionPositions;
  weights: Float32Array;
}

/** Packs demonstrations into rows as long as the longest, best fit decreasing; each is a segment that sees no other. */
export function packDemonstrations(rows: readonly Demonstration[]): PackedDemonstrations {
  const lengths = rows.map(({ ids }) => ids.length);
  const found = { row: [] as number[], position: [] as number[], target: [] as number[], weight: [] as number[] };
  const bins = packBestFit(lengths, Math.max(...lengths));
  const ids = bins.map((bin, b) => {
    const packed = new Int32Array(bin.reduce((sum, i) => sum + lengths[i]!, 0));
    let start = 0;
    for (const { ids, isTarget, weight } of bin.map((i) => rows[i]!)) {
      packed.set(ids, start);
      for (let t = 1; t < ids.length; t++) {
        if (!isTarget[t]) continue;
        found.row.push(b);
        found.position.push(start + t - 1);
        found.target.push(ids[t]!);
        found.weight.push(weight);
      }
      start += ids.length;
    }
    return packed;
  });
  const int = (values: number[]) => Int32Array.from(values);
  return {
    batch: { ids, segments: bins.map((bin) => bin.map((i) => ({ length: lengths[i]! }))) },
    positions: { row: int(found.row), position: int(found.position), target: int(found.target) },
    weights: Float32Array.from(found.weight),
  };
}

const targetWeight = (rows: readonly Demonstration[]) =>
  rows.reduce((sum, { isTarget, weight }) => sum + weight * isTarget.subarray(1).reduce((a, b) => a + b, 0), 0);

async function step(
  { backbone, policy, config }: SftInput,
  optimiser: AdamW,
  batch: Demonstration[],
  { step, totalSteps }: { step: number; totalSteps: number },
): Promise<{ metrics: Metrics; tokens: number }> {
  const normaliser = targetWeight(batch);
  const gradients: NamedGradients = new Map();
  const sum = { loss: 0, entropy: 0, right: 0 };
  for (const rows of microBatches(batch, config)) {
    await yieldToEvents();
    const { batch, positions, weights } = packDemonstrations(rows);
    const result = backbone.backward(batch, policy, (hidden) =>
      completionLogprobsWithGradient(backbone, hidden, positions, 1, (logprobs, entropy, likeliest) => {
        let loss = 0;
        for (const [i, weight] of weights.entries()) {
          loss -= (weight * logprobs[i]!) / normaliser;
          sum.entropy += (weight * entropy[i]!) / normaliser;
          if (logprobs[i]! >= likeliest[i]! - ROUNDING) sum.right += weight / normaliser;
        }
        return { loss, dLogprobs: weights.map((weight) => -weight / normaliser) };
      }),
    );
    sum.loss += result.loss;
    addGradients(gradients, result.gradients);
  }
  const { learningRate: lr, warmupShare } = config;
  const warmupSteps = Math.round(warmupShare * totalSteps);
  const rate = learningRateAt({ kind: 'cosine', lr, warmupSteps, totalSteps, finalRatio: 0.1 }, step);
  const gradNorm = clipByGlobalNorm(gradients, config.maxGradNorm);
  optimiser.step(policy.variables, gradients, rate);
  disposeGradients(gradients);
  return {
    tokens: batch.reduce((total, { ids }) => total + ids.length, 0),
    metrics: {
      loss: sum.loss,
      entropy: sum.entropy,
      mean_token_accuracy: sum.right,
      learning_rate: rate,
      grad_norm: gradNorm,
    },
  };
}

/** The target's logit and the highest one come from two products, which round differently. */
const ROUNDING = 1e-4;

function microBatches(rows: readonly Demonstration[], { microBatchTokens }: SftConfig): Demonstration[][] {
  const lengths = rows.map(({ ids }) => ids.length);
  return packByLength(lengths, microBatchTokens).map((group) => group.map((i) => rows[i]!));
}

function evaluate({ backbone, policy, config }: SftInput, heldOut: readonly Demonstration[]): Evaluation<null> {
  const normaliser = targetWeight(heldOut);
  let loss = 0;
  let meanEntropy = 0;
  for (const rows of microBatches(heldOut, config)) {
    const { batch, positions, weights } = packDemonstrations(rows);
    const { logprobs, entropy } = tf.tidy(() =>
      completionLogprobs(backbone, backbone.hidden(batch, policy), positions),
    );
    for (const [i, weight] of weights.entries()) {
      loss -= (weight * logprobs[i]!) / normaliser;
      meanEntropy += (weight * entropy[i]!) / normaliser;
    }
  }
  return { loss, metrics: { eval_loss: loss, eval_entropy: meanEntropy, eval_examples: heldOut.length }, detail: null };
}
