// One Llama block as a pure tf function of its input and its LoRA tensors; the frozen weights are constants to the tape.
import type { ModelConfig, Projection } from '@/core/model-config';
import { type Tensor, type Tensor1D, type Tensor2D, tf } from '@/trainer/backend';
import type { BatchLayout } from './layout';

export interface BlockWeights {
  inputNorm: Tensor1D; // [H]
  postAttentionNorm: Tensor1D; // [H]
  projections: Record<Projection, Tensor2D>; // [out, in]
}

/** The pair of a projection: A [in, r], B [r, out]. */
export type LoraTensors = ReadonlyMap<Projection, readonly [a: Tensor2D, b: Tensor2D]>;

/** What every block of one call shares. */
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
  /** Between the N real tokens and the B * T places of attention; null where no row is padded. */
  padding: { toPlaces: Tensor1D; fromPlaces: Tensor1D; isToken: Tensor2D } | null;
  /** alpha / rank. */
  loraScale: number;
}

/** Tensors of the context belong to the caller's tidy. */
export function createContext(config: ModelConfig, layout: BatchLayout, loraScale: number): BlockContext {
  const { batch, length, mask, places, isDense } = layout;
  const size = config.headSize;
  const half = size / 2;
  const { cos, sin } = ropeTable(config, layout.positions);
  const rotation = new Float32Array(size * size);
  for (let i = 0; i < half; i++) {
    rotation[(half + i) * size + i] = -1;
    rotation[i * size + half + i] = 1;
  }
  return {
    config,
    batch,
    length,
    loraScale,
    cos: tf.tensor(cos, [places.length, 1, size]),
    sin: tf.tensor(sin, [places.length, 1, size]),
    rotateHalf: tf.tensor2d(rotation, [size, size]),
    mask: tf.tensor(mask.values, [mask.rows, 1, length, length]),
    padding: isDense ? null : createPadding(layout),
  };
}

function createPadding({ batch, length, places }: BatchLayout): BlockContext['padding'] {
  const toPlaces = new Int32Array(batch * length); // padded places take token 0: real queries never see them
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
export function ropeTable(config: ModelConfig, positions: Int32Array): { cos: Float32Array; sin: Float32Array } {
  const { headSize: size, ropeTheta } = config;
  const half = size / 2;
  const cos = new Float32Array(positions.length * size);
  const sin = new Float32Array(positions.length * size);
  for (const [n, position] of positions.entries()) {
    for (let i = 0; i < half; i++) {
      const angle = position * ropeTheta ** (-i / half);
      cos[n * size + i] = cos[n * size + half + i] = Math.cos(angle);
      sin[n * size + i] = sin[n * size + half + i] = Math.sin(angle);
    }
  }
  return { cos, sin };
}

/** The mean over H is a product with a constant: tf.mean's gradient would build an array of ones [N, H] in JS each time. */
export function rmsNorm(x: Tensor2D, weight: Tensor1D, epsilon: number): Tensor2D {
  const size = weight.shape[0];
  const meanSquare = tf.matMul(tf.square(x) as Tensor2D, tf.fill([size, 1], 1 / size) as Tensor2D); // [N, 1]
  return tf.mul(tf.mul(x, tf.rsqrt(tf.add(meanSquare, epsilon))), weight) as Tensor2D;
}

/** x [N, H] -> [N, H]. */
export function block(x: Tensor2D, weights: BlockWeights, lora: LoraTensors | null, context: BlockContext): Tensor2D {
  const { rmsNormEps } = context.config;
  const project = (input: Tensor2D, name: Projection): Tensor2D => {
    const frozen: Tensor2D = tf.matMul(input, weights.projections[name], false, true); // [N, out]
    const pair = lora?.get(name);
    if (!pair) return frozen;
    const reduced = tf.mul(tf.matMul(input, pair[0]), context.loraScale) as Tensor2D; // [N, r]
    return tf.add(frozen, tf.matMul(reduced, pair[1])) as Tensor2D;
  };
  const attended = attention(rmsNorm(x, weights.inputNorm, rmsNormEps), project, context);
  const residual: Tensor2D = tf.add(x, attended);
  const normed = rmsNorm(residual, weights.postAttentionNorm, rmsNormEps);
  const gate = project(normed, 'mlp.gate_proj'); // [N, F]
  const activated: Tensor2D = tf.mul(tf.mul(gate, tf.sigmoid(gate)), project(normed, 'mlp.up_proj'));
  return tf.add(residual, project(activated, 'mlp.down_proj'));
}

/** Grouped-query attention; the query heads of a group are stacked as rows, so keys and values are never repeated. */
function attention(
  x: Tensor2D,
  project: (input: Tensor2D, name: Projection) => Tensor2D,
  { config, batch, length, cos, sin, rotateHalf, mask, padding }: BlockContext,
): Tensor2D {
  const { heads, keyValueHeads, headSize } = config;
  const group = heads / keyValueHeads;
  const tokens = x.shape[0];
  const rotate = (y: Tensor2D, n: number) => {
    const turned = tf.matMul(tf.reshape(y, [tokens * n, headSize]), rotateHalf);
    const split = (z: Tensor) => tf.reshape(z, [tokens, n, headSize]);
    return tf.add(tf.mul(split(y), cos), tf.mul(split(turned), sin)); // [N, n, D]
  };
  const byHead = (y: Tensor, n: number) => {
    const placed = padding ? tf.gather(tf.reshape(y, [tokens, n * headSize]), padding.toPlaces) : y;
    return tf.transpose(tf.reshape(placed, [batch, length, n, headSize]), [0, 2, 1, 3]); // [B, n, T, D]
  };

  const q = byHead(tf.mul(rotate(project(x, 'self_attn.q_proj'), heads), 1 / Math.sqrt(headSize)), heads);
  const k = byHead(rotate(project(x, 'self_attn.k_proj'), keyValueHeads), keyValueHeads);
  const v = byHead(project(x, 'self_attn.v_proj'), keyValueHeads);
  const stacked = tf.reshape(q, [batch * keyValueHeads, group * length, headSize]); // [B*KV, G*T, D]
  const keys = tf.reshape(k, [batch * keyValueHeads, length, headSize]); // [B*KV, T, D]
  const values = tf.reshape(v, [batch * keyValueHeads, length, headSize]);
  const scores = tf.matMul(stacked, keys, false, true); // [B*KV, G*T, T]
  const masked = tf.add(tf.reshape(scores, [batch, heads, length, length]), mask);
  const weights = tf.reshape(tf.softmax(masked), [batch * keyValueHeads, group * length, length]);
  const mixed = tf.reshape(tf.matMul(weights, values), [batch, heads, length, headSize]);
  const joined = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch * length, heads * headSize]); // [B*T, H*D]
  return project((padding ? tf.gather(joined, padding.fromPlaces) : joined) as Tensor2D, 'self_attn.o_proj'); // [N, H]
}
