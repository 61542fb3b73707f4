// Chooses a token per row from logits inside the graph, by inverse CDF of fed uniforms, and its log-probability.
import { type AdjustInputs, adjust, remember } from './adjust';
import { any, applyIf, choose, int, reduce, slice, topK } from './operations';
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
  hasSampling: string; // bool scalar: some row is not greedy
  hasMinP: string; // bool scalar
  /** int64 [1]: how many likeliest tokens to sort; at least the largest topK. */
  candidates: string;
  /** int64 [1]: how many likeliest tokens to report, 0 for none. */
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

  const adjusted = adjust(graph, inputs);
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

  const [topLogits, topIds] = topK(graph, logits, inputs.reported);
  return {
    token,
    logprob: graph.op('Sub', [logit, logSum]),
    topIds,
    topLogprobs: graph.op('Sub', [topLogits, logSum]),
    history: remember(graph, inputs.history, token),
  };
}

interface Ranked {
  adjusted: string; // [N, V] after biases and penalties
  values: string; // [N, K], largest first
  indices: string; // [N, K]
  best: string; // [N, 1]
}

/** A token per row: greedy, from the truncated candidates, or from the whole vocabulary. int64 [N, 1] */
function draw(graph: Graph, inputs: SampleInputs, ranked: Ranked, vocab: number): string {
  const weigh = (values: string) =>
    graph.op('Exp', [graph.op('Mul', [graph.op('Sub', [values, ranked.best]), inputs.inverseTemperature])]);
  const keepsAll = graph.op('Equal', [inputs.topK, int(graph, 0)]);
  const isNucleus = graph.op('Less', [inputs.topP, graph.constant('float32', [1])]);
  const isTruncated = graph.op('Or', [graph.op('Not', [keepsAll]), isNucleus]);
  const zero = graph.constant('float32', [0]);
  const allWeights = weigh(ranked.adjusted);
  const wholeWeights = applyIf(graph, inputs.hasMinP, allWeights, (branch) => {
    // A truncated row draws from the candidates below and needs the total of all here.
    const least = branch.op('Where', [isTruncated, zero, inputs.minP]);
    const isLikely = branch.op('GreaterOrEqual', [allWeights, least]);
    return branch.op('Where', [isLikely, allWeights, zero]);
  });
  const whole = drawFromAll(graph, wholeWeights, inputs.uniforms, vocab);

  // The sorted candidates hold a row's nucleus when their mass reaches topP; else the whole vocabulary is sorted.
  const nucleusMass = graph.op('Mul', [inputs.topP, whole.total]);
  const isShort = graph.op('Less', [runningTotal(graph, weigh(ranked.values)), nucleusMass]);
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

  // top-k, then the smallest set of what is left whose probability reaches p, then min-p, as transformers orders them.
  const width = graph.op('Squeeze', [graph.op('Shape', [values], { start: 1, end: 2 })]);
  const rank = graph.op('Range', [int(graph, 0), width, int(graph, 1)]); // [K]
  const inTopK = graph.op('Or', [keepsAll, graph.op('Less', [rank, inputs.topK])]); // [N, K]
  const weights = graph.op('Where', [inTopK, weigh(values), zero]);
  const mass = graph.op('Where', [keepsAll, whole.total, runningTotal(graph, weights)]);
  const before = graph.op('CumSum', [weights, int(graph, 1)], { exclusive: 1 });
  const inNucleus = graph.op('Less', [before, graph.op('Mul', [inputs.topP, mass])]);
  const isKept = graph.op('And', [inNucleus, graph.op('GreaterOrEqual', [weights, inputs.minP])]);
  const kept = graph.op('Where', [isKept, weights, zero]);
  const cumulative = graph.op('CumSum', [kept, int(graph, 1)]);
  const target = graph.op('Mul', [inputs.uniforms, last(graph, cumulative)]);
  const place = invert(graph, cumulative, target);
  const fromCandidates = graph.op('GatherElements', [indices, place], { axis: 1 });

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
  const total = last(graph, cumulative); // [N, 1]
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
  const total = last(graph, cumulative);
  const limited = graph.op('Min', [target, graph.op('Mul', [total, graph.constant('float32', [BELOW_ONE])])]);
  const isPassed = graph.op('LessOrEqual', [cumulative, limited]);
  return reduce(graph, 'ReduceSum', graph.op('Cast', [isPassed], { to: 7 }));
}

/** Sum of each row, term after term: candidates that other rows of the batch ask for do not change its rounding. */
const runningTotal = (graph: Graph, x: string) => last(graph, graph.op('CumSum', [x, int(graph, 1)]));

/** The last column. */
const last = (graph: Graph, x: string) => slice(graph, x, -1, 2 ** 31);
