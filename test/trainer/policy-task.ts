// One tiny task for every algorithm: a random model, a reward for tokens of a set, preferences by that reward, a judge.

import { type AlgorithmName, POLICY_CONFIGS, type PolicyConfig } from '@/core/config/policy';
import { Rng, uniformAt } from '@/core/rng';
import { type Tensor2D, tf } from '@/trainer/backend';
import type { PreferencePair, ThumbedCompletion } from '@/trainer/math/loss/preference';
import { createLora, loraFromAdapter } from '@/trainer/model/lora';
import { gatherPositions } from '@/trainer/model/positions';
import type { Backbone, Lora } from '@/trainer/model/types';
import { optimisePolicy } from '@/trainer/policy/optimise';
import type { PolicyInput } from '@/trainer/policy/run';
import type { Metrics } from '@/trainer/runs/store';
import { type Completion, scoreCompletions } from '@/trainer/sampling/completion-logprobs';
import { END, type SlowEngine, TINY } from './algorithms-support';

export const PROMPTS = Array.from({ length: 12 }, (_, i) => Int32Array.of(2 + i, 3, 4));
const MAX_TOKENS = 12;
/** A quarter of the vocabulary, so that a random answer scores about 1 of 4. */
const WANTED = new Set([5, 7, 9, 11, 13, 15]);

/** The share of wanted tokens, times 4. */
export const trueScore = ({ completionIds }: Completion): number =>
  (4 * completionIds.filter((id) => WANTED.has(id)).length) / completionIds.length;

export const newPolicy = (seed = 3) => createLora(TINY, { rank: 4, alpha: 8, rng: new Rng(seed) });

/** All rows at once, the whole sequence per token: no cache. Samples like the slow engine of algorithms-support. */
export function batchEngine(backbone: Backbone): SlowEngine {
  const versions = new Map<string, Lora>();
  return {
    async publish(adapter, iteration) {
      versions.get(`policy-${iteration}`)?.dispose();
      versions.set(`policy-${iteration}`, loraFromAdapter(backbone.config, adapter, new Rng(0)));
      return `policy-${iteration}`;
    },
    async sample(prompts, adapterId, { maxTokens }, seeds, signal) {
      signal.throwIfAborted();
      return sampleCompletions(backbone, versions.get(adapterId)!, prompts, seeds, maxTokens);
    },
    dispose() {
      for (const lora of versions.values()) lora.dispose();
    },
  };
}

export function sampleCompletions(
  backbone: Backbone,
  lora: Lora | null,
  prompts: readonly Int32Array[],
  seeds: readonly number[],
  maxTokens = MAX_TOKENS,
) {
  const samples = prompts.map(() => ({ ids: [] as number[], logprobs: [] as number[] }));
  for (let t = 0; t < maxTokens; t++) {
    const open = samples.flatMap(({ ids }, row) => (ids.at(-1) === END ? [] : [row]));
    if (!open.length) break;
    const rows = open.map((row) => Int32Array.from([...prompts[row]!, ...samples[row]!.ids]));
    const vocabulary = backbone.config.vocabSize;
    const flat = tf.tidy(() => {
      const last = { row: Int32Array.from(rows.keys()), position: Int32Array.from(rows.map((ids) => ids.length - 1)) };
      const hidden = gatherPositions(backbone.hidden({ ids: rows }, lora), last); // [N, H]
      return tf.logSoftmax(tf.matMul(hidden, backbone.head, false, true) as Tensor2D).dataSync(); // [N, V]
    });
    open.forEach((row, i) => {
      const next = flat.subarray(i * vocabulary, (i + 1) * vocabulary);
      let rest = uniformAt(seeds[row]!, t);
      let id = 0;
      for (; id < vocabulary - 1 && rest >= Math.exp(next[id]!); id++) rest -= Math.exp(next[id]!);
      samples[row]!.ids.push(id);
      samples[row]!.logprobs.push(next[id]!);
    });
  }
  return samples;
}

