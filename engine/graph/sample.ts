// Chooses a token per row from logits inside the graph, by inverse CDF of fed uniforms, and its log-probability.
import type { Graph } from './writer';

/** Values of one sampling step; N rows, V vocabulary. */
export interface SampleInputs {
  logits: string; // [N, V]
  uniforms: string; // float32 [N, 1], in (0, 1)
  inverseTemperature: string; // float32 [N, 1]
  isGreedy: string; // bool [N, 1]
  topK: string; // int64 [N, 1], 0 keeps all
  topP: string; // float32 [N, 1], 1 keeps all
  penalty: string; // float32 [N, 1]
  /** int64 [N, 1]: a token to score instead of sampling, or -1. */
  forced: string;
  /** bool [N, V], or [N, 1] when no row has a penalty. */
  seen: string;
  hasPenalty: string; // bool scalar
  hasSampling: string; // bool scalar: some row is not greedy
  /** int64 [1]: how many likeliest tokens to sort; at least the largest topK. */
  candidates: string;
}

const CDF_BLOCK = 64; // the CDF of the vocabulary has two levels, so that no sum runs over more than V / 64 terms
const BELOW_ONE = 1 - 2 ** -23; // keeps a target strictly under the total in float32

/** token int64 [N, 1]; logprob float32 [N, 1] of the full distribution at temperature 1; the new seen mask. */
export function sample(graph: Graph, inputs: SampleInputs, vocab: number) {
  const { logits, seen } = inputs;
  const largest = reduce(graph, 'ReduceMax', logits);
  const exponentials = graph.op('Exp', [graph.op('Sub', [logits, largest])]);
  const logSum = graph.op('Add', [graph.op('Log', [reduce(graph, 'ReduceSum', exponentials)]), largest]);

  const adjusted = penalise(graph, inputs);
  const [values, indices] = topK(graph, adjusted, inputs.candidates);
  const first = (x: string) => slice(graph, x, 0, 1);
  const chosen = choose(
    graph,
    inputs.hasSampling,
    (branch) => branch.output(draw(branch, inputs, { adjusted, values, indices, best: first(values) }, vocab), 'int64'),
    (branch) => branch.output(branch.op('Identity', [first(indices)]), 'int64'),
  )[0]!;
  const isForced = graph.op('GreaterOrEqual', [inputs.forced, int(graph, 0)]);
  const token = graph.op('Where', [isForced, inputs.forced, chosen]);
  const logit = graph.op('GatherElements', [logits, token], { axis: 1 });

  const width = graph.op('Shape', [seen], { start: 1, end: 2 });
  const marks = graph.op('Expand', [graph.constant('bool', [1], [1, 1]), graph.op('Shape', [token])]);
  const nextSeen = graph.op('ScatterElements', [seen, graph.op('Mod', [token, width]), marks], { axis: 1 });
  return { token, logprob: graph.op('Sub', [logit, logSum]), seen: nextSeen };
}

/** Keskar et al. 2019: seen tokens' positive logits are divided by the penalty, negative ones multiplied. */
function penalise(graph: Graph, { logits, seen, penalty, hasPenalty }: SampleInputs): string {
  return choose(
    graph,
    hasPenalty,
    (branch) => {
      const isPositive = branch.op('Greater', [logits, branch.constant('float32', [0])]);
      const divided = branch.op('Div', [logits, penalty]);
      const lowered = branch.op('Where', [isPositive, divided, branch.op('Mul', [logits, penalty])]);
      branch.output(branch.op('Where', [seen, lowered, logits]), 'float32');
    },
    (branch) => branch.output(branch.op('Identity', [logits]), 'float32'),
  )[0]!;
}

interface Ranked {
  adjusted: string; // [N, V] after the penalty
  values: string; // [N, K], largest first
  indices: string; // [N, K]
  best: string; // [N, 1]
}

