// The settings of imitation, with their units and defaults.
import { z } from 'zod';
import { LoraConfig } from './policy';

export const SftConfig = z.strictObject({
  lora: LoraConfig.prefault({}).describe('The low-rank update that is trained.'),
  learningRate: z
    .number()
    .positive()
    .default(2e-4)
    .describe('AdamW step size of the LoRA tensors at the end of the warm-up; a cosine follows, down to a tenth.'),
  warmupShare: z.number().min(0).max(1).default(0.1).describe('Share of all steps in which the step size rises.'),
  adamEpsilon: z
    .number()
    .positive()
    .default(1e-8)
    .describe("Added to the square root of AdamW's second moment, so that no step is divided by zero."),
  weightDecay: z.number().min(0).default(0).describe('Share of each weight that AdamW takes off, times the step size.'),
  epochs: z.int().min(1).max(50).default(2).meta({
    unit: 'passes',
    description: 'Passes over the demonstrations, at most; the held-out loss may end it sooner.',
  }),
  batchExamples: z.int().min(1).default(16).describe('Rows per optimiser step.'),
  microBatchTokens: z
    .int()
    .min(1)
    .default(2048)
    .meta({ unit: 'tokens', description: 'Padded tokens of one forward and backward pass, the unit of memory.' }),
  maxTokens: z
    .int()
    .min(8)
    .default(512)
    .meta({ unit: 'tokens', description: 'A row longer than this loses its start.' }),
  maxGradNorm: z.number().positive().default(1).describe('Largest global norm of the gradient.'),
  leastRating: z
    .number()
    .min(1)
    .max(10)
    .default(9)
    .describe('A rating of at least this makes its answer a demonstration, as a thumb up does.'),
  evalShare: z.number().min(0).max(0.5).default(0.1).describe('Share of conversations held out.'),
  evalsPerEpoch: z
    .int()
    .min(1)
    .default(1)
    .describe('Evaluations in each epoch; the best state by held-out loss is kept.'),
  patience: z.int().min(1).default(2).describe('Evaluations without a better held-out loss that end the training.'),
  tokenBudget: z.int().positive().nullable().default(null).meta({
    unit: 'tokens',
    description: 'Training ends after this many tokens forward and backward, without padding; null sets no limit.',
  }),
  checkpointEverySteps: z
    .int()
    .min(1)
    .default(5)
    .meta({ unit: 'steps', description: 'Optimiser steps between two checkpoints.' }),
  seed: z.int().min(0).default(13).describe('The random choices of this stage follow from it.'),
});
export type SftConfig = z.infer<typeof SftConfig>;
