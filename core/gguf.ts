// A GGUF file of a Llama-family model as ModelWeights under transformers' names, with its metadata.
import { GGMLQuantizationType, gguf } from '@huggingface/gguf';
import { AttuneError, toAttuneError } from './errors';
import type { ModelConfig } from './model-config';
import { dequantise, encodedBytes, isBlockEncoding } from './quantisation';
import { RandomAccessFile } from './random-access-file';
import type { ModelWeights, WeightEncoding, WeightTensor } from './weights';

export type GgufMetadata = Record<string, unknown>;

export interface GgufModel extends ModelWeights {
  metadata: GgufMetadata;
  close(): void;
}

const ENCODINGS: Record<number, WeightEncoding> = { 0: 'F32', 1: 'F16', 2: 'Q4_0', 3: 'Q4_1', 8: 'Q8_0', 30: 'BF16' };

const TOP_NAMES: Record<string, string> = {
  'token_embd.weight': 'model.embed_tokens.weight',
  'output_norm.weight': 'model.norm.weight',
  'output.weight': 'lm_head.weight',
};
const BLOCK_NAMES: Record<string, string> = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
};
/** Names that end a turn whichever of them the file calls its eos, as in llama.cpp's end-of-generation set. */
const END_OF_TURN = ['<|im_end|>', '<|endoftext|>', '<|eot_id|>', '<|end_of_text|>', '</s>'];

function transformersName(path: string, name: string): string {
  const block = /^blk\.(\d+)\.(\w+)\.weight$/.exec(name);
  const mapped = block
    ? BLOCK_NAMES[block[2]!] && `model.layers.${block[1]}.${BLOCK_NAMES[block[2]!]}.weight`
    : TOP_NAMES[name];
  if (!mapped) {
    throw new AttuneError('UNSUPPORTED', `${path} has the tensor ${name}, which plain Llama lacks. Use another file.`);
  }
  return mapped;
}

/** llama.cpp stores row 2j + s of a head where transformers has row s * size/2 + j; this gives back transformers' order. */
export function unpermuteRows(bytes: Uint8Array<ArrayBuffer>, rows: number, headSize: number): Uint8Array<ArrayBuffer> {
  const stride = bytes.length / rows;
  const half = headSize / 2;
  const out = new Uint8Array(bytes.length);
  for (let row = 0; row < rows; row++) {
    const head = row - (row % headSize);
    const s = Math.floor((row % headSize) / half);
    const from = head + 2 * (row % half) + s;
    out.set(bytes.subarray(from * stride, (from + 1) * stride), row * stride);
  }
  return out;
}

function readConfig(path: string, metadata: GgufMetadata, shapes: Map<string, number[]>): ModelConfig {
  const architecture = metadata['general.architecture'];
  if (architecture !== 'llama') {
    throw new AttuneError('UNSUPPORTED', `${path} has the architecture "${architecture}"; only "llama" is supported.`);
  }
  const scaling = metadata['llama.rope.scaling.type'];
  if (scaling !== undefined && scaling !== 'none') {
    throw new AttuneError(
      'UNSUPPORTED',
      `${path} scales its rotary embedding (${scaling}); only unscaled RoPE is supported.`,
    );
  }
  const number = (key: string, otherwise?: number): number => {
    const value = metadata[key] ?? otherwise;
    if (typeof value !== 'number' && typeof value !== 'bigint') {
      throw new AttuneError('CORRUPT', `${path} lacks the metadata ${key}. Convert the model again.`);
    }
    return Number(value);
  };
  const embedding = shapes.get('model.embed_tokens.weight');
  if (!embedding) throw new AttuneError('CORRUPT', `${path} lacks token_embd.weight. Convert the model again.`);
  const heads = number('llama.attention.head_count');
  const hiddenSize = number('llama.embedding_length');
  const tokens = metadata['tokenizer.ggml.tokens'];
  const named = Array.isArray(tokens) ? END_OF_TURN.map((name) => tokens.indexOf(name)).filter((id) => id >= 0) : [];
  const bos = metadata['tokenizer.ggml.bos_token_id'];
  return {
    architecture,
    vocabSize: embedding[0]!,
    hiddenSize,
    intermediateSize: number('llama.feed_forward_length'),
    layers: number('llama.block_count'),
    heads,
    keyValueHeads: number('llama.attention.head_count_kv', heads),
    headSize: number('llama.attention.key_length', hiddenSize / heads),
    ropeTheta: number('llama.rope.freq_base', 10000),
    // The file holds float32; transformers' config says 1e-5, not 9.999999747378752e-6.
    rmsNormEps: Number(number('llama.attention.layer_norm_rms_epsilon').toPrecision(7)),
    maxPositions: number('llama.context_length'),
    tiedHead: !shapes.has('lm_head.weight'),
    bosTokenId: bos === undefined ? null : Number(bos),
    eosTokenIds: [...new Set([number('tokenizer.ggml.eos_token_id'), ...named])],
  };
}

