// Turns a transformers config.json into a ModelConfig; names file and field of features that the blocks do not support.
import { z } from 'zod';
import { checkHeads, type ModelConfig, plainFeatures, SIZES, TokenId } from '@/core/base/model-config';
import { ropeFactorsOf } from '@/core/base/rope-scaling';
import { AttuneError } from '@/core/errors';

/** The defaults of each model_type for fields that its config.json omits. */
const MODEL_TYPES = {
  llama: { architecture: 'llama', tiedHead: false, ropeTheta: 1e4 },
  mistral: { architecture: 'mistral', tiedHead: false, ropeTheta: 1e4 },
  qwen2: { architecture: 'qwen2', tiedHead: false, ropeTheta: 1e4 },
  qwen3: { architecture: 'qwen3', tiedHead: false, ropeTheta: 1e4 },
  gemma3_text: { architecture: 'gemma3', tiedHead: true, ropeTheta: 1e6 },
} as const;

const Rope = z.looseObject({ rope_theta: z.number().positive().optional() });
const TransformersConfig = z.looseObject({
  architectures: z.array(z.string()).nullish(),
  model_type: z.enum(Object.keys(MODEL_TYPES) as (keyof typeof MODEL_TYPES)[]),
  vocab_size: SIZES.vocabSize,
  hidden_size: SIZES.hiddenSize,
  intermediate_size: SIZES.intermediateSize,
  num_hidden_layers: SIZES.layers,
  num_attention_heads: SIZES.heads,
  num_key_value_heads: SIZES.heads.nullish(),
  head_dim: SIZES.headSize.nullish(),
  hidden_act: z.string().nullish(),
  /** Gemma's name for hidden_act. */
  hidden_activation: z.string().nullish(),
  rope_theta: z.number().positive().optional(),
  rope_scaling: z.looseObject({}).nullish(),
  /** transformers 5 moved rope_theta and rope_scaling here, by layer type where these differ. */
  rope_parameters: Rope.extend({ full_attention: Rope.optional(), sliding_attention: Rope.optional() }).nullish(),
  rope_local_base_freq: z.number().positive().optional(),
  sliding_window: SIZES.maxPositions.nullish(),
  use_sliding_window: z.boolean().optional(),
  max_window_layers: z.int().optional(),
  layer_types: z.array(z.enum(['full_attention', 'sliding_attention'])).nullish(),
  sliding_window_pattern: z.int().min(1).optional(),
  _sliding_window_pattern: z.int().min(1).optional(),
  query_pre_attn_scalar: z.number().positive().default(256),
  rms_norm_eps: z.number().positive(),
  max_position_embeddings: SIZES.maxPositions,
  tie_word_embeddings: z.boolean().optional(),
  bos_token_id: TokenId.nullish(),
  eos_token_id: z.union([TokenId, z.array(TokenId)]).nullish(),
});
type TransformersConfig = z.infer<typeof TransformersConfig>;

/** Fields that these blocks do not support, with the values, besides null, under which they do nothing. */
const REFUSED: Record<string, unknown[]> = {
  attention_bias: [false],
  mlp_bias: [false],
  attn_logit_softcapping: [],
  final_logit_softcapping: [],
  partial_rotary_factor: [1],
  num_experts: [0],
  num_local_experts: [0],
  use_bidirectional_attention: [false],
  quantization_config: [],
  quantization: [],
  is_causal: [true],
  residual_multiplier: [1],
  embedding_multiplier: [1],
  attention_multiplier: [],
  logits_scaling: [1],
};

const ACTIVATIONS: Record<string, ModelConfig['activation']> = {
  silu: 'silu',
  swish: 'silu',
  gelu_pytorch_tanh: 'gelu',
  gelu_new: 'gelu',
};

const unsupported = (path: string, field: string, value: unknown, supported: string) =>
  new AttuneError(
    'UNSUPPORTED',
    `${path} has the ${field} ${JSON.stringify(value)}; supported: ${supported}. Use another model.`,
  );

