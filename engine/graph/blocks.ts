// The parts of a Llama-family block as ONNX nodes, in int8 or fp32 from the same calls.
import { attentionOf, isLocalLayer, type ModelConfig } from '@/core/base/model-config';
import type { ModelWeights } from '@/core/base/weights';
import { int4Linear, keepsInt4 } from './int4';
import { BLOCK_SIZE, concatBlocks, int8Blocks, transposeRows } from './quantise';
import type { Graph } from './writer';

export type Precision = 'int8' | 'fp32';

/** What every block builder needs: where nodes go, and where weights come from. */
export interface BlockContext {
  graph: Graph;
  config: ModelConfig;
  weights: ModelWeights;
  precision: Precision;
}

/** An adapter reads an input once for all projections that share it, and adds to each base product separately. */
export const LORA_DOWNS = ['qkv', 'o', 'gateUp', 'down'] as const;
export type LoraDown = (typeof LORA_DOWNS)[number];
export const LORA_UPS = ['qkv', 'o', 'gate', 'up', 'down'] as const;
export type LoraUp = (typeof LORA_UPS)[number];

export const loraA = (layer: number, down: LoraDown) => `lora.${layer}.${down}.a`;
export const loraB = (layer: number, up: LoraUp) => `lora.${layer}.${up}.b`;

const EMBEDDING = 'model.embed_tokens.weight';
/** Level 4 makes activations int8: about a tenth faster than level 0, at 0.003 more KL per token. */
const ACCURACY_LEVEL = 4;

/** ids [B, S] to embeddings [B, S, H], scaled where the base scales them. */
export function embedding(context: BlockContext, ids: string): string {
  const { graph, config } = context;
  const rows = embeddingRows(context, ids);
  if (config.embeddingScale === 1) return rows;
  return graph.op('Mul', [rows, graph.constant('float32', [config.embeddingScale])]);
}

function embeddingRows({ graph, weights, precision }: BlockContext, ids: string): string {
  const tensor = weights.tensor(EMBEDDING);
  const [vocab, hidden] = tensor.shape as [number, number];
  if (precision === 'fp32') {
    return graph.op('Gather', [graph.initialiser(EMBEDDING, [vocab, hidden], () => tensor.float32()), ids], {
      axis: 0,
    });
  }
  const blocks = int8Blocks(tensor);
  const codes = graph.initialiser(`${EMBEDDING}.codes`, [vocab, hidden], () => blocks.codes);
  const scales = graph.initialiser(`${EMBEDDING}.scales`, [vocab, hidden / BLOCK_SIZE], () => blocks.scales);
  return graph.op('GatherBlockQuantized', [codes, ids, scales], {
    bits: 8,
    block_size: BLOCK_SIZE,
    gather_axis: 0,
    quantize_axis: 1,
  });
}

/** x [.., in] times the stacked rows of the named weights: [.., total out]. */
export function linear({ graph, weights, precision }: BlockContext, x: string, names: string[]): string {
  const tensors = names.map((name) => weights.tensor(name));
  const columns = tensors[0]!.shape[1]!;
  const rows = tensors.reduce((sum, tensor) => sum + tensor.shape[0]!, 0);
  const name = names.join('+');
  if (precision === 'fp32') {
    const transposed = () =>
      transposeRows(
        tensors.map((tensor) => tensor.float32()),
        columns,
      );
    return graph.op('MatMul', [x, graph.initialiser(`${name}.t`, [columns, rows], transposed)]);
  }
  if (tensors.every(keepsInt4)) return int4Linear(graph, x, name, tensors);
  const blocks = concatBlocks(tensors.map(int8Blocks));
  const perRow = columns / BLOCK_SIZE;
  const codes = graph.initialiser(`${name}.codes.blocked`, [rows, perRow, BLOCK_SIZE], () => blocks.codes);
  const scales = graph.initialiser(`${name}.scales.flat`, [rows * perRow], () => blocks.scales);
  return matMulNBits(graph, x, codes, scales, columns, rows);
}

