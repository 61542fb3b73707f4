// The settings of every training stage, with their units, defaults and named presets.
import { z } from 'zod';
import { ALGORITHMS, LoraConfig, POLICY_CONFIGS, type PolicyConfig } from './policy-config';

export { ALGORITHMS, type AlgorithmName, type PolicyConfig, type PpoConfig } from './policy-config';

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

export const PipelineConfig = z.object({
  rewardModel: RewardModelConfig.prefault({}),
  /** Which of the following optimises the policy. */
  algorithm: z.enum(ALGORITHMS).default('ppo'),
  ppo: POLICY_CONFIGS.ppo.prefault({}),
  a2c: POLICY_CONFIGS.a2c.prefault({}),
  trpo: POLICY_CONFIGS.trpo.prefault({}),
  rloo: POLICY_CONFIGS.rloo.prefault({}),
  grpo: POLICY_CONFIGS.grpo.prefault({}),
  'online-dpo': POLICY_CONFIGS['online-dpo'].prefault({}),
  dpo: POLICY_CONFIGS.dpo.prefault({}),
  kto: POLICY_CONFIGS.kto.prefault({}),
  /** Fresh answers of the parent policy on which the reward is brought to mean 0 and deviation 1. */
  normalisationSamples: z.int().min(2).default(64),
});
export type PipelineConfig = z.infer<typeof PipelineConfig>;

/** The settings of the algorithm that a run chose. */
export const policyConfigOf = (config: PipelineConfig): PolicyConfig => config[config.algorithm];

/** The same settings for every algorithm; each takes those that it has. */
const forEveryAlgorithm = (settings: object) => Object.fromEntries(ALGORITHMS.map((name) => [name, settings]));

export const PRESETS = {
  /** The tiny model of the tests: seconds. */
  tiny: PipelineConfig.parse({
    rewardModel: { lora: { rank: 4, alpha: 8 }, learningRate: 5e-3, headLearningRate: 5e-3, epochs: 8, maxTokens: 64 },
    ...forEveryAlgorithm({
      lora: { rank: 4, alpha: 8 },
      iterations: 4,
      sequences: 16,
      learningRate: 5e-3,
      valueLearningRate: 1e-2,
      maxResponseTokens: 12,
      maxPromptTokens: 32,
      minWords: 0,
    }),
    normalisationSamples: 16,
  }),
  /** A 135M base on two processor cores: about 4 minutes of reward model on 300 comparisons, 8 of PPO. */
  'demo-cpu': PipelineConfig.parse({
    rewardModel: {
      epochs: 2,
      batchExamples: 8,
      evalShare: 0.1,
      evalsPerEpoch: 1,
      maxTokens: 192,
      tokenBudget: 60_000,
      microBatchTokens: 1536,
    },
    ...forEveryAlgorithm({ iterations: 4, sequences: 32, minibatch: 8, maxResponseTokens: 64, maxPromptTokens: 160 }),
    normalisationSamples: 48,
  }),
} as const satisfies Record<string, PipelineConfig>;
export type PresetName = keyof typeof PRESETS;
