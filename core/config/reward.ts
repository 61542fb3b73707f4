// The settings of the reward model, with their units and defaults.
import { z } from 'zod';
import { FIELDS, LoraConfig } from './training-fields';

export const ProbeConfig = z.strictObject({
  depths: z
    .array(z.number().gt(0).lt(1))
    .min(1)
    .default([0.4, 0.53, 0.67, 0.8, 0.9])
    .describe('Blocks that are read, as shares of the depth; the mean over several is steadier than the best of them.'),
  precisions: z
    .array(z.number().positive())
    .min(1)
    .default([30, 100, 300, 1000, 3000, 10_000])
    .describe(
      "Precisions, in votes, of the prior around 0 for a standardised feature's weight; cross-validation picks one.",
    ),
  folds: z.int().min(2).max(20).default(5).describe('Parts of the prompts, each judged by a fit on the others.'),
});
export type ProbeConfig = z.infer<typeof ProbeConfig>;

export const TrustConfig = z.strictObject({
  rounds: z
    .int()
    .min(1)
    .max(5)
    .default(2)
    .describe('Times that a cross-fitted probe learns from the votes that are believed, and then judges the raters.'),
  leastRaters: z
    .int()
    .min(2)
    .default(3)
    .describe('Fewer raters than this, or a set whose raters are unknown, are taken as they are.'),
});
export type TrustConfig = z.infer<typeof TrustConfig>;

export const GroupRobustConfig = z.strictObject({
  key: z.string().min(1).describe('Key of the groups, as rows have it: `language`, or what raters say of themselves.'),
  stepSize: z
    .number()
    .positive()
    .default(6)
    .describe(
      'Log-weight that a group gains in each pass over the feedback when its relative loss is 1 above the mean.',
    ),
  adjustment: z
    .number()
    .min(0)
    .default(0)
    .describe(
      'C of the generalisation adjustment: a group of n examples counts as if its relative loss were C / sqrt(n) higher.',
    ),
  leastExamples: z
    .int()
    .min(1)
    .default(20)
    .describe('Groups of fewer examples than this are one group, together with examples that have none.'),
  mostFactor: z
    .number()
    .gt(1)
    .default(4)
    .describe('A group counts at most this many times what its votes are by number; without a bound, noise would win.'),
});
export type GroupRobustConfig = z.infer<typeof GroupRobustConfig>;

/** The cost model reads as the reward model does, with its settings, and has a head of its own. */
export const CostModelConfig = z.strictObject({
  leastLabels: z
    .int()
    .min(2)
    .default(40)
    .describe('Labels of unsafe and of safe answers, of each at least so many, below which no cost model is trained.'),
  leastAccuracy: z
    .number()
    .min(0.5)
    .max(1)
    .default(0.8)
    .describe(
      "Held-out share of right signs, mean over unsafe and safe, above which it is charged in training (Safe-RLHF's delay).",
    ),
});
export type CostModelConfig = z.infer<typeof CostModelConfig>;

export const RewardModelConfig = z.strictObject({
  trust: TrustConfig.nullable()
    .prefault({})
    .describe(
      "Estimates the trust in each rater together with the model, from agreement, gold, habits and what a probe of the frozen base predicts across folds of prompts; the trust of the snapshot is where it starts from. It weighs every vote in training and in the held-out figures, and turns the votes of reliable inverters over. null takes the snapshot's.",
    ),
  groupRobust: GroupRobustConfig.nullable()
    .default(null)
    .describe(
      'Weighs groups by their losses, the worst most, so that the model serves each of them; null weighs all votes alike.',
    ),
  probe: ProbeConfig.nullable()
    .default(null)
    .describe(
      "Linear probes of the frozen base in place of an adapter: on few or noisy votes they rank better and take minutes. Among the settings below, they use only maxTokens, batchExamples, microBatchTokens, centering, undecidedPerDecided, uncertaintyPenalty, implicitWeight, trust, groupRobust, the raters' settings and the seed: nothing is held out and no step is taken. null trains an adapter.",
    ),
  lora: LoraConfig.prefault({}).describe('The low-rank update of the adapter.'),
  adaptedShare: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe(
      'Share of the blocks, from the top, that are adapted. Their input comes from frozen blocks and is the same in every epoch: it is computed once and kept, so a step costs about this share of a step through all blocks.',
    ),
  keptStatesBytes: z
    .int()
    .min(0)
    .default(2 ** 30)
    .meta({ unit: 'bytes', description: 'Memory for this kept input; each token takes four times the hidden size.' }),
  learningRate: z.number().positive().default(1.5e-4).describe('AdamW step size of the LoRA tensors, after warm-up.'),
  heads: z
    .int()
    .min(1)
    .max(16)
    .default(1)
    .describe('Scalar heads on the same backbone; several are an ensemble, each on its own bootstrap of the feedback.'),
  headInit: z
    .enum(['zero', 'normal'])
    .default('zero')
    .describe(
      'zero: a few hundred votes must not fight a random direction. normal is N(0, 1 / sqrt(hidden size + 1)).',
    ),
  uncertaintyPenalty: z
    .number()
    .min(0)
    .default(0)
    .describe('Standard deviations of the heads subtracted from their mean when the policy is scored.'),
  headLearningRate: z.number().positive().default(2e-3).describe('Step size of the scalar heads.'),
  raterLearningRate: z.number().positive().default(0.03).describe("Step size of the raters' biases, in logits."),
  adamEpsilon: FIELDS.adamEpsilon,
  weightDecay: FIELDS.weightDecay,
  warmupSteps: z.int().min(0).default(5).meta({
    unit: 'steps',
    description: 'Optimiser steps from zero to the full step size; afterwards a cosine down to a tenth.',
  }),
  epochs: FIELDS.epochs,
  batchExamples: z.int().min(1).default(16).describe('Feedback examples per optimiser step.'),
  microBatchTokens: FIELDS.microBatchTokens,
  maxTokens: z
    .int()
    .min(8)
    .default(512)
    .meta({ unit: 'tokens', description: 'A row longer than this loses the start of its prompt.' }),
  maxGradNorm: FIELDS.maxGradNorm,
  centering: z
    .number()
    .min(0)
    .default(0.01)
    .describe('Weight of (chosen + rejected)^2, which keeps scores around zero.'),
  implicitWeight: z
    .number()
    .gt(0)
    .max(1)
    .nullable()
    .default(null)
    .describe(
      "Weight of what a person did with an answer (copied it, asked again, left it, read it) beside a vote; each signal has a fitted slope and level, under the raters' prior. null leaves these signals out: they are never taken for votes unasked.",
    ),
  raterBiasRidge: z
    .number()
    .min(0)
    .default(1)
    .describe("Precision of the prior around 0 of a rater's bias, in votes: a few thumbs explain little."),
  ratingShrinkage: z
    .number()
    .positive()
    .default(5)
    .describe(
      'Number of ratings that the mean and spread of all raters are worth when those of one rater are estimated.',
    ),
  evalShare: FIELDS.evalShare,
  evalsPerEpoch: FIELDS.evalsPerEpoch,
  patience: FIELDS.patience,
  tokenBudget: FIELDS.tokenBudget,
  undecidedPerDecided: z
    .number()
    .min(0)
    .nullable()
    .default(0.3)
    .describe('Ties and both-bads kept for each decided comparison: they cost as much and say less. null keeps all.'),
  checkpointEverySteps: FIELDS.checkpointEverySteps,
  seed: FIELDS.seed,
});
export type RewardModelConfig = z.infer<typeof RewardModelConfig>;
