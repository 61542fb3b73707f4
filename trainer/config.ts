// The settings of every training stage, with their units, defaults and named presets.
import { z } from 'zod';

const LoraConfig = z.object({
  /** Rank of the update; 16 was measured against 8 on the default base. */
  rank: z.int().min(1).max(256).default(16),
  /** The update is (alpha / rank) B A. */
  alpha: z.number().positive().default(32),
});

export const RewardModelConfig = z.object({
  lora: LoraConfig.prefault({}),
  /** AdamW step size of the LoRA tensors, after warm-up. */
  learningRate: z.number().positive().default(1.5e-4),
  /** Step size of the scalar head, which starts from zero. */
  headLearningRate: z.number().positive().default(2e-3),
  /** Step size of the raters' biases, in logits. */
  raterLearningRate: z.number().positive().default(0.03),
  adamEpsilon: z.number().positive().default(1e-8),
  weightDecay: z.number().min(0).default(0.01),
  /** Optimiser steps from zero to the full step size; afterwards a cosine down to a tenth. */
  warmupSteps: z.int().min(0).default(5),
  /** Passes over the training part, at most; the held-out loss may end it sooner. */
  epochs: z.int().min(1).max(50).default(2),
  /** Comparisons and thumbs per optimiser step. */
  batchExamples: z.int().min(1).default(16),
  /** Padded tokens of one forward and backward pass, the unit of memory. */
  microBatchTokens: z.int().min(1).default(2048),
  /** A row longer than this loses the start of its prompt. */
  maxTokens: z.int().min(8).default(512),
  /** Global norm of the gradient. */
  maxGradNorm: z.number().positive().default(1),
  /** Weight of (chosen + rejected)^2, which keeps scores around zero. */
  centering: z.number().min(0).default(0.01),
  /** Precision of the prior around 0 of a rater's bias, in votes: few thumbs explain little. */
  raterBiasRidge: z.number().min(0).default(1),
  /** Share of prompts held out; every example of a prompt is on one side. */
  evalShare: z.number().min(0).max(0.5).default(0.15),
  /** Evaluations in each epoch; the best state by held-out loss is kept. */
  evalsPerEpoch: z.int().min(1).default(2),
  /** Evaluations without a better held-out loss that end the training. */
  patience: z.int().min(1).default(3),
  /** Ends training after so many tokens forward and backward (padding aside); null is no limit. */
  tokenBudget: z.int().positive().nullable().default(null),
  /** Ties and both-bads kept for each decided comparison: they cost as much and say less. null keeps all. */
  undecidedPerDecided: z.number().min(0).nullable().default(0.3),
  /** Optimiser steps between two checkpoints. */
  checkpointEverySteps: z.int().min(1).default(5),
  seed: z.int().min(0).default(17),
});
export type RewardModelConfig = z.infer<typeof RewardModelConfig>;

export const PpoConfig = z.object({
  lora: LoraConfig.prefault({}),
  /** Updates of the policy from fresh experience, at most. */
  iterations: z.int().min(1).default(8),
  /** Answers in one iteration. */
  sequences: z.int().min(2).default(32),
  /** Passes over one iteration's experience. */
  epochs: z.int().min(1).default(2),
  /** Answers per optimiser step. */
  minibatch: z.int().min(1).default(8),
  /** Padded tokens of one forward and backward pass, the unit of memory. */
  microBatchTokens: z.int().min(1).default(1536),
  /** Longest answer in tokens. */
  maxResponseTokens: z.int().min(1).default(96),
  /** Longest prompt in tokens; longer ones are left out. */
  maxPromptTokens: z.int().min(1).default(512),
  learningRate: z.number().positive().default(3e-4),
  /** Step size of the value head, which trains apart from the policy. */
  valueLearningRate: z.number().positive().default(1e-3),
  adamEpsilon: z.number().positive().default(1e-5),
  /** Epsilon of the ratio's clip. */
  clip: z.number().positive().default(0.2),
  /** Bound of the ratio for bad tokens; null is off. */
  dualClip: z.number().gt(1).nullable().default(3),
  /** Range of a value around its old one, in units of the score; null is off. */
  valueClip: z.number().positive().nullable().default(0.5),
  maxGradNorm: z.number().positive().default(1),
  gamma: z.number().min(0).max(1).default(1),
  lambda: z.number().min(0).max(1).default(0.95),
  klEstimator: z.enum(['k1', 'k2', 'k3']).default('k1'),
  /** Points of score for one nat away from the reference. */
  klCoefficient: z.number().min(0).default(0.03),
  /** Moves the coefficient towards a divergence; null keeps it fixed. */
  adaptiveKl: z
    .object({
      /** Nats summed over an answer. */
      target_kl_per_sequence: z.number().positive(),
      /** Answers. */
      horizon: z.number().positive().default(1000),
    })
    .nullable()
    .default(null),
  /** Nats per answer from the reference; the run ends above it and keeps a policy from below it. */
  klBudget: z.number().positive().default(8),
  /** A minibatch whose approximate divergence from the experience (nats per token) is above this is not applied. */
  approxKlStop: z.number().positive().default(0.15),
  /** Truncation of the engine's importance weights: [low, high]. */
  importanceBounds: z.tuple([z.number().min(0), z.number().positive()]).default([0.5, 2]),
  /** Scores are cut to plus or minus this. */
  scoreClip: z.number().positive().default(5),
  /** Points off an answer that does not end by itself. */
  eosPenalty: z.number().min(0).default(1),
  /** Answers with fewer words are degenerate; 0 is off. */
  minWords: z.int().min(0).default(3),
  /** The score of a degenerate answer, at most. */
  degenerateScore: z.number().default(-3),
  /** Optimiser steps between two checkpoints inside an iteration; experience is always kept. */
  checkpointEverySteps: z.int().min(1).default(4),
  seed: z.int().min(0).default(23),
});
export type PpoConfig = z.infer<typeof PpoConfig>;
