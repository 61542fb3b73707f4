// The weights of a Llama block, and what all blocks share in one call: rotary angles, masks, padding and scales.
import { attentionOf, type ModelConfig, type Projection } from '@/core/base/model-config';
import { type Scalar, type Tensor, type Tensor1D, type Tensor2D, tf, usesGpu } from '@/trainer/backend';
import { type BatchLayout, windowMask } from './layout';

export interface BlockWeights {
  inputNorm: Tensor1D; // [H]
  feedForwardNorm: Tensor1D; // [H]
  projections: Record<Projection, Tensor2D>; // [out, in]
  /** If the base has biases: [out]. */
  biases: Partial<Record<Projection, Tensor1D>>;
  /** Extra norms of some bases: of queries and keys [D], and of the output of each part [H]. */
  queryNorm: Tensor1D | null;
  keyNorm: Tensor1D | null;
  attentionOutputNorm: Tensor1D | null;
  feedForwardOutputNorm: Tensor1D | null;
}

/** The pair of a projection: A [in, r], B [r, out]. */
export type LoraTensors = ReadonlyMap<Projection, readonly [a: Tensor2D, b: Tensor2D]>;

/** What all blocks share in one call; blocks with a sliding window have their own. */
export interface BlockContext {
  config: ModelConfig;
  batch: number; // B
  length: number; // T
  cos: Tensor; // [N, 1, D]
  sin: Tensor; // [N, 1, D]
  /** x rotateHalf = concat(-x2, x1), as a matrix: its gradient is one small matMul instead of slices and pads. */
  rotateHalf: Tensor2D; // [D, D]
  /** 0 where the query may see the key, else -1e9. */
  mask: Tensor; // [1 or B, 1, T, T]
  /** The same mask, split into the parts that attention processes. */
  queryParts: readonly QueryPart[];
  /** Maps between the N real tokens and the B * T places of attention; null if no row is padded. */
  padding: { toPlaces: Tensor1D; fromPlaces: Tensor1D; isToken: Tensor2D } | null;
  /** alpha / rank. The scales are tensors because a number would be sent to the device again at each use. */
  loraScale: Scalar;
  attentionScale: Scalar;
  /** Epsilon of the norms. */
  epsilon: Scalar;
}

/** Some queries of each row; they see no key after the last of them. */
export interface QueryPart {
  from: number;
  to: number;
  mask: Tensor; // [1 or B, 1, t, s], t = to - from, s = to
}

/** A part must be large enough to be worth its calls; on a GPU, which waits for calls, no part is. */
const MIN_QUERIES = 64;
const MOST_QUERY_PARTS = 4;

function splitQueries(mask: Tensor, length: number): QueryPart[] {
  const count = usesGpu() ? 1 : Math.max(1, Math.min(MOST_QUERY_PARTS, Math.floor(length / MIN_QUERIES)));
  const edge = (i: number) => Math.round((i * length) / count);
  return Array.from({ length: count }, (_, i) => {
    const [from, to] = [edge(i), edge(i + 1)];
    return { from, to, mask: count === 1 ? mask : tf.slice(mask, [0, 0, from, 0], [-1, -1, to - from, to]) };
  });
}

/** Tensors of the context belong to the caller's tidy. */
export function createContext(config: ModelConfig, layout: BatchLayout, loraScale: number): BlockContext {
  const { batch, length, mask, places, isDense } = layout;
  const size = config.headSize;
  const half = size / 2;
  const { cos, sin } = ropeTable(config, layout.positions, false);
  const rotation = new Float32Array(size * size);
  for (let i = 0; i < half; i++) {
    rotation[(half + i) * size + i] = -1;
    rotation[i * size + half + i] = 1;
  }
  const whole = tf.tensor(mask.values, [mask.rows, 1, length, length]);
  return {
    config,
    batch,
    length,
    loraScale: tf.scalar(loraScale),
    attentionScale: tf.scalar(config.attentionScale),
    epsilon: tf.scalar(config.rmsNormEps),
    cos: tf.tensor(cos, [places.length, 1, size]),
    sin: tf.tensor(sin, [places.length, 1, size]),
    rotateHalf: tf.tensor2d(rotation, [size, size]),
    mask: whole,
    queryParts: splitQueries(whole, length),
    padding: isDense ? null : createPadding(layout),
  };
}

/** The context of blocks with a sliding window: other angles, a narrower mask. */
export function localContext(context: BlockContext, layout: BatchLayout): BlockContext {
  const { length, mask, positions } = layout;
  const { config } = context;
  const { cos, sin } = ropeTable(config, positions, true);
  const narrow = tf.tensor(windowMask(layout, attentionOf(config, true).window!), [mask.rows, 1, length, length]);
  return {
    ...context,
    cos: tf.tensor(cos, [positions.length, 1, config.headSize]),
    sin: tf.tensor(sin, [positions.length, 1, config.headSize]),
    mask: narrow,
    queryParts: splitQueries(narrow, length),
  };
}

function createPadding({ batch, length, places }: BatchLayout): BlockContext['padding'] {
  const toPlaces = new Int32Array(batch * length); // padding takes token 0: real queries never see it
  const isToken = new Float32Array(batch * length);
  for (const [token, place] of places.entries()) {
    toPlaces[place] = token;
    isToken[place] = 1;
  }
  return {
    toPlaces: tf.tensor1d(toPlaces, 'int32'),
    fromPlaces: tf.tensor1d(places, 'int32'),
    isToken: tf.tensor2d(isToken, [batch * length, 1]),
  };
}

/** Angles of each token's position, the same for both halves of a head. [N, D] */
export function ropeTable(config: ModelConfig, positions: Int32Array, isLocal: boolean) {
  const size = config.headSize;
  const { ropeTheta, ropeFactors } = attentionOf(config, isLocal);
  const half = size / 2;
  const cos = new Float32Array(positions.length * size);
  const sin = new Float32Array(positions.length * size);
  for (const [n, position] of positions.entries()) {
    for (let i = 0; i < half; i++) {
      const angle = (position * ropeTheta ** (-i / half)) / (ropeFactors?.[i] ?? 1);
      cos[n * size + i] = cos[n * size + half + i] = Math.cos(angle);
      sin[n * size + i] = sin[n * size + half + i] = Math.sin(angle);
    }
  }
  return { cos, sin };
}