/** `raw` is a parsed config.json; `path` names it in errors. */
export function parseTransformersConfig(raw: unknown, path: string): ModelConfig {
  const type = z.looseObject({ model_type: z.unknown() }).safeParse(raw).data?.model_type;
  if (!Object.hasOwn(MODEL_TYPES, String(type))) {
    throw unsupported(path, 'model_type', type, Object.keys(MODEL_TYPES).join(', '));
  }
  const parsed = TransformersConfig.safeParse(raw);
  if (!parsed.success) throw new AttuneError('CORRUPT', `${path}: ${z.prettifyError(parsed.error)}`);
  const c = parsed.data;
  for (const [field, harmless] of Object.entries(REFUSED)) {
    const value = c[field] ?? c.rope_parameters?.[field] ?? null;
    if (value !== null && !harmless.includes(value)) {
      throw unsupported(path, field, value, [...harmless.map(String), 'none'].join(', '));
    }
  }
  const other = c.architectures?.find((name) => !name.endsWith('ForCausalLM'));
  if (other) throw unsupported(path, 'architectures', other, 'models that write text (…ForCausalLM)');
  const { architecture, tiedHead } = MODEL_TYPES[c.model_type];
  const activation = c.hidden_activation ?? c.hidden_act ?? 'silu';
  if (!ACTIVATIONS[activation]) {
    throw unsupported(path, 'activation', activation, Object.keys(ACTIVATIONS).join(', '));
  }
  const headSize = c.head_dim ?? c.hidden_size / c.num_attention_heads;
  checkHeads(path, {
    headSize,
    heads: c.num_attention_heads,
    keyValueHeads: c.num_key_value_heads ?? c.num_attention_heads,
  });
  const isGemma = architecture === 'gemma3';
  return {
    architecture,
    vocabSize: c.vocab_size,
    hiddenSize: c.hidden_size,
    intermediateSize: c.intermediate_size,
    layers: c.num_hidden_layers,
    heads: c.num_attention_heads,
    keyValueHeads: c.num_key_value_heads ?? c.num_attention_heads,
    headSize,
    rmsNormEps: c.rms_norm_eps,
    maxPositions: c.max_position_embeddings,
    tiedHead: c.tie_word_embeddings ?? tiedHead,
    bosTokenId: c.bos_token_id ?? null,
    eosTokenIds: [c.eos_token_id ?? []].flat(),
    ...plainFeatures(headSize),
    ...readAttention(c, headSize, path),
    activation: ACTIVATIONS[activation],
    hasQkvBias: architecture === 'qwen2',
    hasQkNorm: architecture === 'qwen3' || isGemma,
    hasOutputNorms: isGemma,
    ...(isGemma && { embeddingScale: Math.sqrt(c.hidden_size), attentionScale: c.query_pre_attn_scalar ** -0.5 }),
  };
}

/** Reads rotary embeddings and windows from the fields of transformers 4 or 5. */
function readAttention(
  c: TransformersConfig,
  headSize: number,
  path: string,
): Pick<ModelConfig, 'ropeTheta' | 'ropeFactors' | 'slidingWindow'> {
  const { rope_parameters: nested, rope_theta = MODEL_TYPES[c.model_type].ropeTheta } = c;
  const rotary = (field: string, { rope_theta: ropeTheta = 1e4, ...scaling }: z.infer<typeof Rope>) => ({
    ropeTheta,
    ropeFactors: ropeFactorsOf(scaling, { headSize, ropeTheta }, `${path} (${field})`),
  });
  const field = nested ? 'rope_parameters' : 'rope_scaling';
  const whole = rotary(field, { rope_theta, ...(nested?.full_attention ?? nested ?? c.rope_scaling) });
  const layers = slidingLayers(c);
  if (layers.length === 0 || !c.sliding_window) return { ...whole, slidingWindow: null };
  const ownTheta = c.model_type === 'gemma3_text' ? (c.rope_local_base_freq ?? 1e4) : null;
  const local = nested?.sliding_attention
    ? rotary(field, nested.sliding_attention)
    : ownTheta === null
      ? whole
      : rotary(field, { rope_theta: ownTheta });
  return { ...whole, slidingWindow: { tokens: c.sliding_window, layers, ...local } };
}

function slidingLayers(c: TransformersConfig): number[] {
  const pattern = c.sliding_window_pattern ?? c._sliding_window_pattern ?? 6;
  const isSliding = (layer: number): boolean => {
    if (c.layer_types) return c.layer_types[layer] === 'sliding_attention';
    if (c.model_type === 'gemma3_text') return (layer + 1) % pattern !== 0;
    if (c.model_type === 'mistral') return true;
    return c.use_sliding_window === true && layer >= (c.max_window_layers ?? 0);
  };
  return Array.from({ length: c.num_hidden_layers }, (_, layer) => layer).filter(isSliding);
}
