// The settings of imitation, with their units and defaults.
import { z } from 'zod';
import { LoraConfig } from './policy';

export const SftConfig = z.strictObject({
  lora: LoraConfig.prefault({}),
  /** AdamW step size of the LoRA tensors at the end of the warm-up; a cosine follows, down to a tenth. */
  learningRate: z.number().positive().default(2e-4),
  /** Share of all steps in which the step size rises. */
  warmupShare: z.number().min(0).max(1).default(0.1),
  adamEpsilon: z.number().positive().default(1e-8),
  weightDecay: z.number().min(0).default(0),
  /** Passes over the demonstrations, at most; the held-out loss may end it sooner. */
  epochs: z.int().min(1).max(50).default(2),
  /** Rows per optimiser step. */
  batchExamples: z.int().min(1).default(16),
  /** Padded tokens of one forward and backward pass, the unit of memory. */
  microBatchTokens: z.int().min(1).default(2048),
  /** A row longer than this loses its start. */
  maxTokens: z.int().min(8).default(512),
  /** Largest global norm of the gradient. */
  maxGradNorm: z.number().positive().default(1),
  /** A rating of at least this makes its answer a demonstration, as a thumb up does. */
  leastRating: z.number().min(1).max(10).default(9),
  /** Share of conversations held out. */
  evalShare: z.number().min(0).max(0.5).default(0.1),
  /** Evaluations in each epoch; the best state by held-out loss is kept. */
  evalsPerEpoch: z.int().min(1).default(1),
  /** Evaluations without a better held-out loss that end the training. */
  patience: z.int().min(1).default(2),
  /** Training ends after this many tokens forward and backward, without padding; null sets no limit. */
  tokenBudget: z.int().positive().nullable().default(null),
  /** Optimiser steps between two checkpoints. */
  checkpointEverySteps: z.int().min(1).default(5),
  seed: z.int().min(0).default(13),
});
export type SftConfig = z.infer<typeof SftConfig>;