export async function readGguf(path: string): Promise<GgufModel> {
  const file = new RandomAccessFile(path);
  try {
    return await parse(file);
  } catch (error) {
    file.close();
    throw toAttuneError(error);
  }
}

async function parse(file: RandomAccessFile): Promise<GgufModel> {
  const { path } = file;
  const magic = Buffer.from(file.read(0, 4)).toString('latin1');
  if (magic !== 'GGUF') {
    throw new AttuneError(
      'CORRUPT',
      `${path} begins with ${JSON.stringify(magic)}, not "GGUF". It is not a GGUF file.`,
    );
  }
  const header = await gguf(path, { allowLocalFile: true }).catch((cause: Error) => {
    throw new AttuneError('CORRUPT', `The header of ${path} cannot be read (${cause.message}). Copy it again.`, {
      cause,
    });
  });
  // The library reads zeros behind the end of a short header instead of failing.
  if (header.tensorInfoByteRange[1] > file.size || Number(header.tensorDataOffset) > file.size) {
    throw new AttuneError(
      'CORRUPT',
      `The header of ${path} goes on behind its end at byte ${file.size}. Copy it again.`,
    );
  }
  const metadata: GgufMetadata = { ...header.metadata };
  const start = Number(header.tensorDataOffset);
  const infos = new Map<string, { encoding: WeightEncoding; shape: number[]; offset: number; length: number }>();
  for (const info of header.tensorInfos) {
    const encoding = ENCODINGS[info.dtype];
    if (!encoding) {
      const name = GGMLQuantizationType[info.dtype] ?? `type ${info.dtype}`;
      throw new AttuneError(
        'UNSUPPORTED',
        `${path}: ${info.name} is quantised as ${name}. Use F32, F16, BF16, Q8_0, Q4_0 or Q4_1.`,
      );
    }
    const shape = info.shape.map(Number).reverse(); // ggml lists the fastest axis first
    const row = encodedBytes(encoding, shape.at(-1)!);
    const length = shape.slice(0, -1).reduce((a, b) => a * b, row);
    const offset = start + Number(info.offset);
    if (!Number.isInteger(row) || offset + length > file.size) {
      const why = Number.isInteger(row)
        ? `ends at byte ${offset + length} of a file of ${file.size}`
        : `has rows of ${shape.at(-1)}`;
      throw new AttuneError('CORRUPT', `${path}: ${info.name} ${why}; it is truncated or damaged. Copy it again.`);
    }
    infos.set(transformersName(path, info.name), { encoding, shape, offset, length });
  }
  const config = readConfig(path, metadata, new Map([...infos].map(([name, info]) => [name, info.shape])));

  const tensor = (name: string): WeightTensor => {
    const info = infos.get(name);
    if (!info) throw new AttuneError('NOT_FOUND', `${path} has no tensor ${name}.`);
    const { encoding, shape } = info;
    const read = () => {
      const bytes = file.read(info.offset, info.length);
      return /self_attn\.[qk]_proj/.test(name) ? unpermuteRows(bytes, shape[0]!, config.headSize) : bytes;
    };
    return {
      name,
      shape: [...shape],
      encoding,
      float32: () => dequantise(encoding, read()),
      blocks: () => (isBlockEncoding(encoding) ? { encoding, bytes: read() } : null),
    };
  };
  return { config, metadata, names: [...infos.keys()], tensor, close: () => file.close() };
}
