// Log-probabilities of completion tokens and their gradient for the hidden states, in slices of the vocabulary head.
import { disposeAll, scoped, type Tensor, type Tensor2D, type Tensor3D, tf } from '@/trainer/backend';
import { gatherPositions, scatterPositions } from './positions';
import type { Backbone, CompletionPositions, HeadLoss } from './types';

/** Positions and vocabulary rows per step: the logits of a step are 32 MB, and three such arrays exist at once. */
const POSITIONS = 2048;
const VOCABULARY = 4096;

/** A type, not an interface, because `tf.tidy` requires an index signature of what it returns. */
export type CompletionLogprobs = {
  /** log p(target) at the temperature. N */
  logprobs: Float32Array;
  /** Entropy of the whole distribution, in nats. N */
  entropy: Float32Array;
};

export interface LogprobLoss {
  loss: number;
  /** d loss / d logprob. N */
  dLogprobs: Float32Array;
  /** d loss / d entropy, if the loss has an entropy term. N */
  dEntropy?: Float32Array;
  metrics?: Record<string, number>;
}

type Head = Pick<Backbone, 'head'>;

/** logits / temperature come before log-softmax, for the policy, the reference and the samples alike (TRL 4159). */
export function completionLogprobs(
  backbone: Head,
  hidden: Tensor3D,
  positions: CompletionPositions,
  { temperature = 1 }: { temperature?: number } = {},
): CompletionLogprobs {
  const out = emptyLogprobs(positions.target.length);
  tf.tidy(() => {
    const rows = gatherPositions(hidden, positions); // [N, H]
    forEachChunk(rows, positions.target, (chunk, target, start) => {
      const scores = scoreChunk(backbone.head, chunk, target, temperature, []);
      out.logprobs.set(scores.logprobs.dataSync(), start);
      out.entropy.set(scores.entropy.dataSync(), start);
    });
  });
  return out;
}

/**
 * One pass over the head for the loss and its gradient: d logprob_i / d hidden_i = (E[target_i] - sum_v p_v E_v) / T
 * does not depend on the loss, so it is computed along with the log-probabilities and weighted by dLogprobs afterwards.
 * `withEntropyGradient` costs one more product with the head: dH / d hidden = -sum_v p_v (log p_v + H) E_v / T.
 */
export function completionLogprobsWithGradient(
  backbone: Head,
  hidden: Tensor3D,
  positions: CompletionPositions,
  temperature: number,
  /** `likeliest` is the highest log p at each position, for a token accuracy. */
  lossOfLogprobs: (logprobs: Float32Array, entropy: Float32Array, likeliest: Float32Array) => LogprobLoss,
  { withEntropyGradient = false }: { withEntropyGradient?: boolean } = {},
): HeadLoss {
  let result: LogprobLoss | undefined;
  const dHidden = tf.tidy(() => {
    const out = emptyLogprobs(positions.target.length);
    const likeliest = new Float32Array(positions.target.length);
    const rows = gatherPositions(hidden, positions); // [N, H]
    const slopes: Tensor2D[] = [];
    const entropySlopes: Tensor2D[] = [];
    try {
      forEachChunk(rows, positions.target, (chunk, target, start) => {
        const means = withEntropyGradient ? (['rows', 'weightedRows'] as const) : (['rows'] as const);
        const scores = scoreChunk(backbone.head, chunk, target, temperature, means);
        const { logprobs, entropy, highest, normaliser, targets, rows: expected, weightedRows } = scores;
        out.logprobs.set(logprobs.dataSync(), start);
        out.entropy.set(entropy.dataSync(), start);
        likeliest.set(tf.sub(highest, normaliser).dataSync(), start);
        slopes.push(tf.keep(tf.div(tf.sub(targets, expected!), temperature)));
        if (withEntropyGradient) {
          const level = tf.sub(entropy, normaliser); // log p_v + H = logit_v + level, [n, 1]
          entropySlopes.push(tf.keep(tf.div(tf.add(weightedRows!, tf.mul(expected!, level)), -temperature)));
        }
      });
      result = lossOfLogprobs(out.logprobs, out.entropy, likeliest);
      let gradient = weighRows(slopes, result.dLogprobs);
      if (result.dEntropy) gradient = tf.add(gradient, weighRows(entropySlopes, result.dEntropy));
      return scatterPositions(gradient, positions, hidden.shape);
    } finally {
      tf.dispose([slopes, entropySlopes]);
    }
  });
  return { loss: result!.loss, dHidden, gradients: new Map(), metrics: result!.metrics ?? {} };
}

