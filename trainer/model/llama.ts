// One Llama block as a pure tf function of its input and its LoRA tensors; the frozen weights are constants to the tape.
import type { ModelConfig, Projection } from '@/core/model-config';
import { type Tensor, type Tensor1D, type Tensor2D, tf } from '@/trainer/backend';

export interface BlockWeights {
  inputNorm: Tensor1D; // [H]
  postAttentionNorm: Tensor1D; // [H]
  projections: Record<Projection, Tensor2D>; // [out, in]
}

/** The pair of a projection: A [in, r], B [r, out]. */
export type LoraTensors = ReadonlyMap<Projection, readonly [a: Tensor2D, b: Tensor2D]>;

/** What every block of one call shares; depends on the padded length alone. */
export interface BlockContext {
  config: ModelConfig;
  batch: number; // B
  length: number; // T
  cos: Tensor; // [T, 1, D]
  sin: Tensor; // [T, 1, D]
  /** x rotateHalf = concat(-x2, x1), as a matrix: its gradient is one small matMul instead of slices and pads. */
  rotateHalf: Tensor2D; // [D, D]
  /** 0 where the key is not later than the query, else -1e9. Rows are padded on the right, so it hides the padding too. */
  mask: Tensor2D; // [T, T]
  /** alpha / rank. */
  loraScale: number;
}

/** Tensors of the context belong to the caller's tidy. */
export function createContext(config: ModelConfig, batch: number, length: number, loraScale: number): BlockContext {
  const size = config.headSize;
  const half = size / 2;
  const cos = new Float32Array(length * size);
  const sin = new Float32Array(length * size);
  const mask = new Float32Array(length * length);
  for (let t = 0; t < length; t++) {
    for (let i = 0; i < half; i++) {
      const angle = t * config.ropeTheta ** (-i / half);
      cos[t * size + i] = cos[t * size + half + i] = Math.cos(angle);
      sin[t * size + i] = sin[t * size + half + i] = Math.sin(angle);
    }
    mask.fill(-1e9, t * length + t + 1, (t + 1) * length);
  }
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
    cos: tf.tensor(cos, [length, 1, size]),
    sin: tf.tensor(sin, [length, 1, size]),
    rotateHalf: tf.tensor2d(rotation, [size, size]),
    mask: tf.tensor2d(mask, [length, length]),
  };
}

/** The mean over H is a product with a constant: tf.mean's gradient would build an array of ones [N, H] in JS each time. */
export function rmsNorm(x: Tensor2D, weight: Tensor1D, epsilon: number): Tensor2D {
  const size = weight.shape[0];
  const meanSquare = tf.matMul(tf.square(x) as Tensor2D, tf.fill([size, 1], 1 / size) as Tensor2D); // [N, 1]
  return tf.mul(tf.mul(x, tf.rsqrt(tf.add(meanSquare, epsilon))), weight) as Tensor2D;
}

/** x [B*T, H] -> [B*T, H]. */
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
  { config, batch, length, cos, sin, rotateHalf, mask }: BlockContext,
): Tensor2D {
  const { heads, keyValueHeads, headSize } = config;
  const group = heads / keyValueHeads;
  const split = (y: Tensor2D, n: number) => tf.reshape(y, [batch, length, n, headSize]);
  const rotate = (y: Tensor2D, n: number) => {
    const turned = tf.matMul(tf.reshape(y, [batch * length * n, headSize]), rotateHalf);
    return tf.add(tf.mul(split(y, n), cos), tf.mul(split(turned as Tensor2D, n), sin)); // [B, T, n, D]
  };
  const byHead = (y: Tensor) => tf.transpose(y, [0, 2, 1, 3]); // [B, n, T, D]

  const q = byHead(tf.mul(rotate(project(x, 'self_attn.q_proj'), heads), 1 / Math.sqrt(headSize)));
  const k = byHead(rotate(project(x, 'self_attn.k_proj'), keyValueHeads));
  const v = byHead(split(project(x, 'self_attn.v_proj'), keyValueHeads));
  const stacked = tf.reshape(q, [batch * keyValueHeads, group * length, headSize]); // [B*KV, G*T, D]
  const keys = tf.reshape(k, [batch * keyValueHeads, length, headSize]); // [B*KV, T, D]
  const values = tf.reshape(v, [batch * keyValueHeads, length, headSize]);
  const scores = tf.matMul(stacked, keys, false, true); // [B*KV, G*T, T]
  const masked = tf.add(tf.reshape(scores, [batch * keyValueHeads, group, length, length]), mask);
  const weights = tf.reshape(tf.softmax(masked), [batch * keyValueHeads, group * length, length]);
  const mixed = tf.reshape(tf.matMul(weights, values), [batch, heads, length, headSize]);
  const joined = tf.reshape(byHead(mixed), [batch * length, heads * headSize]) as Tensor2D; // [B*T, H*D]
  return project(joined, 'self_attn.o_proj');
}
