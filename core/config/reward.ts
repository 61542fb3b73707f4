// The settings of the reward model, with their units and defaults.
import { z } from 'zod';
import { LoraConfig } from './policy';

export const ProbeConfig = z.strictObject({
  /** Blocks that are read, as shares of the depth; the mean over several is steadier than the best of them. */
  depths: z.array(z.number().gt(0).lt(1)).min(1).default([0.4, 0.53, 0.67, 0.8, 0.9]),
  /** Precisions, in votes, of the prior around 0 for a standardised feature's weight; cross-validation picks one. */
  precisions: z.array(z.number().positive()).min(1).default([30, 100, 300, 1000, 3000, 10_000]),
  /** Parts of the prompts, each judged by a fit on the others. */
  folds: z.int().min(2).max(20).default(5),
});
export type ProbeConfig = z.infer<typeof ProbeConfig>;

export const TrustConfig = z.strictObject({
  /** Times that a cross-fitted probe learns from the votes that are believed, and then judges the raters. */
  rounds: z.int().min(1).max(5).default(2),
  /** Fewer raters than this, or a set whose raters are unknown, are taken as they are. */
  leastRaters: z.int().min(2).default(3),
});
export type TrustConfig = z.infer<typeof TrustConfig>;

export const GroupRobustConfig = z.strictObject({
  /** Key of the groups, as rows have it: `language`, or what raters say of themselves. */
  key: z.string().min(1),
  /** Log-weight that a group gains in each pass over the feedback when its relative loss is 1 above the mean. */
  stepSize: z.number().positive().default(6),
  /** C of the generalisation adjustment: a group of n examples counts as if its relative loss were C / sqrt(n) higher. */
  adjustment: z.number().min(0).default(0),
  /** Groups of fewer examples than this are one group, together with examples that have none. */
  leastExamples: z.int().min(1).default(20),
  /** A group counts at most this many times what its votes are by number; without a bound, noise would win. */
  mostFactor: z.number().gt(1).default(4),
});
export type GroupRobustConfig = z.infer<typeof GroupRobustConfig>;

/** The cost model reads as the reward model does, with its settings, and has a head of its own. */
export const CostModelConfig = z.strictObject({
  /** Labels of unsafe and of safe answers, of each at least so many, below which no cost model is trained. */
  leastLabels: z.int().min(2).default(40),
  /** Held-out share of right signs, mean over unsafe and safe, above which it is charged in training (Safe-RLHF's delay). */
  leastAccuracy: z.number().min(0.5).max(1).default(0.8),
});
export type CostModelConfig = z.infer<typeof CostModelConfig>;

export const RewardModelConfig = z.strictObject({
  /**
   * Estimates the trust in each rater together with the model, from agreement, gold, habits and what a probe of the
   * frozen base predicts across folds of prompts; the trust of the snapshot is where it starts from. It weighs every vote
   * in training and in the held-out figures, and turns the votes of reliable inverters over. null takes the snapshot's.
   */
  trust: TrustConfig.nullable().prefault({}),
  /** Weighs groups by their losses, the worst most, so that the model serves each of them; null weighs all votes alike. */
  groupRobust: GroupRobustConfig.nullable().default(null),
  /**
   * Linear probes of the frozen base in place of an adapter: on few or noisy votes they rank better and take minutes.
   * Among the settings below, they use only maxTokens, batchExamples, microBatchTokens, centering, undecidedPerDecided,
   * uncertaintyPenalty, implicitWeight, trust, groupRobust, the raters' settings and the seed: nothing is held out and no step is
   * taken. null trains an adapter.
   */
  probe: ProbeConfig.nullable().default(null),
  lora: LoraConfig.prefault({}),
  /**
   * Share of the blocks, from the top, that are adapted. Their input comes from frozen blocks and is the same in every
   * epoch: it is computed once and kept, so a step costs about this share of a step through all blocks.
   */
  adaptedShare: z.number().gt(0).max(1).default(1),
  /** Bytes of memory for this kept input; each token takes four times the hidden size. */
  keptStatesBytes: z
    .int()
    .min(0)
    .default(2 ** 30),
  /** AdamW step size of the LoRA tensors, after warm-up. */
  learningRate: z.number().positive().default(1.5e-4),
  /** Scalar heads on the same backbone; several are an ensemble, each on its own bootstrap of the feedback. */
  heads: z.int().min(1).max(16).default(1),
  /** zero: a few hundred votes must not fight a random direction. normal is N(0, 1 / sqrt(hidden size + 1)). */
  headInit: z.enum(['zero', 'normal']).default('zero'),
  /** Standard deviations of the heads subtracted from their mean when the policy is scored. */
  uncertaintyPenalty: z.number().min(0).default(0),
  /** Step size of the scalar heads. */
  headLearningRate: z.number().positive().default(2e-3),
  /** Step size of the raters' biases, in logits. */
  raterLearningRate: z.number().positive().default(0.03),
  adamEpsilon: z.number().positive().default(1e-8),
  weightDecay: z.number().min(0).default(0.01),
  /** Optimiser steps from zero to the full step size; afterwards a cosine down to a tenth. */
  warmupSteps: z.int().min(0).default(5),
  /** Passes over the training part, at most; the held-out loss may end it sooner. */
  epochs: z.int().min(1).max(50).default(2),
  /** Feedback examples per optimiser step. */
  batchExamples: z.int().min(1).default(16),
  /** Padded tokens of one forward and backward pass, the unit of memory. */
  microBatchTokens: z.int().min(1).default(2048),
  /** A row longer than this loses the start of its prompt. */
  maxTokens: z.int().min(8).default(512),
  /** Largest global norm of the gradient. */
  maxGradNorm: z.number().positive().default(1),
  /** Weight of (chosen + rejected)^2, which keeps scores around zero. */
  centering: z.number().min(0).default(0.01),
  /**
   * Weight of what a person did with an answer (copied it, asked again, left it, read it) beside a vote; each signal has a
   * fitted slope and level, under the raters' prior. null leaves these signals out: they are never taken for votes unasked.
   */
  implicitWeight: z.number().gt(0).max(1).nullable().default(null),
  /** Precision of the prior around 0 of a rater's bias, in votes: a few thumbs explain little. */
  raterBiasRidge: z.number().min(0).default(1),
  /** Number of ratings that the mean and spread of all raters are worth when those of one rater are estimated. */
  ratingShrinkage: z.number().positive().default(5),
  /** Share of prompts held out; every example of a prompt is on one side. */
  evalShare: z.number().min(0).max(0.5).default(0.15),
  /** Evaluations in each epoch; the best state by held-out loss is kept. */
  evalsPerEpoch: z.int().min(1).default(2),
  /** Evaluations without a better held-out loss that end the training. */
  patience: z.int().min(1).default(3),
  /** Training ends after this many tokens forward and backward, without padding; null sets no limit. */
  tokenBudget: z.int().positive().nullable().default(null),
  /** Ties and both-bads kept for each decided comparison: they cost as much and say less. null keeps all. */
  undecidedPerDecided: z.number().min(0).nullable().default(0.3),
  /** Optimiser steps between two checkpoints. */
  checkpointEverySteps: z.int().min(1).default(5),
  seed: z.int().min(0).default(17),
});
export type RewardModelConfig = z.infer<typeof RewardModelConfig>;