/** Next-token cross-entropy, for SFT: the weighted mean of -logprob, with weights of 1 by default. */
export function crossEntropy(logprobs: Float32Array, weights?: Float32Array): LogprobLoss {
  let total = 0;
  let sum = 0;
  for (let i = 0; i < logprobs.length; i++) {
    total += weights?.[i] ?? 1;
    sum -= (weights?.[i] ?? 1) * logprobs[i]!;
  }
  const norm = total || 1;
  return { loss: sum / norm, dLogprobs: logprobs.map((_, i) => -(weights?.[i] ?? 1) / norm) };
}

type Mean = 'rows' | 'weightedRows';
type Sums = Record<'highest' | 'total', Tensor2D> & Partial<Record<'weighted' | Mean, Tensor2D>>;

/**
 * Log-probabilities of targets and entropy for hidden [n, H] against head [V, H], slice by slice of the vocabulary with
 * a running maximum (Milakov and Gimelshein 2018), so that no [n, V] array is ever made. `means` asks for sum_v p_v E_v
 * (`rows`) and sum_v p_v logit_v E_v (`weightedRows`), both [n, H].
 */
function scoreChunk(head: Tensor2D, hidden: Tensor2D, target: Int32Array, temperature: number, means: readonly Mean[]) {
  const scaled: Tensor2D = tf.div(hidden, temperature);
  const isWeighted = !means.includes('rows') || means.includes('weightedRows');
  let sums: Sums | null = null;
  for (let from = 0; from < head.shape[0]; from += VOCABULARY) {
    const before: Sums | null = sums;
    sums = scoped((): Sums => {
      const slice = tf.slice(head, [from, 0], [Math.min(VOCABULARY, head.shape[0] - from), -1]); // no copy
      const logits: Tensor2D = tf.matMul(scaled, slice, false, true); // [n, v]
      const own = tf.max(logits, 1, true); // [n, 1]
      const highest = (before ? tf.maximum(before.highest, own) : own) as Tensor2D;
      const exp = scoped((): Tensor2D => tf.exp(tf.sub(logits, highest))); // [n, v]
      // If sum_v p_v E_v is computed, its dot product with the hidden state gives sum_v p_v logit_v.
      const product: Tensor2D | null = isWeighted ? tf.mul(exp, logits) : null; // [n, v]
      // Rescales the sums so far to the new maximum.
      const fade = before ? tf.exp(tf.sub(before.highest, highest)) : null; // [n, 1]
      const plus = (earlier: Tensor2D | undefined, sum: Tensor): Tensor2D =>
        (fade && earlier ? tf.add(tf.mul(earlier, fade), sum) : sum) as Tensor2D;
      return {
        highest,
        total: plus(before?.total, tf.sum(exp, 1, true)),
        ...(product ? { weighted: plus(before?.weighted, tf.sum(product, 1, true)) } : {}),
        ...(means.includes('rows') ? { rows: plus(before?.rows, tf.matMul(exp, slice)) } : {}),
        ...(means.includes('weightedRows')
          ? { weightedRows: plus(before?.weightedRows, tf.matMul(product!, slice)) }
          : {}),
      };
    });
    disposeAll(before);
  }
  const { highest, total, rows, weightedRows } = sums!;
  const weighted = sums!.weighted ?? tf.sum(tf.mul(scaled, rows!), 1, true); // [n, 1]
  const normaliser = tf.add(tf.log(total), highest); // logsumexp, [n, 1]
  const targets = tf.gather(head, tf.tensor1d(target, 'int32')) as Tensor2D; // [n, H]
  return {
    highest,
    normaliser,
    targets,
    logprobs: tf.sub(tf.sum(tf.mul(scaled, targets), 1, true), normaliser), // [n, 1]
    entropy: tf.sub(normaliser, tf.div(weighted, total)), // H = -sum_v p_v log p_v, [n, 1]
    ...(rows ? { rows: tf.div(rows, total) as Tensor2D } : {}),
    ...(weightedRows ? { weightedRows: tf.div(weightedRows, total) as Tensor2D } : {}),
  };
}

function forEachChunk(
  rows: Tensor2D,
  target: Int32Array,
  visit: (chunk: Tensor2D, target: Int32Array, start: number) => void,
): void {
  for (let start = 0; start < target.length; start += POSITIONS) {
    const size = Math.min(POSITIONS, target.length - start);
    tf.tidy(() => visit(tf.slice(rows, [start, 0], [size, -1]), target.subarray(start, start + size), start));
  }
}

/** Rows [N, H] in parts, each row times its weight. */
function weighRows(parts: Tensor2D[], weights: Float32Array): Tensor2D {
  return tf.mul(tf.concat(parts, 0), tf.tensor2d(weights, [weights.length, 1]));
}

const emptyLogprobs = (n: number): CompletionLogprobs => ({
  logprobs: new Float32Array(n),
  entropy: new Float32Array(n),
});