function matMulNBits(graph: Graph, x: string, codes: string, scales: string, columns: number, rows: number): string {
  return graph.op('MatMulNBits', [x, codes, scales], {
    K: columns,
    N: rows,
    bits: 8,
    block_size: BLOCK_SIZE,
    accuracy_level: ACCURACY_LEVEL,
  });
}

/** hidden [N, H] to logits [N, V]; a tied int8 head reads the embedding's bytes. */
export function head(context: BlockContext, hidden: string): string {
  const { graph, config, precision } = context;
  if (!config.tiedHead) return linear(context, hidden, ['lm_head.weight']);
  const { vocabSize, hiddenSize } = config;
  if (precision === 'fp32') return graph.op('Gemm', [hidden, EMBEDDING], { transB: 1 });
  const perRow = hiddenSize / BLOCK_SIZE;
  const codes = graph.alias(`${EMBEDDING}.codes.blocked`, `${EMBEDDING}.codes`, [vocabSize, perRow, BLOCK_SIZE]);
  const scales = graph.alias(`${EMBEDDING}.scales.flat`, `${EMBEDDING}.scales`, [vocabSize * perRow]);
  return matMulNBits(graph, hidden, codes, scales, hiddenSize, vocabSize);
}

export function normWeight({ graph, weights }: BlockContext, name: string): string {
  const tensor = weights.tensor(name);
  return graph.initialiser(name, tensor.shape, () => tensor.float32());
}

/** RMSNorm of x over its last axis. */
export function rmsNorm(context: BlockContext, x: string, name: string): string {
  const epsilon = { float: context.config.rmsNormEps };
  return context.graph.op('SimplifiedLayerNormalization', [x, normWeight(context, name)], { axis: -1, epsilon });
}

/** RMSNorm of x + skip, and the sum itself, which is the new residual stream. */
export function skipRmsNorm(
  context: BlockContext,
  x: string,
  skip: string,
  name: string,
): { normed: string; sum: string } {
  const inputs = [x, skip, normWeight(context, name)];
  const epsilon = { float: context.config.rmsNormEps };
  const outputs = context.graph.ops('SkipSimplifiedLayerNormalization', inputs, 4, { epsilon });
  return { normed: outputs[0]!, sum: outputs[3]! };
}

/** The output of a block's attention or feed-forward, after its own norm if the base has one. */
export function outputNorm(context: BlockContext, x: string, layer: number, part: 'attention' | 'feedforward'): string {
  return context.config.hasOutputNorms ? rmsNorm(context, x, `model.layers.${layer}.post_${part}_layernorm.weight`) : x;
}

/**
 * mask * (x A), where A [in, R] holds every version of the batch side by side along R, and mask [T, R] keeps each
 * token's own version. x [T, in]
 */
export function loraDown({ graph }: BlockContext, x: string, layer: number, down: LoraDown, mask: string): string {
  return graph.op('Mul', [graph.op('MatMul', [x, loraA(layer, down)]), mask]);
}

/**
 * linear(x) + bias + reduced B, where row r of B [R, out] belongs to column r of A and includes alpha / rank. x [T, in]
 */
export function adaptedLinear(
  context: BlockContext,
  x: string,
  names: string[],
  { layer, up, reduced }: { layer: number; up: LoraUp; reduced: string },
): string {
  const { graph, config } = context;
  const adapted = graph.op('Gemm', [reduced, loraB(layer, up), linear(context, x, names)]);
  return up === 'qkv' && config.hasQkvBias ? graph.op('Add', [adapted, qkvBias(context, names)]) : adapted;
}

/** The biases of the named weights, concatenated: [total out]. */
export function qkvBias({ graph, weights }: BlockContext, names: string[]): string {
  const tensors = names.map((name) => weights.tensor(name.replace(/weight$/, 'bias')));
  const length = tensors.reduce((sum, tensor) => sum + tensor.shape[0]!, 0);
  const values = () => Float32Array.from(tensors.flatMap((tensor) => [...tensor.float32()]));
  return graph.initialiser(tensors.map(({ name }) => name).join('+'), [length], values);
}

