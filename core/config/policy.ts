// The settings of policy optimisation: one object for each algorithm, under its name.
import { z } from 'zod';
import { Critic, clipped, Grouped, Offline, OnPolicy, Sampled } from './families';
import { withDefault } from './training-fields';

export const PpoConfig = Critic.extend({
  algorithm: z.literal('ppo').default('ppo'),
  ...clipped,
  valueClip: z
    .number()
    .positive()
    .nullable()
    .default(0.5)
    .describe('Range of a value around its old one, in units of the score; null is off.'),
  criticWarmup: z.int().min(0).default(0).describe('Number of first iterations in which only the value head learns.'),
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
    target_kl_per_token: z
      .number()
      .positive()
      .default(0.01)
      .meta({ unit: 'nats', description: 'Nats per token by which one update may move the policy.' }),
    conjugateGradientSteps: z
      .int()
      .min(1)
      .default(15)
      .describe('Steps in which the direction of one update is solved for.'),
    damping: z.number().min(0).default(0.1).describe("Added to the Fisher matrix's diagonal."),
    fisherSequences: z
      .int()
      .min(1)
      .nullable()
      .default(null)
      .describe('Answers in a Fisher-vector product; null takes all of the iteration.'),
    backtracks: z.int().min(1).default(15).describe('Shorter steps that are tried before an update is given up.'),
    backtrackFactor: z.number().gt(0).lt(1).default(0.8).describe('Factor by which each backtrack shortens the step.'),
    valueEpochs: z
      .int()
      .min(0)
      .default(8)
      .meta({ unit: 'passes', description: "Passes of the value head over one iteration's experience." }),
  });
export type TrpoConfig = z.infer<typeof TrpoConfig>;

export const RlooConfig = Grouped.extend({
  algorithm: z.literal('rloo').default('rloo'),
  epochs: withDefault(clipped.epochs, 1),
  aggregation: withDefault(OnPolicy.shape.aggregation, 'seq-mean-token-sum'),
});
export type RlooConfig = z.infer<typeof RlooConfig>;

export const GrpoConfig = Grouped.extend({
  algorithm: z.literal('grpo').default('grpo'),
  samplesPerPrompt: withDefault(Grouped.shape.samplesPerPrompt, 8),
  klEstimator: withDefault(OnPolicy.shape.klEstimator, 'k3'),
  klIn: withDefault(OnPolicy.shape.klIn, 'loss'),
  klCoefficient: withDefault(OnPolicy.shape.klCoefficient, 0.04),
  aggregation: withDefault(OnPolicy.shape.aggregation, 'seq-mean-token-mean'),
});
export type GrpoConfig = z.infer<typeof GrpoConfig>;

/** Two answers to each prompt; the one with the higher score is preferred. Only beta bounds the divergence. */
export const OnlineDpoConfig = Sampled.extend({
  algorithm: z.literal('online-dpo').default('online-dpo'),
  epochs: withDefault(clipped.epochs, 1),
  minibatch: z
    .int()
    .min(2)
    .multipleOf(2)
    .default(8)
    .meta({ unit: 'answers', description: 'Answers per optimiser step; even, because pairs stay together.' }),
  beta: z.number().positive().default(0.1).describe('Scale of the implicit reward beta * log(policy / reference).'),
});
export type OnlineDpoConfig = z.infer<typeof OnlineDpoConfig>;

export const DpoConfig = Offline.extend({
  algorithm: z.literal('dpo').default('dpo'),
  batchExamples: z.int().min(1).default(8).describe('Comparisons per optimiser step.'),
});
export type DpoConfig = z.infer<typeof DpoConfig>;

export const KtoConfig = Offline.extend({
  algorithm: z.literal('kto').default('kto'),
  batchExamples: z
    .int()
    .min(2)
    .default(16)
    .describe("Answers per optimiser step; the divergence is estimated by pairing each with another's prompt."),
  desirableWeight: z
    .number()
    .positive()
    .default(1)
    .describe("Weight of a good answer's loss; keep weight times count of good and bad within 1:1 to 4:3."),
  undesirableWeight: z.number().positive().default(1).describe("Weight of a bad answer's loss."),
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
