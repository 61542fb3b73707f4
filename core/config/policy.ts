// The settings of policy optimisation: what every algorithm shares, then one object for each algorithm.
import { z } from 'zod';

export const LoraConfig = z.strictObject({
  /** Rank of the update; 16 was measured against 8 on the default base. */
  rank: z.int().min(1).max(256).default(16),
  /** The update is (alpha / rank) B A. */
  alpha: z.number().positive().default(32),
});

/** Every algorithm trains a LoRA policy with AdamW on rows of tokens. */
const Shared = z.strictObject({
  lora: LoraConfig.prefault({}),
  /** Padded tokens of one forward and backward pass, the unit of memory. */
  microBatchTokens: z.int().min(1).default(1536),
  /** Longest answer in tokens. */
  maxResponseTokens: z.int().min(1).default(96),
  /** Longest prompt in tokens; longer ones are left out. */
  maxPromptTokens: z.int().min(1).default(512),
  /** AdamW step size of the LoRA tensors, after warm-up. */
  learningRate: z.number().positive().default(3e-4),
  adamEpsilon: z.number().positive().default(1e-5),
  /** Optimiser steps from zero to the full step size. */
  warmupSteps: z.int().min(0).default(0),
  /** How the step size changes after its warm-up; linear and cosine end at zero. */
  schedule: z.enum(['constant', 'linear', 'cosine']).default('constant'),
  /** Global norm of the policy's gradient. */
  maxGradNorm: z.number().positive().default(1),
  /** Nats per answer from the reference: a run on fresh answers stops above it and keeps a policy that is below it. */
  klBudget: z.number().positive().default(8),
  /** Optimiser steps between two checkpoints inside an iteration; experience is always kept. */
  checkpointEverySteps: z.int().min(1).default(4),
  seed: z.int().min(0).default(23),
});

type SharedConfig = z.infer<typeof Shared>;

/** The schedule of the step size, without the length of the run. */
export const rateOf = (config: Pick<SharedConfig, 'learningRate' | 'warmupSteps' | 'schedule'>) => ({
  kind: config.schedule,
  lr: config.learningRate,
  warmupSteps: config.warmupSteps,
});

/** Algorithms that learn from scored answers of the policy itself. */
const Sampled = Shared.extend({
  /** Updates of the policy from fresh experience, at most. */
  iterations: z.int().min(1).default(8),
  /** Answers in one iteration. */
  sequences: z.int().min(2).default(32),
  /** `running` divides scores by their deviation over the run so far, before the clip (trlX). */
  scoreScaling: z.enum(['none', 'running']).default('none'),
  /** Scores are cut to plus or minus this. */
  scoreClip: z.number().positive().default(5),
  /** Points deducted from an answer without an end token. */
  eosPenalty: z.number().min(0).default(1),
  /** Answers with fewer words are degenerate; 0 is off. */
  minWords: z.int().min(0).default(3),
  /** The score of a degenerate answer, at most. */
  degenerateScore: z.number().default(-3),
});
/** Without the step size, which not every algorithm has. */
export type SampledConfig = Omit<z.infer<typeof Sampled>, 'learningRate' | 'warmupSteps' | 'schedule' | 'maxGradNorm'>;

/** Algorithms that follow the gradient of log-probs times advantages. */
const OnPolicy = Sampled.extend({
  klEstimator: z.enum(['k1', 'k2', 'k3']).default('k1'),
  /** Charged in each token's reward, or as a term of the loss, where k2 has the expected gradient and k1 has none. */
  klIn: z.enum(['reward', 'loss']).default('reward'),
  /** Points of score for one nat away from the reference. */
  klCoefficient: z.number().min(0).default(0.03),
  /** Moves the coefficient towards a divergence; null keeps it fixed. */
  adaptiveKl: z
    .strictObject({
      /** Nats summed over an answer. */
      target_kl_per_sequence: z.number().positive(),
      /** Answers. */
      horizon: z.number().positive().default(1000),
    })
    .nullable()
    .default(null),
  /** How tokens become one loss: over all of them, or over answers by the sum or the mean of each (verl's names). */
  aggregation: z.enum(['token-mean', 'seq-mean-token-sum', 'seq-mean-token-mean']).default('token-mean'),
  /** Weights of another engine's or an older policy's tokens: clamped, zero outside the bounds, or zero for a whole answer. */
  importance: z.enum(['truncate', 'icepop', 'sequence-mask']).default('truncate'),
  /** [low, high] of that weight. */
  importanceBounds: z.tuple([z.number().min(0), z.number().positive()]).default([0.5, 2]),
  /** Points of loss for one nat of entropy per token; more is more varied. */
  entropyCoefficient: z.number().min(0).default(0),
  /** Weight of the cross-entropy on demonstrations, added to the policy's loss (InstructGPT's PTX); keep it small. */
  demonstrationCoefficient: z.number().min(0).default(0),
  /** Demonstrations per optimiser step. */
  demonstrationBatch: z.int().min(1).default(4),
});
export type OnPolicyConfig = z.infer<typeof OnPolicy>;

