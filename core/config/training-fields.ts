// Settings that several stages of training have, each declared once; a stage may have another default.
import { z } from 'zod';

export const LoraConfig = z.strictObject({
  rank: z
    .int()
    .min(1)
    .max(256)
    .default(16)
    .describe('Rank of the update; 16 was measured against 8 on the default base.'),
  alpha: z.number().positive().default(32).describe('The update is (alpha / rank) B A.'),
});

/** The same field with another default. */
export const withDefault = <Inner extends z.ZodType>(
  field: z.ZodDefault<Inner>,
  value: z.util.NoUndefined<z.output<Inner>>,
) => field.unwrap().default(value).meta(field.meta()!);

export const FIELDS = {
  adamEpsilon: z
    .number()
    .positive()
    .default(1e-8)
    .describe("Added to the square root of AdamW's second moment, so that no step is divided by zero."),
  weightDecay: z
    .number()
    .min(0)
    .default(0.01)
    .describe('Share of each weight that AdamW takes off, times the step size.'),
  maxGradNorm: z.number().positive().default(1).describe('Largest global norm of the gradient.'),
  microBatchTokens: z
    .int()
    .min(1)
    .default(2048)
    .meta({ unit: 'tokens', description: 'Padded tokens of one forward and backward pass, the unit of memory.' }),
  epochs: z.int().min(1).max(50).default(2).meta({
    unit: 'passes',
    description: 'Passes over the training part, at most; the held-out loss may end it sooner.',
  }),
  evalShare: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.15)
    .describe('Share of prompts held out; every example of a prompt is on one side.'),
  evalsPerEpoch: z
    .int()
    .min(1)
    .default(2)
    .describe('Evaluations in each epoch; the best state by held-out loss is kept.'),
  patience: z.int().min(1).default(3).describe('Evaluations without a better held-out loss that end the training.'),
  tokenBudget: z.int().positive().nullable().default(null).meta({
    unit: 'tokens',
    description: 'Training ends after this many tokens forward and backward, without padding; null sets no limit.',
  }),
  checkpointEverySteps: z
    .int()
    .min(1)
    .default(5)
    .meta({ unit: 'steps', description: 'Optimiser steps between two checkpoints.' }),
  seed: z.int().min(0).default(17).describe('The random choices of this stage follow from it.'),
};
