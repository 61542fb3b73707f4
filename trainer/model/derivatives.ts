// The parts of a block other than its projections, each with its derivative by hand: norm, activation, rotation.
import type { ModelConfig } from '@/core/base/model-config';
import { type Scalar, scoped, type Tensor, type Tensor1D, type Tensor2D, tf } from '@/trainer/backend';
import type { BlockContext } from './llama';

/** What a norm and its derivative share. */
export interface Unit {
  inverse: Tensor; // 1 / rms(x) [N, 1]
  unit: Tensor2D; // x / rms(x) [N, H]
}

export function unitOf(x: Tensor2D, epsilon: Scalar): Unit {
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(x), 1, true), epsilon));
  return { inverse, unit: tf.mul(x, inverse) };
}

/** weight * x / rms(x); the weight is frozen. [N, H] */
export const norm = (x: Tensor2D, weight: Tensor1D, epsilon: Scalar): Tensor2D =>
  tf.mul(unitOf(x, epsilon).unit, weight);

/** The gradient with respect to x; the second argument is `unitOf(x)`. */
export function normBackward(dy: Tensor2D, { inverse, unit }: Unit, weight: Tensor1D): Tensor2D {
  const slope = tf.mul(dy, weight); // [N, H]
  const along = tf.mean(tf.mul(slope, unit), 1, true); // [N, 1]
  return tf.mul(tf.sub(slope, tf.mul(unit, along)), inverse);
}

/** `norm` for each head, with one weight [D] for all heads. [N, n*D] */
export function headNorm(x: Tensor2D, weight: Tensor1D | null, epsilon: Scalar): Tensor2D {
  if (!weight) return x;
  return tf.reshape(norm(tf.reshape(x, [-1, weight.shape[0]]) as Tensor2D, weight, epsilon), x.shape);
}

export function headNormBackward(dy: Tensor2D, x: Tensor2D, weight: Tensor1D, epsilon: Scalar): Tensor2D {
  const byHead = (y: Tensor2D) => tf.reshape(y, [-1, weight.shape[0]]) as Tensor2D; // [N*n, D]
  return tf.reshape(normBackward(byHead(dy), unitOf(byHead(x), epsilon), weight), x.shape);
}

type Activation = ModelConfig['activation'];

/** What activation(gate) * up and its derivative share. */
export interface Opened {
  open: Tensor2D; // [N, F]
  /** gate * open */
  activated: Tensor2D; // [N, F]
}

export function openGate(gate: Tensor2D, activation: Activation): Opened {
  const open = openingOf(gate, activation);
  return { open, activated: tf.mul(gate, open) };
}

/** activation(gate) * up. [N, F] */
export const activate = (gate: Tensor2D, up: Tensor2D, activation: Activation): Tensor2D =>
  tf.mul(openGate(gate, activation).activated, up);

/** activation' = open + (activation - activation * open) u', with activation = gate * open and open = sigmoid(u). */
export function activateBackward(
  dy: Tensor2D,
  gate: Tensor2D,
  up: Tensor2D,
  { open, activated }: Opened,
  activation: Activation,
): { dGate: Tensor2D; dUp: Tensor2D } {
  const slope = scoped((): Tensor2D => {
    const rest: Tensor2D = tf.sub(activated, tf.mul(activated, open));
    return tf.add(open, activation === 'silu' ? rest : tf.mul(rest, geluSlope(gate)));
  }); // [N, F]
  return { dGate: tf.mul(tf.mul(dy, up), slope), dUp: tf.mul(dy, activated) };
}

/** sigmoid(u): u is x for silu, 2 sqrt(2 / pi) (x + 0.044715 x^3) for gelu, whose (1 + tanh z) / 2 is sigmoid(2 z). */
const openingOf = (gate: Tensor2D, activation: Activation): Tensor2D =>
  tf.sigmoid(activation === 'silu' ? gate : tf.mul(gate, geluFactor(gate, 0.044715)));

/** du / dx of gelu. */
const geluSlope = (x: Tensor2D): Tensor2D => geluFactor(x, 3 * 0.044715);

/** 2 sqrt(2 / pi) (1 + cubic x^2). */
const geluFactor = (x: Tensor2D, cubic: number): Tensor2D =>
  tf.mul(tf.add(tf.mul(tf.square(x), cubic), 1), 2 * Math.sqrt(2 / Math.PI));

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
