// Reads a GGUF file of a Llama-family model as ModelWeights under transformers' names, with its metadata.
import { GGMLQuantizationType, gguf } from '@huggingface/gguf';
import type { ModelWeights, WeightEncoding, WeightTensor } from '@/core/base/weights';
import { AttuneError, toAttuneError } from '@/core/errors';
import { architectureOf, checkKind, type GgufArchitecture, type GgufMetadata, readGgufConfig } from './gguf-config';
import { checkGgufHeader } from './gguf-header';
import { checkFinite, dequantise, ENCODINGS, encodedBytes, isBlockEncoding } from './quantisation';
import { RandomAccessFile } from './random-access-file';

export interface GgufModel extends ModelWeights {
  metadata: GgufMetadata;
  close(): void;
}

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
const QK_NORMS = { attn_q_norm: 'self_attn.q_norm', attn_k_norm: 'self_attn.k_norm' };
/** Additional or different names of each architecture. */
const OWN_NAMES: Record<GgufArchitecture, Record<string, string>> = {
  llama: {},
  qwen2: {},
  qwen3: QK_NORMS,
  gemma3: {
    ...QK_NORMS,
    ffn_norm: 'pre_feedforward_layernorm',
    post_attention_norm: 'post_attention_layernorm',
    post_ffw_norm: 'post_feedforward_layernorm',
  },
};
/** The divisor of each rotary frequency: configuration that the file stores as a tensor. */
const ROPE_FACTORS = 'rope_freqs.weight';

function transformersName(path: string, architecture: GgufArchitecture, name: string): string {
  const [, layer, part, kind] = /^blk\.(\d+)\.(\w+)\.(weight|bias)$/.exec(name) ?? [];
  const mapped = part ? (OWN_NAMES[architecture][part] ?? BLOCK_NAMES[part]) : TOP_NAMES[name];
  const isBiased = architecture === 'qwen2' && /^attn_[qkv]$/.test(part ?? '');
  if (!mapped || (kind === 'bias' && !isBiased)) {
    throw new AttuneError(
      'UNSUPPORTED',
      `${path} has the tensor ${name}, which is not supported for ${architecture}. Use another file.`,
    );
  }
  return part ? `model.layers.${layer}.${mapped}.${kind}` : mapped;
}

/** llama.cpp stores as row 2j + s of a head what transformers has as row s * size/2 + j; this restores the latter. */
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
  checkGgufHeader(file);
  const header = await gguf(path, { allowLocalFile: true }).catch((cause: Error) => {
    throw new AttuneError('CORRUPT', `The header of ${path} cannot be read (${cause.message}). Copy it again.`, {
      cause,
    });
  });
  const metadata: GgufMetadata = { ...header.metadata };
  const start = Number(header.tensorDataOffset);
  checkKind(path, metadata);
  const architecture = architectureOf(path, metadata);
  const infos = new Map<string, { encoding: WeightEncoding; shape: number[]; offset: number; length: number }>();
  for (const info of header.tensorInfos) {
    const type = GGMLQuantizationType[info.dtype] ?? `type ${info.dtype}`;
    const encoding = ENCODINGS.find((name) => name === type);
    if (!encoding) {
      throw new AttuneError(
        'UNSUPPORTED',
        `${path}: ${info.name} is quantised as ${type}. Use ${ENCODINGS.join(', ')}.`,
      );
    }
    const shape = info.shape.map(Number).reverse(); // ggml lists the fastest axis first
    const row = encodedBytes(encoding, shape.at(-1)!);
    const length = shape.slice(0, -1).reduce((a, b) => a * b, row);
    const offset = start + Number(info.offset);
    if (!Number.isInteger(row) || !(offset + length <= file.size)) {
      const why = Number.isInteger(row)
        ? `ends at byte ${offset + length} of a file of ${file.size}`
        : `has rows of ${shape.at(-1)}`;
      throw new AttuneError('CORRUPT', `${path}: ${info.name} ${why}; it is truncated or damaged. Copy it again.`);
    }
    const name = info.name === ROPE_FACTORS ? ROPE_FACTORS : transformersName(path, architecture, info.name);
    infos.set(name, { encoding, shape, offset, length });
  }
  const factors = infos.get(ROPE_FACTORS);
  infos.delete(ROPE_FACTORS);
  const ropeFactors = factors && readRopeFactors(file, factors);
  const shapes = new Map([...infos].map(([name, info]) => [name, info.shape]));
  const config = readGgufConfig(path, metadata, shapes, ropeFactors ?? null);

  const tensor = (name: string): WeightTensor => {
    const info = infos.get(name);
    if (!info) throw new AttuneError('NOT_FOUND', `${path} has no tensor ${name}.`);
    const { encoding, shape } = info;
    const read = () => {
      const bytes = file.read(info.offset, info.length);
      checkFinite(encoding, bytes, `${path}: ${name}`);
      // The converter permutes only for the architecture llama.
      const isPermuted = architecture === 'llama' && /self_attn\.[qk]_proj/.test(name);
      return isPermuted ? unpermuteRows(bytes, shape[0]!, config.headSize) : bytes;
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

/** There is one for each rotary frequency, so there are never many. */
const MOST_ROPE_FACTORS = 4096;

function readRopeFactors(
  file: RandomAccessFile,
  { encoding, shape, offset, length }: { encoding: WeightEncoding; shape: number[]; offset: number; length: number },
): number[] {
  const values =
    shape.join() === String(shape[0]) && shape[0]! <= MOST_ROPE_FACTORS
      ? dequantise(encoding, file.read(offset, length))
      : [];
  if (values.length > 0 && values.every((factor) => factor > 0 && Number.isFinite(factor))) return [...values];
  throw new AttuneError(
    'CORRUPT',
    `${file.path}: ${ROPE_FACTORS} [${shape}] must be a list of positive numbers. Convert the model again.`,
  );
}
