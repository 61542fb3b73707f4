// Turns a GGUF file's metadata into a ModelConfig; names file and field of features that the blocks do not support.

import { checkHeads, type ModelConfig, plainFeatures, SIZES } from '@/core/base/model-config';
import { linearFactors } from '@/core/base/rope-scaling';
import { AttuneError } from '@/core/errors';

export type GgufMetadata = Record<string, unknown>;

const ARCHITECTURES = ['llama', 'qwen2', 'qwen3', 'gemma3'] as const;
export type GgufArchitecture = (typeof ARCHITECTURES)[number];

/** Tokens that end a turn, whichever of them the file calls its eos: llama.cpp's end-of-generation set. */
const END_OF_TURN = [
  '<|im_end|>',
  '<|endoftext|>',
  '<|eot_id|>',
  '<|eom_id|>',
  '<|end_of_text|>',
  '<end_of_turn>',
  '</s>',
];
/** llama.cpp's constants: every sixth layer of a Gemma 3 sees all positions; the others use this rotary base. */
const GEMMA_PATTERN = 6;
const GEMMA_LOCAL_THETA = 1e4;
/** The one Gemma 3 whose attention scale does not follow from its head size; the file does not say so. */
const GEMMA_27B_LAYERS = 62;

/** Refuses GGUF files that hold something other than a whole model. */
export function checkKind(path: string, metadata: GgufMetadata): void {
  const refuse = (key: string, way: string) => {
    throw new AttuneError('UNSUPPORTED', `${path} has ${key} = ${JSON.stringify(String(metadata[key]))}. ${way}`);
  };
  const is = (key: string, ...values: unknown[]) =>
    metadata[key] === undefined || values.includes(Number(metadata[key]));
  if ((metadata['general.type'] ?? 'model') !== 'model') refuse('general.type', 'Name the file of a whole model.');
  if (!is('split.count', 0, 1)) refuse('split.count', 'Merge the parts with llama-gguf-split first.');
  // Before version 2, blocks of 4 and 8 bits have another layout.
  if (!is('general.quantization_version', 2)) refuse('general.quantization_version', 'Quantise the model again.');
}

/** Fields of an architecture that are read here or repeat what the tensors say. */
const READ = new Set([
  ...['block_count', 'context_length', 'embedding_length', 'feed_forward_length', 'vocab_size'],
  ...['attention.head_count', 'attention.head_count_kv', 'attention.key_length', 'attention.value_length'],
  ...['attention.layer_norm_rms_epsilon', 'attention.sliding_window', 'attention.sliding_window_pattern'],
  ...['rope.dimension_count', 'rope.freq_base', 'rope.freq_base_swa'],
  ...['rope.scaling.type', 'rope.scaling.factor', 'rope.scaling.original_context_length', 'rope.scaling.finetuned'],
  ...['expert_count', 'expert_used_count', 'attn_logit_softcapping', 'final_logit_softcapping'],
  ...['tensor_data_layout', 'mm.tokens_per_image', 'attention.causal', 'attention.layer_norm_epsilon'],
]);

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

/** `shapes`: the tensors' shapes by transformers' names; `ropeFactors`: the file's rope_freqs.weight. */
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
  const bounded = (name: string, kind: keyof typeof SIZES, otherwise?: number): number => {
    const parsed = SIZES[kind].safeParse(size(name, otherwise));
    if (parsed.success) return parsed.data;
    throw new AttuneError('CORRUPT', `${path}: ${architecture}.${name}: ${parsed.error.issues[0]!.message}.`);
  };
  const unknown = Object.keys(metadata).find(
    (key) => key.startsWith(`${architecture}.`) && !READ.has(key.slice(architecture.length + 1)),
  );
  if (unknown) {
    const value = JSON.stringify(String(metadata[unknown])).slice(0, 80);
    throw new AttuneError(
      'UNSUPPORTED',
      `${path} has ${unknown} = ${value}, which is not supported. Use another file.`,
    );
  }
  const embedding = shapes.get('model.embed_tokens.weight');
  if (!embedding) throw new AttuneError('CORRUPT', `${path} lacks token_embd.weight. Convert the model again.`);
  const heads = bounded('attention.head_count', 'heads');
  const keyValueHeads = bounded('attention.head_count_kv', 'heads', heads);
  const hiddenSize = bounded('embedding_length', 'hiddenSize');
  const headSize = bounded('attention.key_length', 'headSize', hiddenSize / heads);
  checkHeads(path, { headSize, heads, keyValueHeads });
  const layers = bounded('block_count', 'layers');
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
  refuseUnless('attention.causal', [true]);
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
  // Only control tokens: in Gemma `</s>` is an HTML tag.
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
    intermediateSize: bounded('feed_forward_length', 'intermediateSize'),
    layers,
    heads,
    keyValueHeads,
    headSize,
    ropeTheta: size('rope.freq_base', 10000),
    // The file has float32: 9.999999747378752e-6, where transformers' config says 1e-5.
    rmsNormEps: Number(size('attention.layer_norm_rms_epsilon').toPrecision(7)),
    maxPositions: bounded('context_length', 'maxPositions'),
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
        tokens: bounded('attention.sliding_window', 'maxPositions'),
        layers: Array.from({ length: layers }, (_, layer) => layer).filter(
          (layer) => (layer + 1) % GEMMA_PATTERN !== 0,
        ),
        ropeTheta: size('rope.freq_base_swa', GEMMA_LOCAL_THETA),
        ropeFactors: null,
      },
    }),
  };
}