/** Advantages against a learnt value function. */
const Critic = OnPolicy.extend({
  /** Step size of the value head, which trains apart from the policy. */
  valueLearningRate: z.number().positive().default(1e-3),
  gamma: z.number().min(0).max(1).default(1),
  lambda: z.number().min(0).max(1).default(0.95),
  /** Divides rewards by their deviation over the batch, keeping their mean (N-details). */
  whitenRewards: z.boolean().default(false),
  /** Bessel's correction in whitening, as in TRL and verl; OpenRLHF and lm-human-preferences leave it out. */
  unbiasedWhitening: z.boolean().default(false),
  /** Largest number of policy updates since a stored answer was sampled; fresh answers have 0. */
  maxStaleness: z.int().min(0).default(0),
  /** Share of an iteration's answers that may be logged ones of the parent; the fresh rest measures the policy. */
  storedShare: z.number().min(0).max(0.9).default(0),
});

/** Several epochs of minibatches under a clipped ratio. */
const clipped = {
  /** Passes over one iteration's experience. */
  epochs: z.int().min(1).default(2),
  /** Answers per optimiser step. */
  minibatch: z.int().min(1).default(8),
  /** Epsilon of the ratio's clip. */
  clip: z.number().positive().default(0.2),
  /** Bound of the ratio for bad tokens; null is off. */
  dualClip: z.number().gt(1).nullable().default(3),
  /** A minibatch whose approximate divergence from the experience (nats per token) is above this is not applied. */
  approxKlStop: z.number().positive().default(0.15),
};

export const PpoConfig = Critic.extend({
  algorithm: z.literal('ppo').default('ppo'),
  ...clipped,
  /** Range of a value around its old one, in units of the score; null is off. */
  valueClip: z.number().positive().nullable().default(0.5),
  /** Number of first iterations in which only the value head learns. */
  criticWarmup: z.int().min(0).default(0),
});
export type PpoConfig = z.infer<typeof PpoConfig>;

export const A2cConfig = Critic.extend({ algorithm: z.literal('a2c').default('a2c') });
export type A2cConfig = z.infer<typeof A2cConfig>;

/** No step size and no gradient clip: the divergence bounds the step. Settings that the surrogate cannot use are left out. */
export const TrpoConfig = Critic.omit({ learningRate: true, warmupSteps: true, schedule: true, maxGradNorm: true })
  .omit({ klIn: true, aggregation: true, entropyCoefficient: true })
  .omit({ demonstrationCoefficient: true, demonstrationBatch: true })
  .extend({
    algorithm: z.literal('trpo').default('trpo'),
    /** Nats per token by which one update may move the policy. */
    target_kl_per_token: z.number().positive().default(0.01),
    conjugateGradientSteps: z.int().min(1).default(15),
    /** Added to the Fisher matrix's diagonal. */
    damping: z.number().min(0).default(0.1),
    /** Answers in a Fisher-vector product; null takes all of the iteration. */
    fisherSequences: z.int().min(1).nullable().default(null),
    backtracks: z.int().min(1).default(15),
    /** Factor by which each backtrack shortens the step. */
    backtrackFactor: z.number().gt(0).lt(1).default(0.8),
    /** Passes of the value head over one iteration's experience. */
    valueEpochs: z.int().min(0).default(8),
  });
