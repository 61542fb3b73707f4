// Writes the model as one graph: an ONNX Loop whose first turn reads the prompt; later ones decode a token per row.
import { feedForwardNorm, type ModelConfig } from '@/core/base/model-config';
import type { ModelWeights } from '@/core/base/weights';
import {
  adaptedLinear,
  attention,
  type BlockContext,
  embedding,
  gatedActivation,
  head,
  LORA_DOWNS,
  LORA_UPS,
  type LoraDown,
  type LoraUp,
  loraA,
  loraB,
  loraDown,
  outputNorm,
  type Precision,
  rmsNorm,
  skipRmsNorm,
} from './blocks';
import { any } from './operations';
import { sample } from './sample';
import type { ExternalData, TensorType } from './writer';
import { Graph } from './writer';

/** Part of the cached file's name: raise it with every change to the files that this folder writes. */
export const GRAPH_VERSION = 7;

export const pastName = (layer: number, half: 'key' | 'value') => `past.${layer}.${half}`;
export const maskName = (down: LoraDown) => `mask.${down}`;
export const newName = (layer: number, half: 'key' | 'value') => `new.${layer}.${half}`;

/** One value that the loop carries from turn to turn. */
interface Carried {
  name: string;
  type: TensorType;
  initial: string;
}

/**
 * B sequences, S tokens each in the first turn, N read-out positions (N = B while generating).
 * Outputs: tokens and logprobs [turns, N, 1], topIds and topLogprobs [turns, N, reported], logits [N, V] of the last
 * turn, and the keys and values that this run added, [B, kvHeads, S + turns - 1, headSize], so that the caller copies
 * new slots only and never the whole cache.
 */
export function writeModel(
  data: ExternalData,
  config: ModelConfig,
  weights: ModelWeights,
  precision: Precision,
): Uint8Array {
  const graph = new Graph(data);
  const { keyValueHeads, headSize } = config;
  const perRow = (name: string, type: TensorType) => graph.input(name, type, ['N', 1]);
  const scalar = (name: string, type: TensorType) => graph.input(name, type, []);
  const halves = ['key', 'value'] as const;
  const layers = Array.from({ length: config.layers }, (_, layer) => layer);

  const steps = scalar('steps', 'int64');
  const carried: Carried[] = [
    { name: 'ids', type: 'int64', initial: graph.input('ids', 'int64', ['B', 'S']) },
    { name: 'newTokens', type: 'int32', initial: graph.input('newTokens', 'int32', ['B']) },
    { name: 'lengths', type: 'int32', initial: graph.input('lengths', 'int32', ['B']) },
    { name: 'readouts', type: 'int64', initial: graph.input('readouts', 'int64', ['N']) },
    { name: 'remaining', type: 'int32', initial: graph.input('remaining', 'int32', ['B']) },
    { name: 'history', type: 'float32', initial: graph.input('history', 'float32', ['N', 'W']) },
    { name: 'logits', type: 'float32', initial: graph.constant('float32', [0], [1, 1]) },
  ];
  for (const layer of layers) {
    for (const half of halves) {
      const name = pastName(layer, half);
      carried.push({
        name,
        type: 'float32',
        initial: graph.input(name, 'float32', ['B', keyValueHeads, 'P', headSize]),
      });
    }
  }
  graph.input('stopIds', 'int64', ['B', 'stops']);
  graph.input('uniforms', 'float32', ['steps', 'N', 1]);
  for (const [name, type] of [
    ['forced', 'int64'],
    ['inverseTemperature', 'float32'],
    ['isGreedy', 'bool'],
    ['topK', 'int64'],
    ['topP', 'float32'],
    ['minP', 'float32'],
    ['penalty', 'float32'],
    ['presence', 'float32'],
    ['frequency', 'float32'],
  ] as const) {
    perRow(name, type);
  }
  scalar('hasPenalty', 'bool');
  scalar('hasBias', 'bool');
  scalar('hasMinP', 'bool');
  scalar('hasSampling', 'bool');
  scalar('hasTruncation', 'bool');
  graph.input('biasIds', 'int64', ['N', 'M']);
  graph.input('biases', 'float32', ['N', 'M']);
  graph.input('candidates', 'int64', [1]);
  graph.input('reported', 'int64', [1]);
  for (const down of LORA_DOWNS) graph.input(maskName(down), 'float32', ['B', `R.${down}`]);
  for (const layer of layers) {
    for (const down of LORA_DOWNS) graph.input(loraA(layer, down), 'float32', ['in', 'rank']);
    for (const up of LORA_UPS) graph.input(loraB(layer, up), 'float32', ['rank', 'out']);
  }

  const body = writeTurn({ graph: graph.subgraph(), config, weights, precision }, carried);
  const isTrue = graph.constant('bool', [1]);
  const loopInputs = [steps, isTrue, ...carried.map((value) => value.initial)];
  const outputs = graph.ops('Loop', loopInputs, carried.length + 4, { body });
  const final = (name: string) => outputs[carried.findIndex((value) => value.name === name)]!;
  const [tokens, logprobs, topIds, topLogprobs] = outputs.slice(-4) as [string, string, string, string];

  graph.output(tokens, 'int64', 'tokens');
  graph.output(logprobs, 'float32', 'logprobs');
  graph.output(topIds, 'int64', 'topIds');
  graph.output(topLogprobs, 'float32', 'topLogprobs');
  graph.output(final('logits'), 'float32', 'finalLogits');
  const slots = newSlots(graph, config, tokens, final(pastName(0, 'key')));
  for (const layer of layers) {
    for (const half of halves) {
      const added = graph.op('GatherND', [final(pastName(layer, half)), slots], { batch_dims: 2 });
      graph.output(added, 'float32', newName(layer, half));
    }
  }
  return graph.encodeModel();
}

