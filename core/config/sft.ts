// The settings of imitation, with their units and defaults.
import { z } from 'zod';
import { FIELDS, LoraConfig, withDefault } from './training-fields';

export const SftConfig = z.strictObject({
  lora: LoraConfig.prefault({}).describe('The low-rank update that is trained.'),
  learningRate: z
    .number()
    .positive()
    .default(2e-4)
    .describe('AdamW step size of the LoRA tensors at the end of the warm-up; a cosine follows, down to a tenth.'),
  warmupShare: z.number().min(0).max(1).default(0.1).describe('Share of all steps in which the step size rises.'),
  adamEpsilon: FIELDS.adamEpsilon,
  weightDecay: withDefault(FIELDS.weightDecay, 0),
  epochs: FIELDS.epochs,
  batchExamples: z.int().min(1).default(16).describe('Rows per optimiser step.'),
  microBatchTokens: FIELDS.microBatchTokens,
  maxTokens: z
    .int()
    .min(8)
    .default(512)
    .meta({ unit: 'tokens', description: 'A row longer than this loses its start.' }),
  maxGradNorm: FIELDS.maxGradNorm,
  leastRating: z
    .number()
    .min(1)
    .max(10)
    .default(9)
    .describe('A rating of at least this makes its answer a demonstration, as a thumb up does.'),
  evalShare: z.number().min(0).max(0.5).default(0.1).describe('Share of conversations held out.'),
  evalsPerEpoch: withDefault(FIELDS.evalsPerEpoch, 1),
  patience: withDefault(FIELDS.patience, 2),
  tokenBudget: FIELDS.tokenBudget,
  checkpointEverySteps: FIELDS.checkpointEverySteps,
  seed: withDefault(FIELDS.seed, 13),
});
export type SftConfig = z.infer<typeof SftConfig>;
