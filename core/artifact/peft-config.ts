// Reads PEFT's adapter_config.json by an allow-list, so that no field can change an adapter's meaning unnoticed.
import { z } from 'zod';
import { AttuneError } from '@/core/errors';

/** The fields of PEFT's LoraConfig that are read. */
const Read = z.object({
  peft_type: z.literal('LORA'),
  r: z.int().min(1).max(4096),
  lora_alpha: z.number(),
  target_modules: z.union([z.array(z.string()).min(1), z.string().min(1)]),
  use_rslora: z.boolean().nullish(),
  layers_to_transform: z.union([z.int().min(0), z.array(z.int().min(0))]).nullish(),
});

/** Fields that say where an adapter comes from, or that matter only while it is trained. */
const HARMLESS = new Set([
  'auto_mapping',
  'base_model_name_or_path',
  'inference_mode',
  'lora_dropout',
  'megatron_core', // read only together with megatron_config
  'peft_version',
  'qalora_group_size', // read only together with use_qalora
  'revision',
]);

interface Rule {
  /** The values under which the field changes nothing; null and an absent field always do. */
  neutral: readonly unknown[];
  /** What another value does. */
  because: string;
}
const only = (because: string, ...neutral: unknown[]): Rule => ({ neutral, because });
const baseChanges = 'it starts from a base other than the one that is loaded';

/** All other fields of LoraConfig in PEFT up to 0.21. */
const RULES: Record<string, Rule> = {
  alora_invocation_tokens: only('the adapter is switched on in the middle of a text'),
  alpha_pattern: only('layers have different scales', {}),
  arrow_config: only('adapters are mixed token by token'),
  bias: only('biases are also trained', 'none'),
  corda_config: only(baseChanges),
  enable_lora: only('parts of a fused projection are left out'),
  ensure_weight_tying: only('tied layers are adapted together', false),
  eva_config: only('ranks are spread over the layers by data'),
  exclude_modules: only('modules are left out by a pattern', []),
  fan_in_fan_out: only('it is for layers that store their weights the other way round', false),
  init_lora_weights: only(
    `${baseChanges}, or computes differently; save it with path_initial_model_for_weight_conversion`,
    true,
    false,
    'gaussian',
    'orthogonal',
  ),
  kasa_config: only(baseChanges),
  layer_replication: only('layers of the base are repeated', []),
  layers_pattern: only('layers are found under another name', 'layers', ['layers'], []),
  loftq_config: only(baseChanges, {}),
  lora_bias: only('B has a bias', false),
  lora_ga_config: only(baseChanges),
  megatron_config: only('layers are split over devices'),
  merge_weights: only('the base is stored with the adapter in it', false),
  modules_to_save: only('whole modules of the base are replaced', []),
  monteclora_config: only('the adapter is sampled'),
  rank_pattern: only('layers have different ranks', {}),
  target_parameters: only('parameters outside the projections are adapted', []),
  task_type: only('it is for a task other than writing text', 'CAUSAL_LM'),
  trainable_token_indices: only('rows of the embedding are also trained'),
  use_bdlora: only('A or B is block-diagonal', false),
  use_dora: only('the update is scaled to the norm of the weights', false),
  use_qalora: only('inputs are pooled', false),
  velora_config: only('activations are compressed'),
};

export interface LoraSettings {
  rank: number;
  /** The update is (alpha / rank) * B A, also for adapters for which PEFT divides by the root of the rank. */
  alpha: number;
  /** Whether PEFT adds a pair to this module, such as `model.layers.3.self_attn.q_proj`. */
  adapts(layer: number, module: string): boolean;
}

/** `path` names the file in errors. */
export function parsePeftConfig(raw: unknown, path: string): LoraSettings {
  const table = z.record(z.string(), z.unknown()).safeParse(raw);
  if (!table.success)
    throw new AttuneError('CORRUPT', `${path} is not an object of settings. Export the adapter again.`);
  const parsed = Read.safeParse(raw);
  if (!parsed.success) throw new AttuneError('UNSUPPORTED', `${path}: ${z.prettifyError(parsed.error)}`);
  for (const [field, value] of Object.entries(table.data)) {
    if (Object.hasOwn(Read.shape, field) || HARMLESS.has(field) || value === null) continue;
    const rule = Object.hasOwn(RULES, field) ? RULES[field]! : null;
    const given = `${path} has ${field} = ${JSON.stringify(value).slice(0, 80)}`;
    if (!rule) {
      throw new AttuneError(
        'UNSUPPORTED',
        `${given}, a field that is not known here. Remove it if it changes nothing.`,
      );
    }
    if (rule.neutral.some((one) => JSON.stringify(one) === JSON.stringify(value))) continue;
    throw new AttuneError('UNSUPPORTED', `${given}: ${rule.because}. Only plain LoRA is supported.`);
  }
  const { r: rank, lora_alpha, use_rslora, target_modules, layers_to_transform } = parsed.data;
  const layers = layers_to_transform == null ? null : new Set([layers_to_transform].flat());
  return {
    rank,
    alpha: use_rslora ? lora_alpha * Math.sqrt(rank) : lora_alpha,
    adapts: (layer, module) => (layers?.has(layer) ?? true) && isTarget(target_modules, module),
  };
}

/** A name in a list means every module that ends in it; for a pattern, the file's tensors show what it matched. */
const isTarget = (targets: string | string[], module: string) =>
  typeof targets === 'string' || targets.some((target) => module === target || module.endsWith(`.${target}`));