/** Indices [B, kvHeads, S + turns - 1, 1] of the slots written after each row's first length, clamped to the cache. */
function newSlots(graph: Graph, config: ModelConfig, tokens: string, cache: string): string {
  const int = (value: number, dims: number[] = []) => graph.constant('int64', [value], dims);
  const dimension = (x: string, axis: number) => graph.op('Shape', [x], { start: axis, end: axis + 1 });
  const fed = graph.op('Add', [dimension('ids', 1), dimension(tokens, 0)]);
  const count = graph.op('Sub', [fed, int(1, [1])]); // [1]
  const offsets = graph.op('Range', [int(0), graph.op('Squeeze', [count]), int(1)]); // [n]
  const starts = graph.op('Unsqueeze', [graph.op('Cast', ['lengths'], { to: 7 }), int(1, [1])]); // [B, 1]
  const capacity = graph.op('Sub', [dimension(cache, 2), int(1, [1])]);
  const slots = graph.op('Min', [graph.op('Add', [starts, offsets]), capacity]); // [B, n]
  const unsqueezed = graph.op('Unsqueeze', [slots, graph.constant('int64', [1, 3], [2])]); // [B, 1, n, 1]
  const shape = graph.op('Concat', [dimension('ids', 0), int(config.keyValueHeads, [1]), count, int(1, [1])], {
    axis: 0,
  });
  return graph.op('Expand', [unsqueezed, shape]);
}

