// The parts of a block beside its projections, each with its derivative by hand: norm, activation, rotation.
import { type Tensor, type Tensor1D, type Tensor2D, tf } from '@/trainer/backend';
import type { BlockContext } from './llama';

/** weight * x / rms(x); the weight is frozen. [N, H] */
export function norm(x: Tensor2D, weight: Tensor1D, epsilon: number): Tensor2D {
  return tf.mul(tf.mul(x, inverseRms(x, epsilon)), weight);
}

export function normBackward(dy: Tensor2D, x: Tensor2D, weight: Tensor1D, epsilon: number): Tensor2D {
  const inverse = inverseRms(x, epsilon); // [N, 1]
  const normed = tf.mul(x, inverse); // [N, H]
  const slope = tf.mul(dy, weight); // [N, H]
  const along = tf.mean(tf.mul(slope, normed), 1, true); // [N, 1]
  return tf.mul(tf.sub(slope, tf.mul(normed, along)), inverse);
}

const inverseRms = (x: Tensor2D, epsilon: number): Tensor => tf.rsqrt(tf.add(tf.mean(tf.square(x), 1, true), epsilon)); // [N, 1]

/** silu(gate) * up. [N, F] */
export const activate = (gate: Tensor2D, up: Tensor2D): Tensor2D => tf.mul(tf.mul(gate, tf.sigmoid(gate)), up);

/** silu' = open + silu (1 - open), with open = sigmoid(gate). */
export function activateBackward(dy: Tensor2D, gate: Tensor2D, up: Tensor2D): { dGate: Tensor2D; dUp: Tensor2D } {
  const open = tf.sigmoid(gate); // [N, F]
  const silu = tf.mul(gate, open); // [N, F]
  const slope = tf.add(open, tf.mul(silu, tf.sub(1, open))); // [N, F]
  return { dGate: tf.mul(tf.mul(dy, up), slope), dUp: tf.mul(dy, silu) };
}

/** Turns n heads of each token by the angles of its position. [N, n*D] */
export function rotate(x: Tensor2D, { cos, sin, rotateHalf, config }: BlockContext): Tensor2D {
  const heads = [x.shape[0], -1, config.headSize];
  const turned = tf.matMul(tf.reshape(x, [-1, config.headSize]) as Tensor2D, rotateHalf);
  return tf.reshape(tf.add(tf.mul(tf.reshape(x, heads), cos), tf.mul(tf.reshape(turned, heads), sin)), x.shape);
}

/** The transpose of `rotate`. */
export function rotateBackward(dy: Tensor2D, { cos, sin, rotateHalf, config }: BlockContext): Tensor2D {
  const heads = tf.reshape(dy, [dy.shape[0], -1, config.headSize]); // [N, n, D]
  const bySine = tf.reshape(tf.mul(heads, sin), [-1, config.headSize]) as Tensor2D;
  const turned = tf.matMul(bySine, rotateHalf, false, true);
  return tf.add(tf.reshape(tf.mul(heads, cos), dy.shape), tf.reshape(turned, dy.shape));
}