/** A token per row: greedy, from the truncated candidates, or from the whole vocabulary. int64 [N, 1] */
function draw(graph: Graph, inputs: SampleInputs, ranked: Ranked, vocab: number): string {
  const weigh = (values: string) =>
    graph.op('Exp', [graph.op('Mul', [graph.op('Sub', [values, ranked.best]), inputs.inverseTemperature])]);
  const whole = drawFromAll(graph, weigh(ranked.adjusted), inputs.uniforms, vocab);
  const keepsAll = graph.op('Equal', [inputs.topK, int(graph, 0)]);
  const isNucleus = graph.op('Less', [inputs.topP, graph.constant('float32', [1])]);

  // The sorted candidates hold a row's nucleus when their mass reaches topP; else the whole vocabulary is sorted.
  const nucleusMass = graph.op('Mul', [inputs.topP, whole.total]);
  const isShort = graph.op('Less', [reduce(graph, 'ReduceSum', weigh(ranked.values)), nucleusMass]);
  const mustSort = graph.op('And', [graph.op('And', [keepsAll, isNucleus]), isShort]);
  const [values, indices] = choose(
    graph,
    any(graph, mustSort),
    (branch) => {
      const [allValues, allIndices] = topK(branch, ranked.adjusted, branch.constant('int64', [vocab], [1]));
      branch.output(allValues, 'float32');
      branch.output(allIndices, 'int64');
    },
    (branch) => {
      branch.output(branch.op('Identity', [ranked.values]), 'float32');
      branch.output(branch.op('Identity', [ranked.indices]), 'int64');
    },
  ) as [string, string];

  // top-k, then the smallest set of what is left whose probability reaches p, as transformers orders them.
  const zero = graph.constant('float32', [0]);
  const width = graph.op('Squeeze', [graph.op('Shape', [values], { start: 1, end: 2 })]);
  const rank = graph.op('Range', [int(graph, 0), width, int(graph, 1)]); // [K]
  const inTopK = graph.op('Or', [keepsAll, graph.op('Less', [rank, inputs.topK])]); // [N, K]
  const weights = graph.op('Where', [inTopK, weigh(values), zero]);
  const mass = graph.op('Where', [keepsAll, whole.total, reduce(graph, 'ReduceSum', weights)]);
  const before = graph.op('CumSum', [weights, int(graph, 1)], { exclusive: 1 });
  const inNucleus = graph.op('Less', [before, graph.op('Mul', [inputs.topP, mass])]);
  const kept = graph.op('Where', [inNucleus, weights, zero]);
  const cumulative = graph.op('CumSum', [kept, int(graph, 1)]);
  const target = graph.op('Mul', [inputs.uniforms, slice(graph, cumulative, -1, 2 ** 31)]);
  const place = invert(graph, cumulative, target);
  const fromCandidates = graph.op('GatherElements', [indices, place], { axis: 1 });

  const isTruncated = graph.op('Or', [graph.op('Not', [keepsAll]), isNucleus]);
  const sampled = graph.op('Where', [isTruncated, fromCandidates, whole.token]);
  return graph.op('Where', [inputs.isGreedy, slice(graph, ranked.indices, 0, 1), sampled]);
}

/** Inverse CDF over all of the vocabulary: first the block of 64, then the token inside it. weights [N, V] */
function drawFromAll(graph: Graph, weights: string, uniforms: string, vocab: number): { token: string; total: string } {
  const blocks = Math.ceil(vocab / CDF_BLOCK);
  const padding = blocks * CDF_BLOCK - vocab;
  const padded = padding ? graph.op('Pad', [weights, graph.constant('int64', [0, 0, 0, padding], [4])]) : weights;
  const grid = graph.op('Reshape', [padded, graph.constant('int64', [-1, blocks, CDF_BLOCK], [3])]); // [N, V/64, 64]
  const sums = graph.op('ReduceSum', [grid, graph.constant('int64', [2], [1])], { keepdims: 0 }); // [N, V/64]
  const cumulative = graph.op('CumSum', [sums, int(graph, 1)]);
  const total = slice(graph, cumulative, -1, 2 ** 31); // [N, 1]
  const target = graph.op('Mul', [uniforms, total]);
  const block = invert(graph, cumulative, target); // [N, 1]
  const before = graph.op('GatherElements', [graph.op('Sub', [cumulative, sums]), block], { axis: 1 });
  const inside = graph.op('GatherND', [grid, block], { batch_dims: 1 }); // [N, 64]
  const rest = graph.op('Max', [graph.op('Sub', [target, before]), graph.constant('float32', [0])]);
  const place = invert(graph, graph.op('CumSum', [inside, int(graph, 1)]), rest);
  return { token: graph.op('Add', [graph.op('Mul', [block, int(graph, CDF_BLOCK)]), place]), total };
}

/** Index of the first cumulative value over the target, never one of weight 0. cumulative [N, K], target [N, 1] */
function invert(graph: Graph, cumulative: string, target: string): string {
  const last = slice(graph, cumulative, -1, 2 ** 31);
  const limited = graph.op('Min', [target, graph.op('Mul', [last, graph.constant('float32', [BELOW_ONE])])]);
  const isPassed = graph.op('LessOrEqual', [cumulative, limited]);
  return reduce(graph, 'ReduceSum', graph.op('Cast', [isPassed], { to: 7 }));
}

const int = (graph: Graph, value: number) => graph.constant('int64', [value]);

/** Along axis 1, which stays as length 1. */
function reduce(graph: Graph, type: 'ReduceSum' | 'ReduceMax', x: string): string {
  return graph.op(type, [x, graph.constant('int64', [1], [1])], { keepdims: 1 });
}

/** Columns [start, end). */
function slice(graph: Graph, x: string, start: number, end: number): string {
  const one = (value: number) => graph.constant('int64', [value], [1]);
  return graph.op('Slice', [x, one(start), one(end), one(1)]);
}

function topK(graph: Graph, x: string, k: string): [string, string] {
  return graph.ops('TopK', [x, k], 2, { axis: 1, largest: 1, sorted: 1 }) as [string, string];
}

/** bool of any shape to a bool scalar. */
export function any(graph: Graph, x: string): string {
  const most = graph.op('ReduceMax', [graph.op('Cast', [x], { to: 6 })], { keepdims: 0 });
  return graph.op('Greater', [most, graph.constant('int32', [0])]);
}

/** If with two branches that declare the same outputs. */
function choose(
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
