// Writes a base's config.json in transformers' form.
import { isDeepStrictEqual } from 'node:util';
import { attentionOf, isLocalLayer, type ModelConfig } from '@/core/base/model-config';
import { ropeFactorsOf } from '@/core/base/rope-scaling';
import { AttuneError } from '@/core/errors';
import { parseTransformersConfig } from './transformers-config';

const CLASSES: Record<ModelConfig['architecture'], { model_type: string; name: string }> = {
  llama: { model_type: 'llama', name: 'LlamaForCausalLM' },
  mistral: { model_type: 'mistral', name: 'MistralForCausalLM' },
  qwen2: { model_type: 'qwen2', name: 'Qwen2ForCausalLM' },
  qwen3: { model_type: 'qwen3', name: 'Qwen3ForCausalLM' },
  gemma3: { model_type: 'gemma3_text', name: 'Gemma3ForCausalLM' },
};
/**
 * The same for every Llama 3; a GGUF file has only the factors that follow from these and the first training length.
 */
const LLAMA3 = { rope_type: 'llama3', low_freq_factor: 1, high_freq_factor: 4 };
const LONGEST_TRAINING = 2 ** 20;

/** Throws UNSUPPORTED if reading it back would not give the same model. */
export function transformersConfig(config: ModelConfig, source: string): object {
  const { model_type, name } = CLASSES[config.architecture];
  const isGemma = config.architecture === 'gemma3';
  const activation = config.activation === 'silu' ? 'silu' : 'gelu_pytorch_tanh';
  const written = {
    architectures: [name],
    model_type,
    vocab_size: config.vocabSize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.keyValueHeads,
    head_dim: config.headSize,
    [isGemma ? 'hidden_activation' : 'hidden_act']: activation,
    max_position_embeddings: config.maxPositions,
    rms_norm_eps: config.rmsNormEps,
    rope_theta: config.ropeTheta,
    rope_scaling: ropeScaling(config),
    tie_word_embeddings: config.tiedHead,
    bos_token_id: config.bosTokenId,
    eos_token_id: config.eosTokenIds.length === 1 ? config.eosTokenIds[0] : config.eosTokenIds,
    torch_dtype: 'float32',
    ...(isGemma && { query_pre_attn_scalar: Math.round(config.attentionScale ** -2) }),
    ...(config.slidingWindow && {
      sliding_window: config.slidingWindow.tokens,
      rope_local_base_freq: attentionOf(config, true).ropeTheta,
      layer_types: Array.from({ length: config.layers }, (_, layer) =>
        isLocalLayer(config, layer) ? 'sliding_attention' : 'full_attention',
      ),
    }),
  };
  const read = parseTransformersConfig(written, source);
  for (const field of Object.keys(config) as (keyof ModelConfig)[]) {
    if (isSame(read[field], config[field])) continue;
    throw new AttuneError(
      'UNSUPPORTED',
      `The ${field} of ${source} has no equivalent in a transformers config.json. Export from the base's own folder.`,
    );
  }
  return written;
}

/** Deep equality, but numbers only to the precision of float32, in which GGUF files store them. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b) <= 1e-6 * Math.abs(b);
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((value, i) => isSame(value, b[i]));
  return isDeepStrictEqual(a, b);
}

function ropeScaling({ ropeFactors, headSize, ropeTheta }: ModelConfig): object | null {
  if (!ropeFactors) return null;
  const factor = Math.max(...ropeFactors);
  for (let length = LONGEST_TRAINING; length > 1; length /= 2) {
    const llama3 = { ...LLAMA3, factor, original_max_position_embeddings: length };
    if (isSame(ropeFactorsOf(llama3, { headSize, ropeTheta }, 'the export'), ropeFactors)) return llama3;
  }
  return { rope_type: 'linear', factor };
}