/** Comparisons of the parent's own answers by their true score, and thumbs up for those above 1. */
export function preferences(backbone: Backbone, count: number, seed: number) {
  const prompts = Array.from({ length: 2 * count }, (_, i) => PROMPTS[(i >> 1) % PROMPTS.length]!);
  const samples = sampleCompletions(
    backbone,
    null,
    prompts,
    prompts.map((_, i) => seed + i),
  );
  const completions = samples.map(({ ids }, i) => ({ promptIds: prompts[i]!, completionIds: Int32Array.from(ids) }));
  const comparisons = Array.from({ length: count }, (_, i): PreferencePair => {
    const [a, b] = [completions[2 * i]!, completions[2 * i + 1]!];
    const [chosen, rejected] = trueScore(a) >= trueScore(b) ? [a, b] : [b, a];
    return {
      promptIds: a.promptIds,
      chosenIds: chosen.completionIds,
      rejectedIds: rejected.completionIds,
      outcome: trueScore(a) === trueScore(b) ? 'tie' : 'chosen',
      weight: 1,
    };
  });
  const thumbs = completions.map(
    (completion): ThumbedCompletion => ({ ...completion, up: trueScore(completion) > 1, weight: 1 }),
  );
  return { comparisons, thumbs };
}

export interface Figures {
  mean: number;
  /** Standard error of the mean. */
  error: number;
  /** Divergence from the base, in nats per answer. */
  kl: number;
}

/** Judges 384 fresh answers, whose seeds differ from every training seed. */
export function judgePolicy(backbone: Backbone, policy: Lora | null): Figures {
  const prompts = Array.from({ length: 384 }, (_, i) => PROMPTS[i % PROMPTS.length]!);
  const samples = sampleCompletions(
    backbone,
    policy,
    prompts,
    prompts.map((_, i) => 900_000_000 + i),
  );
  const completions = samples.map(({ ids }, i) => ({ promptIds: prompts[i]!, completionIds: Int32Array.from(ids) }));
  const scores = completions.map(trueScore);
  const mean = scores.reduce((a, b) => a + b, 0) / scores.length;
  const variance = scores.reduce((a, x) => a + (x - mean) ** 2, 0) / (scores.length - 1);
  const own = scoreCompletions(backbone, policy, completions, 4096).logprobs;
  const base = scoreCompletions(backbone, null, completions, 4096).logprobs;
  const kl = own.map((row, i) => row.reduce((a, x, t) => a + x - base[i]![t]!, 0));
  return { mean, error: Math.sqrt(variance / scores.length), kl: kl.reduce((a, b) => a + b, 0) / kl.length };
}

const COMMON = {
  lora: { rank: 4, alpha: 8 },
  microBatchTokens: 1024,
  maxResponseTokens: MAX_TOKENS,
  maxPromptTokens: 32,
  klBudget: 12,
};

const LEARNING_RATE = { learningRate: 5e-3 };

/** Of the algorithms that learn from completions they sample. */
const ONLINE = { iterations: 8, sequences: 48, eosPenalty: 0, minWords: 0 };

/** Each algorithm's settings for the task: those of its paper, with step sizes for a tiny model. */
const OWN: Record<AlgorithmName, object> = {
  ppo: { ...ONLINE, ...LEARNING_RATE, minibatch: 16, valueLearningRate: 1e-2 },
  a2c: { ...ONLINE, iterations: 20, learningRate: 2e-2, valueLearningRate: 1e-2 },
  trpo: { ...ONLINE, iterations: 16, valueLearningRate: 1e-2, target_kl_per_token: 0.03 },
  rloo: { ...ONLINE, ...LEARNING_RATE, minibatch: 16 },
  grpo: { ...ONLINE, ...LEARNING_RATE, minibatch: 16, samplesPerPrompt: 8 },
  'online-dpo': { ...ONLINE, ...LEARNING_RATE, minibatch: 16 },
  dpo: { ...LEARNING_RATE, epochs: 6, batchExamples: 16 },
  kto: { ...LEARNING_RATE, epochs: 6, batchExamples: 32 },
};

export const taskConfig = <Name extends AlgorithmName>(name: Name, changes: object = {}) =>
  POLICY_CONFIGS[name].parse({ ...COMMON, ...OWN[name], ...changes }) as Extract<PolicyConfig, { algorithm: Name }>;

/** Runs an algorithm on the task; the caller owns the policy. */
export async function runTask(
  backbone: Backbone,
  policy: Lora,
  config: PolicyConfig,
  changes: Partial<PolicyInput> = {},
) {
  const engine = batchEngine(backbone);
  const log: Metrics[] = [];
  try {
    const result = await optimisePolicy({
      backbone,
      policy,
      reference: null,
      constraints: [],
      engine,
      publish: engine.publish,
      config,
      reward: { score: (completions) => completions.map(trueScore) },
      decode: (ids) => ids.join(' '),
      prompts: PROMPTS,
      signal: new AbortController().signal,
      onMetrics: (_stage, _iteration, metrics) => log.push(metrics),
      checkpoints: null,
      ...changes,
    });
    return { ...result, log };
  } finally {
    engine.dispose();
  }
}
