// The settings of a whole run: its stages, the named presets, and how fields, preset and seed become one configuration.
import { z } from 'zod';
import { AttuneError } from '@/core/errors';
import { hash32 } from '@/core/rng';
import { describeUnknownKeys, nameUnknownKeys } from '@/core/text/unknown-keys';
import { ConstraintConfigs } from './constraints';
import { ALGORITHMS, POLICY_CONFIGS, type PolicyConfig } from './policy';
import { CostModelConfig, RewardModelConfig } from './reward';
import { SftConfig } from './sft';

/** The adapter's rank is the policy's: both stages train the same tensors. */
const SftSettings = SftConfig.omit({ lora: true });

export const PipelineConfig = z.strictObject({
  sft: SftSettings.nullable()
    .default(null)
    .describe('Imitation of demonstrations before anything else; null leaves it out, and {} takes its defaults.'),
  rewardModel: RewardModelConfig.prefault({}),
  costModel: CostModelConfig.nullable()
    .prefault({})
    .describe(
      'Learnt from safety labels, if there are enough, and charged as the constraint `harm`; null leaves it out.',
    ),
  targetMix: z
    .record(z.string(), z.record(z.string(), z.number().positive()))
    .nullable()
    .default(null)
    .describe(
      'Shares that groups of feedback are to have in the reward model, by key and value, for example { language: { en: 1, ja: 1 } } for as much weight of Japanese as of English votes; null takes them as they came.',
    ),
  aiShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe(
      "Largest share of a snapshot's feedback that judges gave (server/services/judge); what people gave is all kept.",
    ),
  algorithm: z
    .enum(ALGORITHMS)
    .nullable()
    .default('ppo')
    .describe('Which of the following optimises the policy; null ends the run after imitation.'),
  ppo: POLICY_CONFIGS.ppo.prefault({}),
  a2c: POLICY_CONFIGS.a2c.prefault({}),
  trpo: POLICY_CONFIGS.trpo.prefault({}),
  rloo: POLICY_CONFIGS.rloo.prefault({}),
  grpo: POLICY_CONFIGS.grpo.prefault({}),
  'online-dpo': POLICY_CONFIGS['online-dpo'].prefault({}),
  dpo: POLICY_CONFIGS.dpo.prefault({}),
  kto: POLICY_CONFIGS.kto.prefault({}),
  constraints: ConstraintConfigs.default({}).describe(
    'How the rules, by id, and the cost model, as `harm`, are charged; a rule that is not named has its own fixed cost.',
  ),
  normalisationSamples: z.int().min(2).default(64).meta({
    unit: 'answers',
    description: 'Fresh answers of the parent policy on which the reward is brought to mean 0 and deviation 1.',
  }),
  gateAnswers: z
    .int()
    .min(8)
    .default(128)
    .describe(
      "Answers that the gates take from candidate and parent each; the gain's standard error falls with their root.",
    ),
  trialAnswers: z.int().min(0).default(128).meta({
    unit: 'answers',
    description: 'Answers by which a policy is tried in the middle of its run; 0 keeps the best-scored policy untried.',
  }),
});
export type PipelineConfig = z.infer<typeof PipelineConfig>;

/** The settings of the algorithm that a run chose; without one, PPO's say how long prompts and answers are. */
export const policyConfigOf = (config: PipelineConfig): PolicyConfig => config[config.algorithm ?? 'ppo'];

/** Whether answers that were served to people may join the run's experience. */
export function learnsFromLogged(config: PipelineConfig): boolean {
  const own = config.algorithm === null ? null : config[config.algorithm];
  return own !== null && 'storedShare' in own && own.storedShare > 0;
}

/** The same settings for every algorithm; each takes only those that it has. */
const forEveryAlgorithm = (settings: object) =>
  Object.fromEntries(
    ALGORITHMS.map((name) => {
      const has = (key: string) => Object.hasOwn(POLICY_CONFIGS[name].shape, key);
      return [name, Object.fromEntries(Object.entries(settings).filter(([key]) => has(key)))];
    }),
  );

