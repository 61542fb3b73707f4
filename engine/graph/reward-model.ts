// A reward model as one ONNX graph: the trunk with its adapter inside, the last token's hidden state, its heads.
import type { ModelConfig } from '@/core/model-config';
import type { RewardArtifact } from '@/core/reward-artifact';
import type { ModelWeights } from '@/core/weights';
import { type LoraDown, loraA, type Precision } from './blocks';
import { pastName, writeTrunk } from './decode-loop';
import { packAdapter } from './lora';
import { type ExternalData, Graph } from './writer';

/** Part of the cached file's name: raise it with every change to what is written here. */
export const REWARD_GRAPH_VERSION = 2;

/** As the trainer's head normalises. */
const LAYER_NORM_EPSILON = 1e-5;

/** Inputs ids [B, S], padded on the right, and lengths [B]; output scores [B, heads], raw. */
export function writeRewardModel(
  data: ExternalData,
  config: ModelConfig,
  weights: ModelWeights,
  { adapter, heads }: Pick<RewardArtifact, 'adapter' | 'heads'>,
  precision: Precision,
): Uint8Array {
  const graph = new Graph(data);
  const ids = graph.input('ids', 'int64', ['B', 'S']);
  const lengths = graph.input('lengths', 'int32', ['B']);
  const widthOf = plantAdapter(graph, config, adapter);

  const int = (values: number[], dims: number[]) => graph.constant('int64', values, dims);
  const rows = graph.op('Shape', [ids], { start: 0, end: 1 }); // [1]
  const columns = graph.op('Shape', [ids], { start: 1, end: 2 }); // [1]
  const lastIndex = graph.op('Sub', [lengths, graph.constant('int32', [1])]); // [B]
  const range = graph.op('Range', [int([0], []), graph.op('Squeeze', [rows]), int([1], [])]); // [B]
  const starts = graph.op('Mul', [range, columns]);
  const readouts = graph.op('Add', [starts, graph.op('Cast', [lastIndex], { to: 7 })]); // [B]
  const emptyShape = graph.op('Concat', [rows, int([config.keyValueHeads, 0, config.headSize], [3])], { axis: 0 });
  const empty = graph.op('ConstantOfShape', [emptyShape]); // [B, kvHeads, 0, headSize]

  const values = new Map([
    ['ids', ids],
    ['readouts', readouts],
  ]);
  for (let layer = 0; layer < config.layers; layer++) {
    for (const half of ['key', 'value'] as const) values.set(pastName(layer, half), empty);
  }
  const totalLength = graph.op('ReduceMax', [lengths], { keepdims: 0 });
  const context = { graph, config, weights, precision };
  const everyRow = (down: LoraDown) => {
    const shape = graph.op('Concat', [rows, int([widthOf(down)], [1])], { axis: 0 });
    return graph.op('Expand', [graph.constant('float32', [1], [1, 1]), shape]); // [B, R]
  };
  const lastTokens = { lastIndex, totalLength };
  const hidden = writeTrunk(context, (name) => values.get(name)!, lastTokens, new Map(), everyRow); // [B, H]

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
  graph.output(graph.op('Gemm', [standardised, weight, bias], { transB: 1 }), 'float32', 'scores');
  return graph.encodeModel();
}

/** The LoRA tensors under the names that the blocks read; returns how many columns an A has. */
function plantAdapter(graph: Graph, config: ModelConfig, adapter: RewardArtifact['adapter']) {
  const { feeds } = packAdapter(adapter, config);
  for (const [name, tensor] of Object.entries(feeds)) {
    graph.initialiser(name, [...tensor.dims], () => tensor.data as Float32Array);
  }
  return (down: LoraDown) => feeds[loraA(0, down)]!.dims[1]!;
}
