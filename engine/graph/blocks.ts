// The parts of a Llama-family block as ONNX nodes, in int8 or fp32 from the same calls.
import type { ModelConfig } from '@/core/model-config';
import type { ModelWeights } from '@/core/weights';
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

/** Adapters read an input once for all projections that share it, and add to each base product by itself. */
export const LORA_DOWNS = ['qkv', 'o', 'gateUp', 'down'] as const;
export type LoraDown = (typeof LORA_DOWNS)[number];
export const LORA_UPS = ['qkv', 'o', 'gate', 'up', 'down'] as const;
export type LoraUp = (typeof LORA_UPS)[number];

export const loraA = (layer: number, down: LoraDown) => `lora.${layer}.${down}.a`;
export const loraB = (layer: number, up: LoraUp) => `lora.${layer}.${up}.b`;

const EMBEDDING = 'model.embed_tokens.weight';
/** int8 activations: about a tenth faster than level 0, at 0.003 more KL per token. */
const ACCURACY_LEVEL = 4;

/** ids [B, S] to embeddings [B, S, H]. */
export function embedding({ graph, weights, precision }: BlockContext, ids: string): string {
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

function normWeight({ graph, config, weights }: BlockContext, name: string): string {
  return graph.initialiser(name, [config.hiddenSize], () => weights.tensor(name).float32());
}

/** RMSNorm of x. */
export function rmsNorm(context: BlockContext, x: string, name: string): string {
  const epsilon = { float: context.config.rmsNormEps };
  return context.graph.op('SimplifiedLayerNormalization', [x, normWeight(context, name)], { axis: -1, epsilon });
}

/** RMSNorm of x + skip, and that sum, the new residual stream. */
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

/**
 * mask * (x A), where A [in, R] holds every version of the batch side by side along R, and mask [T, R] keeps each
 * token's own version. x [T, in]
 */
export function loraDown({ graph }: BlockContext, x: string, layer: number, down: LoraDown, mask: string): string {
  return graph.op('Mul', [graph.op('MatMul', [x, loraA(layer, down)]), mask]);
}

/** linear(x) + reduced B, where B [R, out] stands under A's columns and holds alpha / rank. x [T, in] */
export function adaptedLinear(
  context: BlockContext,
  x: string,
  names: string[],
  { layer, up, reduced }: { layer: number; up: LoraUp; reduced: string },
): string {
  return context.graph.op('Gemm', [reduced, loraB(layer, up), linear(context, x, names)]);
}

export interface AttentionInputs {
  pastKey: string; // [B, kvHeads, P, headSize]
  pastValue: string;
  /** Valid length of each row, this step's tokens included, minus 1. int32 [B] */
  lastIndex: string;
  /** Longest valid length. int32 scalar */
  totalLength: string;
}

/**
 * Rotary tables [maxPositions + 1, headSize / 2], named so that every layer shares them. The extra row is where a row
 * that has filled the context stands still while others of its batch go on.
 */
function rotaryTable({ graph, config }: BlockContext, name: 'cos' | 'sin'): string {
  const half = config.headSize / 2;
  const rows = config.maxPositions + 1;
  return graph.initialiser(`rotary.${name}`, [rows, half], () => {
    const table = new Float32Array(rows * half);
    for (let position = 0; position < rows; position++) {
      for (let i = 0; i < half; i++) {
        // The angle in float32, as transformers computes it.
        const frequency = Math.fround(1 / config.ropeTheta ** (i / half));
        table[position * half + i] = Math[name](Math.fround(position * frequency));
      }
    }
    return table;
  });
}

/** Rotary grouped-query attention over packed qkv [B, S, (heads + 2 kvHeads) * headSize]; returns [B, S, heads * headSize]. */
export function attention(
  context: BlockContext,
  qkv: string,
  { pastKey, pastValue, lastIndex, totalLength }: AttentionInputs,
): { output: string; key: string; value: string } {
  const { graph, config } = context;
  const cos = rotaryTable(context, 'cos');
  const sin = rotaryTable(context, 'sin');
  const inputs = [qkv, '', '', pastKey, pastValue, lastIndex, totalLength, cos, sin];
  const [output, key, value] = graph.ops('GroupQueryAttention', inputs, 3, {
    num_heads: config.heads,
    kv_num_heads: config.keyValueHeads,
    scale: { float: 1 / Math.sqrt(config.headSize) },
    do_rotary: 1,
    rotary_interleaved: 0,
  });
  return { output: output!, key: key!, value: value! };
}

/** silu(gate) * up. */
export function swiglu({ graph }: BlockContext, gate: string, up: string): string {
  return graph.op('Mul', [graph.op('QuickGelu', [gate], { alpha: { float: 1 } }), up]);
}
