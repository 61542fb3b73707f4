// Writes a tiny random Llama from a seed: a complete base for tests and demonstrations, under 1 MB, quick to load.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ModelConfig, plainFeatures, weightShapes } from '@/core/base/model-config';
import { BYTE_CHARACTERS } from '@/core/base/tokenizer';
import { writeDurably } from '@/core/durable-file';
import { AttuneError } from '@/core/errors';
import { type NamedTensors, writeSafetensors } from '@/core/formats/safetensors';
import { transformersConfig } from '@/core/formats/transformers-config-writer';
import { Rng } from '@/core/rng';

export interface TinyLlamaOptions {
  seed: number;
  /** The answer to every prompt is this text and the end of the turn, at any temperature up to 2. */
  alwaysSay?: string;
}

/** Ids 0..255 are the bytes themselves; the rest of the 288 rows are special tokens, so that every id decodes. */
const VOCABULARY = 288;
export const TINY_END_OF_TURN = 257;
const SPECIALS = ['<|im_start|>', '<|im_end|>', '<|endoftext|>'];

const CHAT_TEMPLATE =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

export function tinyLlamaConfig({ alwaysSay }: Pick<TinyLlamaOptions, 'alwaysSay'> = {}): ModelConfig {
  return {
    architecture: 'llama',
    vocabSize: VOCABULARY,
    hiddenSize: 64,
    intermediateSize: 128,
    layers: 2,
    heads: 4,
    keyValueHeads: 2,
    headSize: 16,
    ropeTheta: 10000,
    rmsNormEps: 1e-5,
    maxPositions: 1024,
    tiedHead: alwaysSay === undefined,
    bosTokenId: 256,
    eosTokenIds: [TINY_END_OF_TURN],
    ...plainFeatures(16),
  };
}

/** All weights of a seed. Projections are N(0, 1/in), so that the context outweighs the last token's embedding. */
export function tinyLlamaTensors(options: TinyLlamaOptions): NamedTensors {
  const rng = new Rng(options.seed);
  const normals = (length: number, deviation: number, mean = 0) =>
    Float32Array.from({ length }, () => mean + deviation * rng.normal());
  const tensors: NamedTensors = new Map();
  for (const [name, shape] of weightShapes(tinyLlamaConfig(options))) {
    const length = shape.reduce((a, b) => a * b, 1);
    const isNorm = shape.length === 1;
    const isTable = name.includes('embed_tokens') || name.includes('lm_head');
    const values = isNorm ? normals(length, 0.1, 1) : normals(length, isTable ? 0.1 : shape[1]! ** -0.5);
    tensors.set(name, { shape, values });
  }
  if (options.alwaysSay !== undefined) plantChain(tensors, options.alwaysSay);
  return tensors;
}

/**
 * Makes each token of "\n", text, <|im_end|> predict the next: the chain's embeddings are orthogonal and so long that
 * blocks cannot turn them, and a token's row in the head is the embedding of the token before it. No byte may repeat.
 */
function plantChain(tensors: NamedTensors, text: string): void {
  const width = 64;
  const chain = [10, ...Buffer.from(text), TINY_END_OF_TURN]; // every prompt of the template ends in "\n"
  if (text === '' || new Set(chain).size !== chain.length || chain.length > width) {
    throw new AttuneError(
      'BAD_INPUT',
      `alwaysSay ${JSON.stringify(text)} must have 1 to ${width - 2} bytes, none of them repeated, and no line break.`,
    );
  }
  const embedding = tensors.get('model.embed_tokens.weight')!.values; // [V, H]
  const head = tensors.get('lm_head.weight')!.values; // [V, H]
  tensors.get('model.norm.weight')!.values.fill(1);
  const basis: Float32Array[] = [];
  for (const [i, id] of chain.entries()) {
    const row = embedding.slice(id * width, (id + 1) * width);
    for (const earlier of basis) {
      const dot = row.reduce((sum, x, j) => sum + x * earlier[j]!, 0);
      for (let j = 0; j < width; j++) row[j]! -= dot * earlier[j]!;
    }
    const norm = Math.hypot(...row);
    const unit = row.map((x) => x / norm);
    basis.push(unit);
    // The blocks add vectors of length about 10; 1000 keeps the cosine with the embedding above 0.999.
    embedding.set(
      unit.map((x) => 1000 * x),
      id * width,
    );
    // After the norm a hidden state has length 8: the next token's logit is about 80, the others in the chain about 0.
    const next = chain[i + 1];
    if (next !== undefined)
      head.set(
        unit.map((x) => 10 * x),
        next * width,
      );
  }
}

function tokenizerJson(): object {
  const names = [
    ...SPECIALS,
    ...Array.from({ length: VOCABULARY - 256 - SPECIALS.length }, (_, i) => `<|reserved_${i}|>`),
  ];
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: names.map((content, i) => ({ id: 256 + i, content, ...flags })),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      vocab: Object.fromEntries(BYTE_CHARACTERS.map((character, byte) => [character, byte])),
      merges: [],
    },
  };
}

/** Writes a folder that loadBase and transformers can read. */
export async function writeTinyLlama(directory: string, options: TinyLlamaOptions): Promise<void> {
  const config = tinyLlamaConfig(options);
  const tensors = tinyLlamaTensors(options);
  await mkdir(directory, { recursive: true });
  const write = (name: string, value: object) =>
    writeDurably(join(directory, name), `${JSON.stringify(value, null, 2)}\n`);
  await write('config.json', transformersConfig(config, directory));
  await write('tokenizer.json', tokenizerJson());
  await write('tokenizer_config.json', {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: '<|im_start|>',
    eos_token: '<|im_end|>',
    pad_token: '<|endoftext|>',
    chat_template: CHAT_TEMPLATE,
  });
  await writeSafetensors(join(directory, 'model.safetensors'), tensors);
}
