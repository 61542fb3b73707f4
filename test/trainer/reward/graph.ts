// Writes a reward model as one ONNX graph: the trunk with its adapter and heads, or probes of the base's lower blocks.

import type { RewardArtifact } from '@/core/artifact/reward-artifact';
import type { ModelConfig } from '@/core/base/model-config';
import type { ModelWeights } from '@/core/base/weights';
import { type BlockContext, type LoraDown, loraA, type Precision } from '@/engine/graph/blocks';
import { pastName, writeBackbone } from '@/engine/graph/decode-loop';
import { packAdapter } from '@/engine/graph/lora';
import { type ExternalData, Graph } from '@/engine/graph/writer';

/** Part of the cached file's name: raise it with every change to the graph written here. */
export const REWARD_GRAPH_VERSION = 3;

/** The epsilon with which the trainer's head normalises. */
const LAYER_NORM_EPSILON = 1e-5;

type Reading = Pick<RewardArtifact, 'adapter' | 'blocks' | 'heads'>;

/**
 * Inputs ids [B, S], padded on the right, and lengths [B]; output scores [B, heads], raw. Heads that read blocks have a
 * third input, starts [B], the index of the answer's first token; the graph ends at the highest of those blocks.
 */
export function writeRewardModel(
  data: ExternalData,
  config: ModelConfig,
  weights: ModelWeights,
  { adapter, blocks, heads }: Reading,
  precision: Precision,
): Uint8Array {
  const graph = new Graph(data);
  const scores = blocks
    ? probeScores(graph, { ...config, layers: Math.max(...blocks) }, weights, precision, { blocks, heads })
    : headScores(graph, config, weights, precision, { adapter, heads });
  graph.output(scores, 'float32', 'scores');
  return graph.encodeModel();
}

/** Scores [B, heads] from the last tokens' hidden states, each normalised to mean 0 and variance 1. */
function headScores(
  graph: Graph,
  config: ModelConfig,
  weights: ModelWeights,
  precision: Precision,
  { adapter, heads }: Pick<Reading, 'adapter' | 'heads'>,
): string {
  const { ids, lengths } = tokenInputs(graph);
  const lastIndex = graph.op('Sub', [lengths, graph.constant('int32', [1])]); // [B]
  const starts = graph.op('Mul', [rangeTo(graph, dimension(graph, ids, 0)), dimension(graph, ids, 1)]);
  const readouts = graph.op('Add', [starts, graph.op('Cast', [lastIndex], { to: INT64 })]); // [B]
  const context = { graph, config, weights, precision };
  const hidden = writeFreshBackbone(context, { ids, lengths, readouts, adapter }); // [B, H]

  const { hiddenSize } = config;
  const ones = graph.initialiser('head.ones', [hiddenSize], () => new Float32Array(hiddenSize).fill(1));
  const epsilon = { float: LAYER_NORM_EPSILON };
  const standardised = graph.op('LayerNormalization', [hidden, ones], { axis: -1, epsilon });
  const weight = graph.initialiser('head.weight', [heads.length, hiddenSize], () => {
    const all = new Float32Array(heads.length * hiddenSize);
    for (const [i, head] of heads.entries()) all.set(head.weight, i * hiddenSize);
    return all;
  });
  const bias = graph.initialiser('head.bias', [heads.length], () => Float32Array.from(heads, (head) => head.bias));
  return graph.op('Gemm', [standardised, weight, bias], { transB: 1 });
}

