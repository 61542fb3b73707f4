// A GGUF file's metadata as a ModelConfig; features that the blocks lack are refused by file and field.

import { type ModelConfig, plainFeatures } from '@/core/base/model-config';
import { linearFactors } from '@/core/base/rope-scaling';
import { AttuneError } from '@/core/errors';

export type GgufMetadata = Record<string, unknown>;

const ARCHITECTURES = ['llama', 'qwen2', 'qwen3', 'gemma3'] as const;
export type GgufArchitecture = (typeof ARCHITECTURES)[number];

/** Names that end a turn whichever of them the file calls its eos, as in llama.cpp's end-of-generation set. */
const END_OF_TURN = [
  '<|im_end|>',
  '<|endoftext|>',
  '<|eot_id|>',
  '<|eom_id|>',
  '<|end_of_text|>',
  '<end_of_turn>',
  '</s>',
];
/** llama.cpp's constants: every sixth layer of a Gemma 3 sees everything, the others turn by this base. */
const GEMMA_PATTERN = 6;
const GEMMA_LOCAL_THETA = 1e4;
/** The one Gemma 3 whose score scale is not of its head size; the file does not say so. */
const GEMMA_27B_LAYERS = 62;

export function architectureOf(path: string, metadata: GgufMetadata): GgufArchitecture {
  const name = metadata['general.architecture'];
  const found = ARCHITECTURES.find((architecture) => architecture === name);
  if (!found) {
    throw new AttuneError(
      'UNSUPPORTED',
      `${path} has the architecture "${name}" (general.architecture); supported are ${ARCHITECTURES.join(', ')}. ` +
        'Use a model of one of these.',
    );
  }
  return found;
}

/** `shapes` are the tensors' under transformers' names; `ropeFactors` those of the file's rope_freqs.weight. */
export function readGgufConfig(
  path: string,
  metadata: GgufMetadata,
  shapes: Map<string, number[]>,
  ropeFactors: number[] | null,
): ModelConfig {
  const architecture = architectureOf(path, metadata);
  const field = (name: string) => metadata[`${architecture}.${name}`];
  const number = (key: string, otherwise?: number): number => {
    const value = metadata[key] ?? otherwise;
    if (typeof value !== 'number' && typeof value !== 'bigint') {
      throw new AttuneError('CORRUPT', `${path} lacks the metadata ${key}. Convert the model again.`);
    }
    return Number(value);
  };
  const size = (name: string, otherwise?: number) => number(`${architecture}.${name}`, otherwise);
  const embedding = shapes.get('model.embed_tokens.weight');
  if (!embedding) throw new AttuneError('CORRUPT', `${path} lacks token_embd.weight. Convert the model again.`);
  const heads = size('attention.head_count');
  const hiddenSize = size('embedding_length');
  const headSize = size('attention.key_length', hiddenSize / heads);
  const layers = size('block_count');
  const isGemma = architecture === 'gemma3';

  const refuseUnless = (name: string, harmless: unknown[]) => {
    const value = field(name);
    const plain = typeof value === 'bigint' ? Number(value) : value;
    if (plain === undefined || harmless.includes(plain)) return;
    throw new AttuneError(
      'UNSUPPORTED',
      `${path} has ${architecture}.${name} = ${JSON.stringify(plain)}; supported: ${harmless.join(', ') || 'none'}.`,
    );
  };
  refuseUnless('expert_count', [0]);
  refuseUnless('attn_logit_softcapping', [0]);
  refuseUnless('final_logit_softcapping', [0]);
  refuseUnless('rope.dimension_count', [headSize]);
  refuseUnless('attention.value_length', [headSize]);
  refuseUnless('rope.scaling.type', ['none', 'linear']);
  refuseUnless('attention.sliding_window_pattern', [GEMMA_PATTERN]);
  if (isGemma && layers === GEMMA_27B_LAYERS)
    refuseUnless('block_count', ['fewer: its attention scale is not in the file']);
  const isLinear = field('rope.scaling.type') === 'linear';

  const tokens = metadata['tokenizer.ggml.tokens'];
  const types = metadata['tokenizer.ggml.token_type'];
  // Only control tokens: in Gemma `</s>` is a tag of HTML.
  const isControl = (id: number) => !Array.isArray(types) || types[id] === 3;
  const named = Array.isArray(tokens)
    ? END_OF_TURN.map((name) => tokens.indexOf(name)).filter((id) => id >= 0 && isControl(id))
    : [];
  const turnEnd = metadata['tokenizer.ggml.eot_token_id'];
  const bos = metadata['tokenizer.ggml.bos_token_id'];
  return {
    architecture,
    vocabSize: embedding[0]!,
    hiddenSize,
    intermediateSize: size('feed_forward_length'),
    layers,
    heads,
    keyValueHeads: size('attention.head_count_kv', heads),
    headSize,
    ropeTheta: size('rope.freq_base', 10000),
    // The file holds float32; transformers' config says 1e-5, not 9.999999747378752e-6.
    rmsNormEps: Number(size('attention.layer_norm_rms_epsilon').toPrecision(7)),
    maxPositions: size('context_length'),
    tiedHead: !shapes.has('lm_head.weight'),
    bosTokenId: bos === undefined ? null : Number(bos),
    eosTokenIds: [
      ...new Set([
        number('tokenizer.ggml.eos_token_id'),
        ...(turnEnd === undefined ? [] : [Number(turnEnd)]),
        ...named,
      ]),
    ],
    ...plainFeatures(headSize),
    ropeFactors: isLinear ? linearFactors(size('rope.scaling.factor'), headSize) : ropeFactors,
    hasQkvBias: shapes.has('model.layers.0.self_attn.q_proj.bias'),
    hasQkNorm: shapes.has('model.layers.0.self_attn.q_norm.weight'),
    hasOutputNorms: isGemma,
    ...(isGemma && {
      activation: 'gelu',
      embeddingScale: Math.sqrt(hiddenSize),
      slidingWindow: {
        tokens: size('attention.sliding_window'),
        layers: Array.from({ length: layers }, (_, layer) => layer).filter(
          (layer) => (layer + 1) % GEMMA_PATTERN !== 0,
        ),
        ropeTheta: size('rope.freq_base_swa', GEMMA_LOCAL_THETA),
        ropeFactors: null,
      },
    }),
  };
}