/** One turn: trunk, read-out, sampling, and the state of the next turn. */
function writeTurn(context: BlockContext, carried: Carried[]): Graph {
  const { graph, config } = context;
  const turn = graph.input('turn', 'int64', []);
  graph.input('turn.condition', 'bool', []);
  const state = new Map<string, string>();
  for (const { name, type } of carried) state.set(name, graph.input(`turn.${name}`, type, null));
  const value = (name: string) => state.get(name)!;
  const next = new Map<string, string>();

  const last = graph.op('Sub', [graph.op('Add', [value('lengths'), value('newTokens')]), graph.constant('int32', [1])]);
  const longest = graph.op('ReduceMax', [last], { keepdims: 0 });
  const totalLength = graph.op('Add', [longest, graph.constant('int32', [1])]);
  const hidden = writeBackbone(context, value, { lastIndex: last, totalLength }, next); // [N, H]
  const logits = head(context, hidden); // [N, V]
  next.set('logits', logits);

  const uniforms = graph.op('Gather', ['uniforms', turn], { axis: 0 }); // [N, 1]
  const inputs = { logits, uniforms, history: value('history'), ...SAMPLING_INPUTS };
  const { token, logprob, topIds, topLogprobs, history } = sample(graph, inputs, config.vocabSize);
  next.set('history', history);
  writeNextState(graph, value, next, token);

  const isRunning = any(graph, graph.op('Greater', [next.get('remaining')!, graph.constant('int32', [0])]));
  graph.output(isRunning, 'bool');
  for (const { name, type } of carried) graph.output(next.get(name)!, type);
  graph.output(graph.op('Identity', [token]), 'int64');
  graph.output(logprob, 'float32');
  graph.output(topIds, 'int64');
  graph.output(topLogprobs, 'float32');
  return graph;
}

/** Inputs of the outer graph that a turn reads under the same names. */
const SAMPLING_INPUTS = {
  inverseTemperature: 'inverseTemperature',
  isGreedy: 'isGreedy',
  topK: 'topK',
  topP: 'topP',
  minP: 'minP',
  penalty: 'penalty',
  presence: 'presence',
  frequency: 'frequency',
  biasIds: 'biasIds',
  biases: 'biases',
  forced: 'forced',
  hasPenalty: 'hasPenalty',
  hasBias: 'hasBias',
  hasMinP: 'hasMinP',
  hasSampling: 'hasSampling',
  hasTruncation: 'hasTruncation',
  candidates: 'candidates',
  reported: 'reported',
};

/**
 * Embedding, blocks and final norm at the read-out positions: [N, H]. Sets each layer's cache in `next`. The tokens of
 * all rows are stacked, T = B * S; after the last attention only the read-out ones are computed further. `maskOf` names
 * the values [B, R] that tell which of A's columns belong to a row. `visit` gets the value [T, H] that enters each
 * block, and also the one that leaves the last block if every position is read out.
 */
