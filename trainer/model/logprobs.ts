// Log-probabilities of response tokens, with their gradient for the hidden states, in chunks of the vocabulary head.
import { type Tensor2D, type Tensor3D, tf } from '@/trainer/backend';
import { gatherPositions, scatterPositions } from './positions';
import type { HeadLoss, ResponsePositions, Trunk } from './types';

/** Positions a chunk: 256 x 49152 logits are 50 MB, and three such arrays live at once. */
const CHUNK = 256;

export interface ResponseLogprobs {
  /** log p(target) at the temperature. N */
  logprobs: Float32Array;
  /** Of the whole distribution, nats. N */
  entropy: Float32Array;
}

export interface LogprobLoss {
  loss: number;
  /** d loss / d logprob. N */
  dLogprobs: Float32Array;
  /** d loss / d entropy, where the loss has an entropy term. N */
  dEntropy?: Float32Array;
  metrics?: Record<string, number>;
}

type Head = Pick<Trunk, 'head'>;

/** logits / temperature come before log-softmax, for the policy, the reference and the samples alike (TRL 4159). */
export function responseLogprobs(
  trunk: Head,
  hidden: Tensor3D,
  positions: ResponsePositions,
  { temperature = 1 }: { temperature?: number } = {},
): ResponseLogprobs {
  const out = emptyLogprobs(positions.target.length);
  tf.tidy(() => {
    const rows = gatherPositions(hidden, positions); // [N, H]
    forEachChunk(rows, positions.target, (chunk, target, start) => {
      const scores = scoreChunk(trunk.head, chunk, target, temperature);
      out.logprobs.set(scores.logprobs.dataSync(), start);
      out.entropy.set(entropyOf(scores).dataSync(), start);
    });
  });
  return out;
}

/**
 * One pass over the head for the loss and its gradient: d logprob_i / d hidden_i = (E[target_i] - sum_v p_v E_v) / T
 * does not depend on the loss, so it is made beside the log-probabilities and weighted by dLogprobs afterwards.
 * `withEntropyGradient` costs one more product with the head: dH / d hidden = -sum_v p_v (log p_v + H) E_v / T.
 */
export function responseLogprobsWithGradient(
  trunk: Head,
  hidden: Tensor3D,
  positions: ResponsePositions,
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
    forEachChunk(rows, positions.target, (chunk, target, start) => {
      const scores = scoreChunk(trunk.head, chunk, target, temperature);
      const { scaled, exp, shifted, total, highest, normaliser, targets } = scores;
      const expected = tf.div(tf.matMul(exp, trunk.head), total); // sum_v p_v E_v, [n, H]
      // sum_v p_v logit_v = hidden . expected / T, so the entropy needs no further pass over the vocabulary.
      const entropy = tf.sub(normaliser, tf.sum(tf.mul(scaled, expected), 1, true)); // [n, 1]
      out.logprobs.set(scores.logprobs.dataSync(), start);
      out.entropy.set(entropy.dataSync(), start);
      likeliest.set(tf.sub(highest, normaliser).dataSync(), start);
      slopes.push(tf.keep(tf.div(tf.sub(targets, expected), temperature)));
      if (withEntropyGradient) {
        const shiftedExpected = tf.div(tf.matMul(tf.mul(exp, shifted) as Tensor2D, trunk.head), total); // [n, H]
        const level = tf.add(tf.sub(highest, normaliser), entropy); // log p_v + H - shifted_v, [n, 1]
        entropySlopes.push(tf.keep(tf.div(tf.add(shiftedExpected, tf.mul(expected, level)), -temperature)));
      }
    });
    try {
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

/** Next-token cross-entropy, for SFT: the weighted mean of -logprob, weights 1 where none are given. */
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

/** The softmax of hidden [n, H] over head [V, H], unnormalised, and what is read off it. */
function scoreChunk(head: Tensor2D, hidden: Tensor2D, target: Int32Array, temperature: number) {
  const scaled: Tensor2D = tf.div(hidden, temperature);
  const logits = tf.matMul(scaled, head, false, true); // [n, V]
  const highest = tf.max(logits, 1, true); // [n, 1]
  const shifted = tf.sub(logits, highest) as Tensor2D; // [n, V]
  const exp = tf.exp(shifted) as Tensor2D; // [n, V]
  const total = tf.sum(exp, 1, true); // [n, 1]
  const normaliser = tf.add(tf.log(total), highest); // logsumexp, [n, 1]
  const targets = tf.gather(head, tf.tensor1d(target, 'int32')) as Tensor2D; // [n, H]
  const logprobs = tf.sub(tf.sum(tf.mul(scaled, targets), 1, true), normaliser); // [n, 1]
  return { scaled, highest, shifted, exp, total, normaliser, targets, logprobs };
}

/** H = -sum_v p_v log p_v. [n, 1] */
const entropyOf = ({ shifted, exp, total }: ReturnType<typeof scoreChunk>) =>
  tf.sub(tf.log(total), tf.div(tf.sum(tf.mul(exp, shifted), 1, true), total));

function forEachChunk(
  rows: Tensor2D,
  target: Int32Array,
  visit: (chunk: Tensor2D, target: Int32Array, start: number) => void,
): void {
  for (let start = 0; start < target.length; start += CHUNK) {
    const size = Math.min(CHUNK, target.length - start);
    tf.tidy(() => visit(tf.slice(rows, [start, 0], [size, -1]), target.subarray(start, start + size), start));
  }
}

/** Rows [N, H] in parts, each row times its weight. */
function weighRows(parts: Tensor2D[], weights: Float32Array): Tensor2D {
  return tf.mul(tf.concat(parts, 0), tf.tensor2d(weights, [weights.length, 1]));
}

const emptyLogprobs = (n: number): ResponseLogprobs => ({
  logprobs: new Float32Array(n),
  entropy: new Float32Array(n),
});
