// Chooses a token per row inside the graph, by inverse CDF of the uniforms fed in, and computes its log-probability.
import { type AdjustInputs, adjust, remember } from './adjust';
import { any, choose, int, reduce, slice, topK } from './operations';
import type { Graph } from './writer';

/** Values of one sampling step; N rows, V vocabulary. */
export interface SampleInputs extends AdjustInputs {
  uniforms: string; // float32 [N, 1], in (0, 1)
  inverseTemperature: string; // float32 [N, 1]
  isGreedy: string; // bool [N, 1]
  topK: string; // int64 [N, 1], 0 keeps all
  topP: string; // float32 [N, 1], 1 keeps all
  minP: string; // float32 [N, 1], 0 keeps all
  /** int64 [N, 1]: a token to score instead of sampling, or -1. */
  forced: string;
  hasSampling: string; // bool scalar: at least one row is not greedy
  hasTruncation: string; // bool scalar: at least one row has top-k or top-p
  hasMinP: string; // bool scalar
  /** int64 [1]: how many of the most likely tokens to sort; at least the largest topK. */
  candidates: string;
  /** int64 [1]: how many of the most likely tokens to report, 0 for none. */
  reported: string;
}

const CDF_BLOCK = 64; // the CDF of the vocabulary has two levels, so that no sum runs over more than V / 64 terms
const BELOW_ONE = 1 - 2 ** -23; // keeps a target strictly under the total in float32

export interface Sampled {
  token: string; // int64 [N, 1]
  logprob: string; // float32 [N, 1], of the full distribution at temperature 1
  topIds: string; // int64 [N, reported]
  topLogprobs: string; // float32 [N, reported]
  history: string; // with the token
}

export function sample(graph: Graph, inputs: SampleInputs, vocab: number): Sampled {
  const { logits } = inputs;
  const largest = reduce(graph, 'ReduceMax', logits);
  const exponentials = graph.op('Exp', [graph.op('Sub', [logits, largest])]);
  const logSum = graph.op('Add', [graph.op('Log', [reduce(graph, 'ReduceSum', exponentials)]), largest]);

  // Branches return only tokens: an If copies what it returns, and logits are large.
  const chosen = choose(
    graph,
    graph.op('Or', [inputs.hasBias, inputs.hasPenalty]),
    (branch) => branch.output(select(branch, inputs, adjust(branch, inputs), vocab), 'int64'),
    (branch) => branch.output(select(branch, inputs, logits, vocab), 'int64'),
  )[0]!;
  const isForced = graph.op('GreaterOrEqual', [inputs.forced, int(graph, 0)]);
  const token = graph.op('Where', [isForced, inputs.forced, chosen]);
  const logit = graph.op('GatherElements', [logits, token], { axis: 1 });

  const [topLogits, topIds] = topK(graph, logits, inputs.reported);
  return {
    token,
    logprob: graph.op('Sub', [logit, logSum]),
    topIds,
    topLogprobs: graph.op('Sub', [topLogits, logSum]),
    history: remember(graph, inputs.history, token),
  };
}

/** A token per row from the adjusted logits [N, V], greedy or drawn. int64 [N, 1] */
function select(graph: Graph, inputs: SampleInputs, logits: string, vocab: number): string {
  const [values, indices] = topK(graph, logits, inputs.candidates);
  const [best, greedy] = [slice(graph, values, 0, 1), slice(graph, indices, 0, 1)];
  const weigh: Weigh = (branch, x) =>
    branch.op('Exp', [branch.op('Mul', [branch.op('Sub', [x, best]), inputs.inverseTemperature])]);
  return choose(
    graph,
    inputs.hasSampling,
    (branch) => {
      const drawn = draw(branch, inputs, { logits, values, indices, weigh }, vocab);
      branch.output(branch.op('Where', [inputs.isGreedy, greedy, drawn]), 'int64');
    },
    (branch) => branch.output(branch.op('Identity', [greedy]), 'int64'),
  )[0]!;
}

/** Probabilities times one factor per row, chosen so that the most likely token weighs 1. */
type Weigh = (graph: Graph, logits: string) => string;

interface Ranked {
  logits: string; // [N, V] after biases and penalties
  values: string; // [N, K], largest first
  indices: string; // [N, K]
  weigh: Weigh;
}

/** Draws from the truncated candidates if a row has top-k or top-p, else from the whole vocabulary. int64 [N, 1] */
function draw(graph: Graph, inputs: SampleInputs, ranked: Ranked, vocab: number): string {
  const keepsAll = graph.op('Equal', [inputs.topK, int(graph, 0)]);
  const isNucleus = graph.op('Less', [inputs.topP, graph.constant('float32', [1])]);
  const isTruncated = graph.op('Or', [graph.op('Not', [keepsAll]), isNucleus]);
  const weights = ranked.weigh(graph, ranked.logits);
  const [wholeToken, total] = choose(
    graph,
    inputs.hasMinP,
    (branch) => {
      // A truncated row draws from its candidates, but needs the total of all.
      const least = branch.op('Where', [isTruncated, branch.constant('float32', [0]), inputs.minP]);
      outputDraw(branch, drawFromAll(branch, atLeast(branch, weights, least), inputs.uniforms, vocab));
    },
    (branch) => outputDraw(branch, drawFromAll(branch, weights, inputs.uniforms, vocab)),
  ) as [string, string];
  return choose(
    graph,
    inputs.hasTruncation,
    (branch) => {
      const fromCandidates = drawFromCandidates(branch, inputs, ranked, { keepsAll, isNucleus, total }, vocab);
      branch.output(branch.op('Where', [isTruncated, fromCandidates, wholeToken]), 'int64');
    },
    (branch) => branch.output(branch.op('Identity', [wholeToken]), 'int64'),
  )[0]!;
}

