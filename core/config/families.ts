// The settings that families of algorithms share: of all, of those that sample, follow a gradient, have a critic, compare groups.
import { z } from 'zod';
import { FIELDS, LoraConfig, withDefault } from './training-fields';

/** Every algorithm trains a LoRA policy with AdamW on rows of tokens. */
const Shared = z.strictObject({
  lora: LoraConfig.prefault({}).describe('The low-rank update that is trained.'),
  microBatchTokens: withDefault(FIELDS.microBatchTokens, 1536),
  maxResponseTokens: z.int().min(1).default(96).meta({ unit: 'tokens', description: 'Longest answer in tokens.' }),
  maxPromptTokens: z
    .int()
    .min(1)
    .default(512)
    .meta({ unit: 'tokens', description: 'Longest prompt in tokens; longer ones are left out.' }),
  learningRate: z.number().positive().default(3e-4).describe('AdamW step size of the LoRA tensors, after warm-up.'),
  adamEpsilon: withDefault(FIELDS.adamEpsilon, 1e-5),
  warmupSteps: z
    .int()
    .min(0)
    .default(0)
    .meta({ unit: 'steps', description: 'Optimiser steps from zero to the full step size.' }),
  schedule: z
    .enum(['constant', 'linear', 'cosine'])
    .default('constant')
    .describe('How the step size changes after its warm-up; linear and cosine end at zero.'),
  maxGradNorm: FIELDS.maxGradNorm,
  klBudget: z
    .number()
    .positive()
    .default(8)
    .describe(
      'Nats per answer from the reference: a run on fresh answers stops above it and keeps a policy that is below it.',
    ),
  checkpointEverySteps: z
    .int()
    .min(1)
    .default(4)
    .describe('Optimiser steps between two checkpoints inside an iteration; experience is always kept.'),
  seed: withDefault(FIELDS.seed, 23),
});

type SharedConfig = z.infer<typeof Shared>;

/** The schedule of the step size, without the length of the run. */
export const rateOf = (config: Pick<SharedConfig, 'learningRate' | 'warmupSteps' | 'schedule'>) => ({
  kind: config.schedule,
  lr: config.learningRate,
  warmupSteps: config.warmupSteps,
});

/** Algorithms that learn from scored answers of the policy itself. */
export const Sampled = Shared.extend({
  iterations: z.int().min(1).default(8).describe('Updates of the policy from fresh experience, at most.'),
  sequences: z.int().min(2).default(32).meta({ unit: 'answers', description: 'Answers in one iteration.' }),
  scoreScaling: z
    .enum(['none', 'running'])
    .default('none')
    .describe('`running` divides scores by their deviation over the run so far, before the clip (trlX).'),
  scoreClip: z
    .number()
    .positive()
    .default(5)
    .meta({ unit: 'points', description: 'Scores are cut to plus or minus this.' }),
  eosPenalty: z
    .number()
    .min(0)
    .default(1)
    .meta({ unit: 'points', description: 'Points deducted from an answer without an end token.' }),
  minWords: z.int().min(0).default(3).describe('Answers with fewer words are degenerate; 0 is off.'),
  degenerateScore: z
    .number()
    .default(-3)
    .meta({ unit: 'points', description: 'The score of a degenerate answer, at most.' }),
});
/** Without the step size, which not every algorithm has. */
export type SampledConfig = Omit<z.infer<typeof Sampled>, 'learningRate' | 'warmupSteps' | 'schedule' | 'maxGradNorm'>;

