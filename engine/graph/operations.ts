// Short forms of the ONNX operators that the sampling step and the decode loop use.
import type { Graph } from './writer';

export const int = (graph: Graph, value: number) => graph.constant('int64', [value]);

/** Reduces along axis 1, which stays with length 1. */
export function reduce(graph: Graph, type: 'ReduceSum' | 'ReduceMax', x: string): string {
  return graph.op(type, [x, graph.constant('int64', [1], [1])], { keepdims: 1 });
}

/** Columns [start, end). */
export function slice(graph: Graph, x: string, start: number, end: number): string {
  const one = (value: number) => graph.constant('int64', [value], [1]);
  return graph.op('Slice', [x, one(start), one(end), one(1)]);
}

export function topK(graph: Graph, x: string, k: string): [values: string, indices: string] {
  return graph.ops('TopK', [x, k], 2, { axis: 1, largest: 1, sorted: 1 }) as [string, string];
}

/** bool of any shape to a bool scalar. */
export function any(graph: Graph, x: string): string {
  const most = graph.op('ReduceMax', [graph.op('Cast', [x], { to: 6 })], { keepdims: 0 });
  return graph.op('Greater', [most, graph.constant('int32', [0])]);
}

/** If with two branches that declare the same outputs. */
export function choose(
  graph: Graph,
  condition: string,
  whenTrue: (branch: Graph) => void,
  whenFalse: (branch: Graph) => void,
): string[] {
  const thenBranch = graph.subgraph();
  whenTrue(thenBranch);
  const elseBranch = graph.subgraph();
  whenFalse(elseBranch);
  const attributes = { then_branch: thenBranch, else_branch: elseBranch };
  return graph.ops('If', [condition], thenBranch.outputCount, attributes);
}

/** The changed x if the condition holds; else x, and the change is not computed. */
export function applyIf(graph: Graph, condition: string, x: string, change: (branch: Graph) => string): string {
  return choose(
    graph,
    condition,
    (branch) => branch.output(change(branch), 'float32'),
    (branch) => branch.output(branch.op('Identity', [x]), 'float32'),
  )[0]!;
}
