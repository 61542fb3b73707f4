// Grouped-query attention forward and backward by hand; probabilities are made again rather than kept.
import { type Tensor, type Tensor2D, type Tensor3D, tf } from '@/trainer/backend';
import type { BlockContext } from './llama';

/** Rotated and scaled. The query heads of a group are stacked as rows, so that keys and values are never repeated. */
export interface Heads {
  q: Tensor3D; // [B*KV, G*T, D]
  k: Tensor3D; // [B*KV, T, D]
  v: Tensor3D; // [B*KV, T, D]
}

/** Mixes values for each query. [N, H*D] */
export function attend(heads: Heads, context: BlockContext): Tensor2D {
  return fromHeads(tf.matMul(probabilities(heads, context), heads.v) as Tensor3D, context);
}

/** `joined` is what `attend` returned; gradients are flat again, [N, n*D]. */
export function attendBackward(dJoined: Tensor2D, joined: Tensor2D, heads: Heads, context: BlockContext) {
  const { config } = context;
  const p = probabilities(heads, context); // [B*KV, G*T, T]
  const dMixed = toHeads(dJoined, context); // [B*KV, G*T, D]
  const dV = tf.matMul(p, dMixed, true) as Tensor3D; // [B*KV, T, D]
  const dP = tf.matMul(dMixed, heads.v, false, true); // [B*KV, G*T, T]
  // Softmax's derivative needs sum_s p_s dP_s for each query, which is its output times that output's gradient.
  const products = tf.reshape(tf.mul(dJoined, joined), [-1, config.heads, config.headSize]);
  const along = toHeads(tf.sum(products, 2) as Tensor2D, context); // [B*KV, G*T, 1]
  const dScores = tf.mul(p, tf.sub(dP, along)); // [B*KV, G*T, T]
  const dQ = tf.matMul(dScores, heads.k) as Tensor3D; // [B*KV, G*T, D]
  const dK = tf.matMul(dScores, heads.q, true) as Tensor3D; // [B*KV, T, D]
  return { dQ: fromHeads(dQ, context), dK: fromHeads(dK, context), dV: fromHeads(dV, context) };
}

function probabilities({ q, k }: Heads, { config, batch, length, mask }: BlockContext): Tensor3D {
  const scores = tf.matMul(q, k, false, true); // [B*KV, G*T, T]
  const masked = tf.add(tf.reshape(scores, [batch, config.heads, length, length]), mask);
  return tf.reshape(tf.softmax(masked), scores.shape as [number, number, number]);
}

/** y [N, n*D] of any width D to [B*KV, n/KV*T, D], zero at padded places, so that they add nothing to a gradient. */
export function toHeads(y: Tensor2D, context: BlockContext, n = context.config.heads): Tensor3D {
  const { config, batch, length, padding } = context;
  const placed: Tensor = padding ? tf.mul(tf.gather(y, padding.toPlaces), padding.isToken) : y; // [B*T, n*D]
  const byHead = tf.transpose(tf.reshape(placed, [batch, length, n, -1]), [0, 2, 1, 3]); // [B, n, T, D]
  const rows = (n / config.keyValueHeads) * length;
  return tf.reshape(byHead, [batch * config.keyValueHeads, rows, y.shape[1] / n]);
}

/** The inverse, without the padding. */
function fromHeads(y: Tensor3D, { config, batch, length, padding }: BlockContext): Tensor2D {
  const { headSize } = config;
  const byToken = tf.transpose(tf.reshape(y, [batch, -1, length, headSize]), [0, 2, 1, 3]); // [B, T, n, D]
  const flat = tf.reshape(byToken, [batch * length, -1]) as Tensor2D;
  return padding ? (tf.gather(flat, padding.fromPlaces) as Tensor2D) : flat; // [N, n*D]
}