export function writeBackbone(
  context: BlockContext,
  value: (name: string) => string,
  lengths: { lastIndex: string; totalLength: string },
  next: Map<string, string>,
  maskOf: (down: LoraDown) => string = maskName,
  visit: (layer: number, stream: string) => void = () => {},
): string {
  const { graph, config } = context;
  const reshape = (x: string, width: number) => graph.op('Reshape', [x, graph.constant('int64', [-1, width], [2])]);
  const gather = (x: string, rows: string) => graph.op('Gather', [x, rows], { axis: 0 });
  const shape = graph.op('Shape', [value('ids')]); // [B, S]
  const batchShape = graph.op('Concat', [shape, graph.constant('int64', [-1], [1])], { axis: 0 });
  const tokenRows = rowOfTokens(graph, shape); // [T]
  const masksOf = (rows: string) =>
    Object.fromEntries(LORA_DOWNS.map((down) => [down, gather(maskOf(down), rows)])) as Record<LoraDown, string>;
  let masks = masksOf(tokenRows);

  let stream = reshape(embedding(context, value('ids')), config.hiddenSize); // [T, H]
  let normed = rmsNorm(context, stream, 'model.layers.0.input_layernorm.weight');
  for (let layer = 0; layer < config.layers; layer++) {
    visit(layer, stream);
    const weight = (name: string) => `model.layers.${layer}.${name}.weight`;
    const reduce = (x: string, down: LoraDown) => loraDown(context, x, layer, down, masks[down]);
    const project = (x: string, up: LoraUp, reduced: string, names: string[]) =>
      adaptedLinear(context, x, names.map(weight), { layer, up, reduced });
    const projections = ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj'];
    const qkv = project(normed, 'qkv', reduce(normed, 'qkv'), projections);
    const past = { pastKey: value(pastName(layer, 'key')), pastValue: value(pastName(layer, 'value')) };
    const attended = attention(context, graph.op('Reshape', [qkv, batchShape]), { layer, ...past, ...lengths });
    next.set(pastName(layer, 'key'), attended.key);
    next.set(pastName(layer, 'value'), attended.value);
    let mixture = reshape(attended.output, config.heads * config.headSize);
    if (layer === config.layers - 1) {
      mixture = gather(mixture, value('readouts'));
      stream = gather(stream, value('readouts'));
      masks = masksOf(gather(tokenRows, value('readouts')));
    }
    const given = project(mixture, 'o', reduce(mixture, 'o'), ['self_attn.o_proj']);
    const mixed = outputNorm(context, given, layer, 'attention');
    ({ normed, sum: stream } = skipRmsNorm(context, stream, mixed, weight(feedForwardNorm(config))));
    const reduced = reduce(normed, 'gateUp');
    const gate = project(normed, 'gate', reduced, ['mlp.gate_proj']);
    const up = project(normed, 'up', reduced, ['mlp.up_proj']);
    const inner = gatedActivation(context, gate, up);
    const down = project(inner, 'down', reduce(inner, 'down'), ['mlp.down_proj']);
    const update = outputNorm(context, down, layer, 'feedforward');
    const isLast = layer === config.layers - 1;
    const nextNorm = isLast ? 'model.norm.weight' : `model.layers.${layer + 1}.input_layernorm.weight`;
    ({ normed, sum: stream } = skipRmsNorm(context, stream, update, nextNorm));
  }
  visit(config.layers, stream);
  return normed;
}

/** Batch row of each token: [T], from the shape [B, S]. */
function rowOfTokens(graph: Graph, shape: string): string {
  const int = (value: number) => graph.constant('int64', [value]);
  const count = graph.op('Gather', [shape, int(0)]);
  const rows = graph.op('Unsqueeze', [graph.op('Range', [int(0), count, int(1)]), graph.constant('int64', [1], [1])]);
  return graph.op('Reshape', [graph.op('Expand', [rows, shape]), graph.constant('int64', [-1], [1])]);
}

/** A row that has ended keeps its length, so what it still computes lands after its valid slots. */
function writeNextState(graph: Graph, value: (name: string) => string, next: Map<string, string>, token: string): void {
  const zero = graph.constant('int32', [0]);
  const one = graph.constant('int32', [1]);
  const rows = graph.op('Shape', [value('lengths')]); // [B]
  const start = graph.constant('int64', [0], [1]);
  const chosen = graph.op('Slice', [token, start, rows, start]); // [B, 1]: scoring reads out more positions than rows
  const wasRunning = graph.op('Greater', [value('remaining'), zero]);
  const advanced = graph.op('Add', [value('lengths'), value('newTokens')]);
  const isStop = graph.op('Cast', [graph.op('Equal', [chosen, 'stopIds'])], { to: 6 }); // [B, stops]
  const stops = graph.op('ReduceMax', [isStop, graph.constant('int64', [1], [1])], { keepdims: 0 }); // [B]
  const left = graph.op('Sub', [value('remaining'), one]);
  next.set('ids', chosen);
  next.set('newTokens', graph.op('Expand', [one, rows]));
  next.set('lengths', graph.op('Where', [wasRunning, advanced, value('lengths')]));
  next.set('remaining', graph.op('Where', [graph.op('Equal', [stops, one]), zero, left]));
  const count = graph.op('Squeeze', [rows]);
  next.set('readouts', graph.op('Range', [graph.constant('int64', [0]), count, graph.constant('int64', [1])]));
}