export interface AttentionInputs {
  layer: number;
  pastKey: string; // [B, kvHeads, P, headSize]
  pastValue: string;
  /** Valid length of each row, this step's tokens included, minus 1. int32 [B] */
  lastIndex: string;
  /** Longest valid length. int32 scalar */
  totalLength: string;
}

/**
 * Rotary tables [maxPositions + 1, headSize / 2], named so that all layers of one kind share them. The extra position
 * is for a sequence that has filled the context and waits while others in its batch continue.
 */
export function rotaryTable({ graph, config }: BlockContext, isLocal: boolean, name: 'cos' | 'sin'): string {
  const { ropeTheta, ropeFactors } = attentionOf(config, isLocal);
  const half = config.headSize / 2;
  const rows = config.maxPositions + 1;
  return graph.initialiser(isLocal ? `rotary.local.${name}` : `rotary.${name}`, [rows, half], () => {
    const table = new Float32Array(rows * half);
    // The angle in float32, as transformers computes it.
    const frequencies = Float32Array.from(
      { length: half },
      (_, i) => Math.fround(1 / ropeTheta ** (i / half)) / (ropeFactors?.[i] ?? 1),
    );
    for (let position = 0; position < rows; position++) {
      for (let i = 0; i < half; i++) {
        table[position * half + i] = Math[name](Math.fround(position * frequencies[i]!));
      }
    }
    return table;
  });
}

/**
 * Rotary grouped-query attention over packed qkv [B, S, (heads + 2 kvHeads) * headSize];
 * returns [B, S, heads * headSize].
 */
export function attention(
  context: BlockContext,
  qkv: string,
  { layer, pastKey, pastValue, lastIndex, totalLength }: AttentionInputs,
): { output: string; key: string; value: string } {
  const { graph, config } = context;
  const isLocal = isLocalLayer(config, layer);
  const cos = rotaryTable(context, isLocal, 'cos');
  const sin = rotaryTable(context, isLocal, 'sin');
  const { window } = attentionOf(config, isLocal);
  const packed = config.hasQkNorm ? normQueriesAndKeys(context, qkv, layer) : qkv;
  const inputs = [packed, '', '', pastKey, pastValue, lastIndex, totalLength, cos, sin];
  const [output, key, value] = graph.ops('GroupQueryAttention', inputs, 3, {
    num_heads: config.heads,
    kv_num_heads: config.keyValueHeads,
    scale: { float: config.attentionScale },
    do_rotary: 1,
    rotary_interleaved: 0,
    ...(window !== null && { local_window_size: window }),
  });
  return { output: output!, key: key!, value: value! };
}

/**
 * Packed qkv with queries and keys normed head by head. It is repacked because onnxruntime 1.30 infers a wrong width
 * for the output of separate queries, keys and values, and then refuses the graph.
 */
function normQueriesAndKeys(context: BlockContext, qkv: string, layer: number): string {
  const { graph, config } = context;
  const { heads, keyValueHeads, headSize } = config;
  const counts = [heads, keyValueHeads, keyValueHeads];
  const sizes = counts.map((count) => count * headSize);
  const parts = graph.ops('Split', [qkv, graph.constant('int64', sizes, [3])], 3, { axis: -1 });
  const normed = (['q', 'k'] as const).map((which, i) => {
    const shape = graph.constant('int64', [0, 0, counts[i]!, headSize], [4]);
    const byHead = graph.op('Reshape', [parts[i]!, shape]); // [B, S, n, D]
    const norm = rmsNorm(context, byHead, `model.layers.${layer}.self_attn.${which}_norm.weight`);
    return graph.op('Reshape', [norm, graph.constant('int64', [0, 0, sizes[i]!], [3])]);
  });
  return graph.op('Concat', [...normed, parts[2]!], { axis: -1 });
}

/** activation(gate) * up. */
export function gatedActivation({ graph, config }: BlockContext, gate: string, up: string): string {
  // QuickGelu of alpha 1 is silu; FastGelu is the tanh approximation.
  const activated =
    config.activation === 'silu'
      ? graph.op('QuickGelu', [gate], { alpha: { float: 1 } })
      : graph.op('FastGelu', [gate]);
  return graph.op('Mul', [activated, up]);
}