/** Algorithms that follow the gradient of log-probs times advantages. */
export const OnPolicy = Sampled.extend({
  klEstimator: z
    .enum(['k1', 'k2', 'k3'])
    .default('k1')
    .describe(
      "How a token's divergence is estimated from its two log-probs; k1 is unbiased, k2 and k3 vary less (Schulman 2020).",
    ),
  klIn: z
    .enum(['reward', 'loss'])
    .default('reward')
    .describe(
      "Charged in each token's reward, or as a term of the loss, where k2 has the expected gradient and k1 has none.",
    ),
  klCoefficient: z.number().min(0).default(0.03).describe('Points of score for one nat away from the reference.'),
  adaptiveKl: z
    .strictObject({
      target_kl_per_sequence: z
        .number()
        .positive()
        .meta({ unit: 'nats', description: 'Divergence to keep to, summed over an answer.' }),
      horizon: z
        .number()
        .positive()
        .default(1000)
        .meta({ unit: 'answers', description: 'Answers over which the coefficient moves by a fifth at most.' }),
    })
    .nullable()
    .default(null)
    .describe('Moves the coefficient towards a divergence; null keeps it fixed.'),
  aggregation: z
    .enum(['token-mean', 'seq-mean-token-sum', 'seq-mean-token-mean'])
    .default('token-mean')
    .describe(
      "How tokens become one loss: over all of them, or over answers by the sum or the mean of each (verl's names).",
    ),
  importance: z
    .enum(['truncate', 'icepop', 'sequence-mask'])
    .default('truncate')
    .describe(
      "Weights of another engine's or an older policy's tokens: clamped, zero outside the bounds, or zero for a whole answer.",
    ),
  importanceBounds: z
    .tuple([z.number().min(0), z.number().positive()])
    .default([0.5, 2])
    .describe('[low, high] of that weight.'),
  entropyCoefficient: z
    .number()
    .min(0)
    .default(0)
    .describe('Points of loss for one nat of entropy per token; more is more varied.'),
  demonstrationCoefficient: z
    .number()
    .min(0)
    .default(0)
    .describe(
      "Weight of the cross-entropy on demonstrations, added to the policy's loss (InstructGPT's PTX); keep it small.",
    ),
  demonstrationBatch: z.int().min(1).default(4).describe('Demonstrations per optimiser step.'),
});
export type OnPolicyConfig = z.infer<typeof OnPolicy>;

/** Advantages against a learnt value function. */
export const Critic = OnPolicy.extend({
  valueLearningRate: z
    .number()
    .positive()
    .default(1e-3)
    .describe('Step size of the value head, which trains apart from the policy.'),
  gamma: z.number().min(0).max(1).default(1).describe('Discount of a later reward for each token in between.'),
  lambda: z
    .number()
    .min(0)
    .max(1)
    .default(0.95)
    .describe('Weight of longer returns in the advantages (GAE): 1 trusts the rewards, 0 the value function.'),
  whitenRewards: z
    .boolean()
    .default(false)
    .describe('Divides rewards by their deviation over the batch, keeping their mean (N-details).'),
  unbiasedWhitening: z
    .boolean()
    .default(false)
    .describe("Bessel's correction in whitening, as in TRL and verl; OpenRLHF and lm-human-preferences leave it out."),
  maxStaleness: z
    .int()
    .min(0)
    .default(0)
    .describe('Largest number of policy updates since a stored answer was sampled; fresh answers have 0.'),
  storedShare: z
    .number()
    .min(0)
    .max(0.9)
    .default(0)
    .describe(
      "Share of an iteration's answers that may be logged ones of the parent; the fresh rest measures the policy.",
    ),
});

/** Several epochs of minibatches under a clipped ratio. */
export const clipped = {
  epochs: z.int().min(1).default(2).describe("Passes over one iteration's experience."),
  minibatch: z.int().min(1).default(8).describe('Answers per optimiser step.'),
  clip: z.number().positive().default(0.2).describe("Epsilon of the ratio's clip."),
  dualClip: z.number().gt(1).nullable().default(3).describe('Bound of the ratio for bad tokens; null is off.'),
  approxKlStop: z
    .number()
    .positive()
    .default(0.15)
    .describe(
      'A minibatch whose approximate divergence from the experience (nats per token) is above this is not applied.',
    ),
};

/** Algorithms that compare several answers to the same prompt. */
export const Grouped = OnPolicy.extend({
  ...clipped,
  samplesPerPrompt: z.int().min(2).default(4).describe('Answers to each prompt; `sequences` is a multiple of it.'),
});
export type GroupedConfig = z.infer<typeof Grouped>;

/** Algorithms that learn from stored preferences and sample nothing. */
export const Offline = Shared.extend({
  learningRate: z
    .number()
    .positive()
    .default(5e-5)
    .describe("Smaller than with fresh answers, because only the policy's own loss measures how far it has moved."),
  beta: z.number().positive().default(0.1).describe('Scale of the implicit reward beta * log(policy / reference).'),
  epochs: FIELDS.epochs,
  evalShare: FIELDS.evalShare,
  patience: z.int().min(1).default(2).describe('Epochs without a better held-out loss that end the training.'),
});
export type OfflineConfig = z.infer<typeof Offline>;