/** Scores [B, heads] from what enters the blocks, averaged over each answer's tokens. */
function probeScores(
  graph: Graph,
  config: ModelConfig,
  weights: ModelWeights,
  precision: Precision,
  { blocks, heads }: { blocks: readonly number[]; heads: Reading['heads'] },
): string {
  const { ids, lengths } = tokenInputs(graph);
  const starts = graph.input('starts', 'int32', ['B']);
  const tokens = graph.op('Mul', [dimension(graph, ids, 0), dimension(graph, ids, 1)]);
  const readouts = rangeTo(graph, tokens); // [T]: the last block is also read at every token
  const axis = (value: number) => graph.constant('int64', [value], [1]);
  const column = (x: string) => graph.op('Unsqueeze', [x, axis(1)]); // [B, 1]
  const place = graph.op('Cast', [rangeTo(graph, dimension(graph, ids, 1))], { to: INT32 }); // [S]
  const isBefore = graph.op('Less', [place, column(starts)]);
  const isInside = graph.op('Less', [place, column(lengths)]);
  const isCompletion = graph.op('And', [graph.op('Not', [isBefore]), isInside]); // [B, S]
  const count = graph.op('Cast', [column(graph.op('Sub', [lengths, starts]))], { to: FLOAT });
  const share = graph.op('Div', [graph.op('Cast', [isCompletion], { to: FLOAT }), count]); // [B, S]
  const average = graph.op('Unsqueeze', [share, axis(1)]); // [B, 1, S]
  const shape = graph.op('Concat', [graph.op('Shape', [ids]), axis(config.hiddenSize)], { axis: 0 }); // [B, S, H]

  const scores = new Array<string>(heads.length);
  const read = (layer: number, stream: string) => {
    if (!blocks.includes(layer)) return;
    const mean = graph.op('MatMul', [average, graph.op('Reshape', [stream, shape])]); // [B, 1, H]
    for (const [i, { weight, bias }] of heads.entries()) {
      if (blocks[i] !== layer) continue;
      const own = graph.initialiser(`probe.${i}`, [config.hiddenSize, 1], () => weight);
      const product = graph.op('Squeeze', [graph.op('MatMul', [mean, own]), axis(2)]); // [B, 1]
      scores[i] = graph.op('Add', [product, graph.constant('float32', [bias])]);
    }
  };
  const context = { graph, config, weights, precision };
  writeFreshBackbone(context, { ids, lengths, readouts, adapter: null }, read);
  return graph.op('Concat', scores, { axis: 1 });
}

const [FLOAT, INT32, INT64] = [1, 6, 7];

const tokenInputs = (graph: Graph) => ({
  ids: graph.input('ids', 'int64', ['B', 'S']),
  lengths: graph.input('lengths', 'int32', ['B']),
});

const dimension = (graph: Graph, x: string, axis: number) => graph.op('Shape', [x], { start: axis, end: axis + 1 }); // [1]

/** The numbers from 0 to count - 1, for a count of shape [1]. */
const rangeTo = (graph: Graph, count: string) => {
  const int = (value: number) => graph.constant('int64', [value]);
  return graph.op('Range', [int(0), graph.op('Squeeze', [count]), int(1)]);
};

interface Rows {
  ids: string;
  lengths: string;
  readouts: string;
  adapter: RewardArtifact['adapter'];
}

/** The normed states of the trunk at the read-outs, over rows without a cache. */
function writeFreshBackbone(
  context: BlockContext,
  { ids, lengths, readouts, adapter }: Rows,
  visit?: (layer: number, stream: string) => void,
): string {
  const { graph, config } = context;
  const widthOf = plantAdapter(graph, config, adapter);
  const int = (values: number[], dims: number[]) => graph.constant('int64', values, dims);
  const rows = dimension(graph, ids, 0);
  const emptyShape = graph.op('Concat', [rows, int([config.keyValueHeads, 0, config.headSize], [3])], { axis: 0 });
  const empty = graph.op('ConstantOfShape', [emptyShape]); // [B, kvHeads, 0, headSize]
  const values = new Map([
    ['ids', ids],
    ['readouts', readouts],
  ]);
  for (let layer = 0; layer < config.layers; layer++) {
    for (const half of ['key', 'value'] as const) values.set(pastName(layer, half), empty);
  }
  const everyRow = (down: LoraDown) => {
    const shape = graph.op('Concat', [rows, int([widthOf(down)], [1])], { axis: 0 });
    return graph.op('Expand', [graph.constant('float32', [1], [1, 1]), shape]); // [B, R]
  };
  const lastIndex = graph.op('Sub', [lengths, graph.constant('int32', [1])]); // [B]
  const totalLength = graph.op('ReduceMax', [lengths], { keepdims: 0 });
  const place = { lastIndex, totalLength };
  return writeBackbone(context, (name) => values.get(name)!, place, new Map(), everyRow, visit);
}

/** Adds the LoRA tensors under the names that the blocks read; returns how many columns an A has. */
function plantAdapter(graph: Graph, config: ModelConfig, adapter: RewardArtifact['adapter']) {
  const { feeds } = packAdapter(adapter, config);
  for (const [name, tensor] of Object.entries(feeds)) {
    graph.initialiser(name, [...tensor.dims], () => tensor.data as Float32Array);
  }
  return (down: LoraDown) => feeds[loraA(0, down)]!.dims[1]!;
}
