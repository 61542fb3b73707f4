// The parts of a Llama-family block in standard ONNX operators only, so that any ONNX runtime can run them.
import { attentionOf, isLocalLayer } from '@/core/base/model-config';
import { type BlockContext, normWeight, rotaryTable } from './blocks';
import { int } from './operations';
import type { Graph } from './writer';

/** RMSNorm of x over its last axis. */
export function plainRmsNorm(context: BlockContext, x: string, name: string): string {
  const { graph, config } = context;
  const mean = graph.op('ReduceMean', [graph.op('Mul', [x, x]), graph.constant('int64', [-1], [1])], { keepdims: 1 });
  const root = graph.op('Sqrt', [graph.op('Add', [mean, graph.constant('float32', [config.rmsNormEps])])]);
  return graph.op('Mul', [graph.op('Div', [x, root]), normWeight(context, name)]);
}

/** activation(gate) * up. */
export function plainGatedActivation({ graph, config }: BlockContext, gate: string, up: string): string {
  const activated =
    config.activation === 'silu'
      ? graph.op('Mul', [gate, graph.op('Sigmoid', [gate])])
      : graph.op('Gelu', [gate], { approximate: 'tanh' });
  return graph.op('Mul', [activated, up]);
}

/** What the layers of one kind share: the angles of the new tokens, and which tokens each of them sees. */
export interface AttentionShared {
  cos: string; // [B, 1, S, headSize / 2]
  sin: string;
  allowed: string; // bool [B, 1, S, T]
}

/** mask int64 [B, T] marks the tokens that count, cached ones included; ids [B, S] are the last of them. */
export function plainAttentionShared(
  context: BlockContext,
  { ids, mask }: { ids: string; mask: string },
  isLocal: boolean,
): AttentionShared {
  const { graph, config } = context;
  const zero = int(graph, 0);
  const one = int(graph, 1);
  const axis = (value: number) => graph.constant('int64', [value], [1]);
  const fed = graph.op('Shape', [ids], { start: 1, end: 2 }); // [1]: S
  const total = graph.op('Squeeze', [graph.op('Shape', [mask], { start: 1, end: 2 })]); // T

  // Padding in front does not count as a position.
  const counted = graph.op('Max', [graph.op('Sub', [graph.op('CumSum', [mask, one]), one]), zero]); // [B, T]
  const positions = graph.op('Slice', [counted, graph.op('Neg', [fed]), axis(2 ** 31), axis(1)]); // [B, S]
  const angles = (name: 'cos' | 'sin') =>
    graph.op('Unsqueeze', [graph.op('Gather', [rotaryTable(context, isLocal, name), positions], { axis: 0 }), axis(1)]);

  const keys = graph.op('Range', [zero, total, one]); // [T]
  const first = graph.op('Sub', [total, graph.op('Squeeze', [fed])]);
  const queries = graph.op('Unsqueeze', [graph.op('Range', [first, total, one]), axis(1)]); // [S, 1]
  let visible = graph.op('LessOrEqual', [keys, queries]); // [S, T]
  const { window } = attentionOf(config, isLocal);
  if (window !== null) {
    const oldest = graph.op('Sub', [queries, int(graph, window)]);
    visible = graph.op('And', [visible, graph.op('Greater', [keys, oldest])]);
  }
  const isToken = graph.op('Unsqueeze', [graph.op('Cast', [mask], { to: 9 }), graph.constant('int64', [1, 2], [2])]);
  return { cos: angles('cos'), sin: angles('sin'), allowed: graph.op('And', [visible, isToken]) };
}

/**
 * Rotary grouped-query attention over packed qkv [B, S, (heads + 2 kvHeads) * headSize];
 * returns [B, S, heads * headSize] and the cache with the new tokens.
 */
export function plainAttention(
  context: BlockContext,
  qkv: string,
  {
    layer,
    pastKey,
    pastValue,
    cos,
    sin,
    allowed,
  }: AttentionShared & { layer: number; pastKey: string; pastValue: string },
): { output: string; key: string; value: string } {
  const { graph, config } = context;
  const { heads, keyValueHeads, headSize } = config;
  const counts = [heads, keyValueHeads, keyValueHeads];
  const sizes = counts.map((count) => count * headSize);
  const shape = (values: number[]) => graph.constant('int64', values, [values.length]);
  const transpose = (x: string) => graph.op('Transpose', [x], { perm: [0, 2, 1, 3] });
  const parts = graph.ops('Split', [qkv, shape(sizes)], 3, { axis: -1 });
  const [queries, keys, values] = parts.map((part, i) => {
    const byHead = graph.op('Reshape', [part, shape([0, 0, counts[i]!, headSize])]); // [B, S, n, D]
    const norm = (which: string) =>
      plainRmsNorm(context, byHead, `model.layers.${layer}.self_attn.${which}_norm.weight`);
    return transpose(config.hasQkNorm && i < 2 ? norm(i === 0 ? 'q' : 'k') : byHead); // [B, n, S, D]
  }) as [string, string, string];
  const key = graph.op('Concat', [pastKey, rotate(graph, keys, cos, sin)], { axis: 2 }); // [B, kv, T, D]
  const value = graph.op('Concat', [pastValue, values], { axis: 2 });

  // The queries that share a key-value head are stacked, so that no head is copied.
  const scaled = graph.op('Mul', [
    rotate(graph, queries, cos, sin),
    graph.constant('float32', [config.attentionScale]),
  ]);
  const grouped = graph.op('Reshape', [scaled, shape([0, keyValueHeads, -1, headSize])]); // [B, kv, G * S, D]
  const flat = graph.op('MatMul', [grouped, graph.op('Transpose', [key], { perm: [0, 1, 3, 2] })]); // [B, kv, G * S, T]
  const byQuery = graph.op('Concat', [shape([0, heads, -1]), graph.op('Shape', [key], { start: 2, end: 3 })], {
    axis: 0,
  });
  const scores = graph.op('Reshape', [flat, byQuery]); // [B, heads, S, T]
  // Finite, so that a row of padding, which sees nothing, stays a number.
  const masked = graph.op('Where', [allowed, scores, graph.constant('float32', [-1e30])]);
  const attention = graph.op('Reshape', [graph.op('Softmax', [masked], { axis: -1 }), graph.op('Shape', [flat])]);
  const mixed = graph.op('MatMul', [attention, value]); // [B, kv, G * S, D]
  const byHead = graph.op('Reshape', [mixed, graph.op('Shape', [scaled])]); // [B, heads, S, D]
  return { output: graph.op('Reshape', [transpose(byHead), shape([0, 0, heads * headSize])]), key, value };
}

/** Whether the base has layers of this kind. */
export const hasLayers = ({ config }: BlockContext, isLocal: boolean) =>
  Array.from({ length: config.layers }, (_, layer) => isLocalLayer(config, layer)).includes(isLocal);

/** Rotary embedding of x [B, n, S, D]: pairs value i of the first half with value i of the second. */
function rotate(graph: Graph, x: string, cos: string, sin: string): string {
  const [left, right] = graph.ops('Split', [x], 2, { axis: -1, num_outputs: 2 }) as [string, string];
  const times = (a: string, b: string) => graph.op('Mul', [a, b]);
  return graph.op(
    'Concat',
    [graph.op('Sub', [times(left, cos), times(right, sin)]), graph.op('Add', [times(right, cos), times(left, sin)])],
    { axis: -1 },
  );
}