export type TrpoConfig = z.infer<typeof TrpoConfig>;

/** Algorithms that compare several answers to the same prompt. */
const Grouped = OnPolicy.extend({
  ...clipped,
  /** Answers to each prompt; `sequences` is a multiple of it. */
  samplesPerPrompt: z.int().min(2).default(4),
});
export type GroupedConfig = z.infer<typeof Grouped>;

export const RlooConfig = Grouped.extend({
  algorithm: z.literal('rloo').default('rloo'),
  epochs: z.int().min(1).default(1),
  aggregation: OnPolicy.shape.aggregation.unwrap().default('seq-mean-token-sum'),
});
export type RlooConfig = z.infer<typeof RlooConfig>;

export const GrpoConfig = Grouped.extend({
  algorithm: z.literal('grpo').default('grpo'),
  samplesPerPrompt: z.int().min(2).default(8),
  klEstimator: z.enum(['k1', 'k2', 'k3']).default('k3'),
  klIn: z.enum(['reward', 'loss']).default('loss'),
  klCoefficient: z.number().min(0).default(0.04),
  aggregation: OnPolicy.shape.aggregation.unwrap().default('seq-mean-token-mean'),
});
export type GrpoConfig = z.infer<typeof GrpoConfig>;

/** Two answers to each prompt; the one with the higher score is preferred. Only beta bounds the divergence. */
export const OnlineDpoConfig = Sampled.extend({
  algorithm: z.literal('online-dpo').default('online-dpo'),
  epochs: z.int().min(1).default(1),
  /** Answers per optimiser step; even, because pairs stay together. */
  minibatch: z.int().min(2).multipleOf(2).default(8),
  /** Scale of the implicit reward beta * log(policy / reference). */
  beta: z.number().positive().default(0.1),
});
export type OnlineDpoConfig = z.infer<typeof OnlineDpoConfig>;

/** Algorithms that learn from stored preferences and sample nothing. */
const Offline = Shared.extend({
  /** Smaller than with fresh answers, because only the policy's own loss measures how far it has moved. */
  learningRate: z.number().positive().default(5e-5),
  /** Scale of the implicit reward beta * log(policy / reference). */
  beta: z.number().positive().default(0.1),
  /** Passes over the training part, at most; the held-out loss may end it sooner. */
  epochs: z.int().min(1).max(50).default(2),
  /** Share of prompts held out; every example of a prompt is on one side. */
  evalShare: z.number().min(0).max(0.5).default(0.15),
  /** Epochs without a better held-out loss that end the training. */
  patience: z.int().min(1).default(2),
});
export type OfflineConfig = z.infer<typeof Offline>;

export const DpoConfig = Offline.extend({
  algorithm: z.literal('dpo').default('dpo'),
  /** Comparisons per optimiser step. */
  batchExamples: z.int().min(1).default(8),
});
export type DpoConfig = z.infer<typeof DpoConfig>;

export const KtoConfig = Offline.extend({
  algorithm: z.literal('kto').default('kto'),
  /** Answers per optimiser step; the divergence is estimated by pairing each with another's prompt. */
  batchExamples: z.int().min(2).default(16),
  /** Weight of a good answer's loss; keep weight times count of good and bad within 1:1 to 4:3. */
  desirableWeight: z.number().positive().default(1),
  undesirableWeight: z.number().positive().default(1),
});
export type KtoConfig = z.infer<typeof KtoConfig>;

/** The settings of each algorithm under its name. */
export const POLICY_CONFIGS = {
  ppo: PpoConfig,
  a2c: A2cConfig,
  trpo: TrpoConfig,
  rloo: RlooConfig,
  grpo: GrpoConfig,
  'online-dpo': OnlineDpoConfig,
  dpo: DpoConfig,
  kto: KtoConfig,
} as const;
export type AlgorithmName = keyof typeof POLICY_CONFIGS;
export const ALGORITHMS = Object.keys(POLICY_CONFIGS) as [AlgorithmName, ...AlgorithmName[]];
export type PolicyConfig = { [Name in AlgorithmName]: z.infer<(typeof POLICY_CONFIGS)[Name]> }[AlgorithmName];