/** Top-k, then the smallest set of the rest whose probability reaches p, then min-p: the order of transformers. */
function drawFromCandidates(
  graph: Graph,
  inputs: SampleInputs,
  ranked: Ranked,
  { keepsAll, isNucleus, total }: { keepsAll: string; isNucleus: string; total: string },
  vocab: number,
): string {
  // The sorted candidates contain a row's nucleus if their mass reaches topP; else the whole vocabulary is sorted.
  const candidateMass = runningTotal(graph, ranked.weigh(graph, ranked.values));
  const isShort = graph.op('Less', [candidateMass, graph.op('Mul', [inputs.topP, total])]);
  const mustSort = graph.op('And', [graph.op('And', [keepsAll, isNucleus]), isShort]);
  const [values, indices] = choose(
    graph,
    any(graph, mustSort),
    (branch) => {
      const [allValues, allIndices] = topK(branch, ranked.logits, branch.constant('int64', [vocab], [1]));
      branch.output(allValues, 'float32');
      branch.output(allIndices, 'int64');
    },
    (branch) => {
      branch.output(branch.op('Identity', [ranked.values]), 'float32');
      branch.output(branch.op('Identity', [ranked.indices]), 'int64');
    },
  ) as [string, string];

  const zero = graph.constant('float32', [0]);
  const width = graph.op('Squeeze', [graph.op('Shape', [values], { start: 1, end: 2 })]);
  const rank = graph.op('Range', [int(graph, 0), width, int(graph, 1)]); // [K]
  const inTopK = graph.op('Or', [keepsAll, graph.op('Less', [rank, inputs.topK])]); // [N, K]
  const weights = graph.op('Where', [inTopK, ranked.weigh(graph, values), zero]);
  const mass = graph.op('Where', [keepsAll, total, runningTotal(graph, weights)]);
  const before = graph.op('CumSum', [weights, int(graph, 1)], { exclusive: 1 });
  const inNucleus = graph.op('Less', [before, graph.op('Mul', [inputs.topP, mass])]);
  // Relative to the most likely token, which is never cut and weighs 1.
  const kept = atLeast(graph, graph.op('Where', [inNucleus, weights, zero]), inputs.minP);
  const cumulative = graph.op('CumSum', [kept, int(graph, 1)]);
  const target = graph.op('Mul', [inputs.uniforms, last(graph, cumulative)]);
  return graph.op('GatherElements', [indices, invert(graph, cumulative, target)], { axis: 1 });
}

/** Weights below `least` become 0. */
function atLeast(graph: Graph, weights: string, least: string): string {
  const isLikely = graph.op('GreaterOrEqual', [weights, least]);
  return graph.op('Where', [isLikely, weights, graph.constant('float32', [0])]);
}

function outputDraw(branch: Graph, { token, total }: { token: string; total: string }): void {
  branch.output(token, 'int64');
  branch.output(total, 'float32');
}

/** Inverse CDF over the whole vocabulary: first the block of 64, then the token inside it. weights [N, V] */
function drawFromAll(graph: Graph, weights: string, uniforms: string, vocab: number): { token: string; total: string } {
  const blocks = Math.ceil(vocab / CDF_BLOCK);
  const padding = blocks * CDF_BLOCK - vocab;
  const padded = padding ? graph.op('Pad', [weights, graph.constant('int64', [0, 0, 0, padding], [4])]) : weights;
  const grid = graph.op('Reshape', [padded, graph.constant('int64', [-1, blocks, CDF_BLOCK], [3])]); // [N, V/64, 64]
  const sums = graph.op('ReduceSum', [grid, graph.constant('int64', [2], [1])], { keepdims: 0 }); // [N, V/64]
  const cumulative = graph.op('CumSum', [sums, int(graph, 1)]);
  const total = last(graph, cumulative); // [N, 1]
  const target = graph.op('Mul', [uniforms, total]);
  const block = invert(graph, cumulative, target); // [N, 1]
  const before = graph.op('GatherElements', [graph.op('Sub', [cumulative, sums]), block], { axis: 1 });
  const inside = graph.op('GatherND', [grid, block], { batch_dims: 1 }); // [N, 64]
  const rest = graph.op('Max', [graph.op('Sub', [target, before]), graph.constant('float32', [0])]);
  const place = invert(graph, graph.op('CumSum', [inside, int(graph, 1)]), rest);
  return { token: graph.op('Add', [graph.op('Mul', [block, int(graph, CDF_BLOCK)]), place]), total };
}

/** Index of the first cumulative value above the target, never one of weight 0. cumulative [N, K], target [N, 1] */
function invert(graph: Graph, cumulative: string, target: string): string {
  const total = last(graph, cumulative);
  const limited = graph.op('Min', [target, graph.op('Mul', [total, graph.constant('float32', [BELOW_ONE])])]);
  const isPassed = graph.op('LessOrEqual', [cumulative, limited]);
  return reduce(graph, 'ReduceSum', graph.op('Cast', [isPassed], { to: 7 }));
}

/** Sum of each row, term after term: candidates that other rows of the batch ask for do not change its rounding. */
const runningTotal = (graph: Graph, x: string) => last(graph, graph.op('CumSum', [x, int(graph, 1)]));

/** The last column. */
const last = (graph: Graph, x: string) => slice(graph, x, -1, 2 ** 31);