const DEMO = { iterations: 4, sequences: 32, minibatch: 8, maxResponseTokens: 64, maxPromptTokens: 160 };

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
    gateAnswers: 64,
    trialAnswers: 64,
  }),
  /** A 135M base on two processor cores: about 2 minutes of reward model on 200 comparisons, 7 of PPO with its trials. */
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
    ...forEveryAlgorithm(DEMO),
    // Larger steps at a lower price of divergence collapse into answers of one or two words for some seeds.
    ppo: {
      ...DEMO,
      iterations: 7,
      sequences: 48,
      minibatch: 12,
      learningRate: 1.5e-4,
      klCoefficient: 0.1,
      minWords: 5,
      degenerateScore: -5,
    },
    normalisationSamples: 48,
    gateAnswers: 64,
  }),
  /** A base of up to 400M parameters on four cores or more, a few thousand votes: hours. */
  cpu: PipelineConfig.parse({
    // With up to a thousand votes, probes ranked better than an adapter in every test; with more, try probe: null.
    rewardModel: { probe: {}, batchExamples: 16, maxTokens: 384, microBatchTokens: 2048 },
    ...forEveryAlgorithm({
      iterations: 16,
      sequences: 64,
      minibatch: 16,
      maxResponseTokens: 128,
      maxPromptTokens: 256,
    }),
    normalisationSamples: 128,
    gateAnswers: 256,
  }),
  /** A device with 16 GiB: long rows and wide batches, for which a processor would take days. */
  gpu: PipelineConfig.parse({
    rewardModel: { epochs: 2, batchExamples: 64, maxTokens: 1024, microBatchTokens: 16_384 },
    ...forEveryAlgorithm({
      iterations: 100,
      sequences: 256,
      minibatch: 64,
      microBatchTokens: 16_384,
      maxResponseTokens: 256,
      maxPromptTokens: 768,
    }),
    normalisationSamples: 256,
    gateAnswers: 512,
  }),
} as const satisfies Record<string, PipelineConfig>;
export type PresetName = keyof typeof PRESETS;
export const PRESET_NAMES = Object.keys(PRESETS) as [PresetName, ...PresetName[]];

/** A setting that cannot be taken: its path as zod writes it, empty for the whole, and what is wrong with it. */
export interface ConfigProblem {
  path: string;
  message: string;
}

/** Applies fields to the defaults or to a named preset; one `seed` gives each stage a different seed. */
export function parseConfig(config: Record<string, unknown>): PipelineConfig {
  const read = readConfig(config);
  if ('settings' in read) return read.settings;
  const said = read.problems.map(({ path, message }) => (path ? `${path}: ${message}` : message));
  throw new AttuneError('BAD_INPUT', `The run's settings: ${said.join('; ')}`);
}

/** As `parseConfig`, for a form that says each problem beside its field. */
export function readConfig(
  config: Record<string, unknown>,
): { settings: PipelineConfig } | { problems: ConfigProblem[] } {
  const { preset, seed, ...own } = config;
  if (preset !== undefined && !Object.hasOwn(PRESETS, String(preset))) {
    const names = PRESET_NAMES.join(', ');
    const message = `There is no preset ${JSON.stringify(preset)}; choose from ${names}.`;
    return { problems: [{ path: 'preset', message }] };
  }
  if (seed !== undefined && !z.int().min(0).safeParse(seed).success)
    return { problems: [{ path: 'seed', message: 'must be a whole number, 0 or more' }] };
  const seeds = seed === undefined ? {} : seedsOf(Number(seed));
  const under = merge(preset === undefined ? {} : PRESETS[preset as PresetName], seeds);
  const seedsSft = seed !== undefined && isObject(own.sft);
  const asked = seedsSft ? { ...own, sft: merge({ seed: hash32(Number(seed), 3) }, own.sft as object) } : own;
  const parsed = PipelineConfig.safeParse(merge(under, asked), { error: nameUnknownSettings });
  if (parsed.success) return { settings: parsed.data };
  return { problems: parsed.error.issues.map(({ path, message }) => ({ path: z.core.toDotPath(path), message })) };
}

/** A run's order may also name a preset and a seed. */
const nameUnknownSettings: typeof nameUnknownKeys = (issue) =>
  issue.code === 'unrecognized_keys' && !issue.path?.length
    ? describeUnknownKeys(issue.keys, [...Object.keys(PipelineConfig.shape), 'preset', 'seed'])
    : nameUnknownKeys(issue);

function seedsOf(seed: number): object {
  const policy = Object.fromEntries(ALGORITHMS.map((name) => [name, { seed: hash32(seed, 2) }]));
  return { rewardModel: { seed: hash32(seed, 1) }, ...policy };
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function merge(under: object, over: object): object {
  const merged = new Map<string, unknown>(Object.entries(under));
  for (const [key, value] of Object.entries(over)) {
    const below = merged.get(key);
    merged.set(key, isObject(value) && isObject(below) ? merge(below, value) : value);
  }
  return Object.fromEntries(merged); // not by assignment: a key may be __proto__
}
