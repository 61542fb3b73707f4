// Grouped-query attention forward and backward by hand; probabilities are recomputed rather than kept.
//
// Queries are processed in parts, each against only the keys up to its end. With four parts the 3/8 of the square that
// is masked anyway is not computed, and a part's probabilities take less memory (the tiling of FlashAttention, without
// its running maximum).
import { type Tensor, type Tensor2D, type Tensor3D, tf } from '@/trainer/backend';
import type { BlockContext, QueryPart } from './llama';

/** Rotated and scaled. The query heads of a group are stacked as rows, so that keys and values are never repeated. */
export interface Heads {
  q: Tensor3D; // [B*KV, G*T, D]
  k: Tensor3D; // [B*KV, T, D]
  v: Tensor3D; // [B*KV, T, D]
}

/** Mixes values for each query. [N, H*D] */
export function attend({ q, k, v }: Heads, context: BlockContext): Tensor2D {
  const mixed = context.queryParts.map((part) => {
    const p = probabilities(queriesOf(q, part, context), keysOf(k, part), part, context); // [B*KV, G*t, s]
    return tf.matMul(p, keysOf(v, part)) as Tensor3D; // [B*KV, G*t, D]
  });
  return fromHeads(joinQueries(mixed, context), context);
}

/** `joined` is the result of `attend`; gradients are flat again, [N, n*D]. */
export function attendBackward(dJoined: Tensor2D, joined: Tensor2D, { q, k, v }: Heads, context: BlockContext) {
  const { config, queryParts } = context;
  const dMixed = toHeads(dJoined, context); // [B*KV, G*T, D]
  // Softmax's derivative needs sum_s p_s dP_s for each query, which is its output times that output's gradient.
  const products = tf.reshape(tf.mul(dJoined, joined), [-1, config.heads, config.headSize]);
  const along = toHeads(tf.sum(products, 2) as Tensor2D, context); // [B*KV, G*T, 1]
  const parts = queryParts.map((part) => {
    const queries = queriesOf(q, part, context); // [B*KV, G*t, D]
    const keys = keysOf(k, part); // [B*KV, s, D]
    const p = probabilities(queries, keys, part, context); // [B*KV, G*t, s]
    const dOut = queriesOf(dMixed, part, context); // [B*KV, G*t, D]
    const dP = tf.matMul(dOut, keysOf(v, part), false, true); // [B*KV, G*t, s]
    const dScores = tf.mul(p, tf.sub(dP, queriesOf(along, part, context))); // [B*KV, G*t, s]
    return {
      dQ: tf.matMul(dScores, keys) as Tensor3D, // [B*KV, G*t, D]
      dK: tf.matMul(dScores, queries, true) as Tensor3D, // [B*KV, s, D]
      dV: tf.matMul(p, dOut, true) as Tensor3D, // [B*KV, s, D]
    };
  });
  const of = (name: 'dQ' | 'dK' | 'dV') => parts.map((part) => part[name]);
  return {
    dQ: fromHeads(joinQueries(of('dQ'), context), context),
    dK: fromHeads(sumKeys(of('dK'), context), context),
    dV: fromHeads(sumKeys(of('dV'), context), context),
  };
}

function probabilities(q: Tensor3D, k: Tensor3D, { mask }: QueryPart, { config, batch }: BlockContext): Tensor3D {
  const scores = tf.matMul(q, k, false, true); // [B*KV, G*t, s]
  const masked = tf.add(tf.reshape(scores, [batch, config.heads, -1, k.shape[1]]), mask);
  return tf.reshape(tf.softmax(masked), scores.shape as [number, number, number]);
}

/** The rows of one part: [B*KV, G*T, D] to [B*KV, G*t, D]. */
function queriesOf(y: Tensor3D, { from, to }: QueryPart, { length, queryParts }: BlockContext): Tensor3D {
  if (queryParts.length === 1) return y;
  const [groups, , size] = y.shape;
  const byHead = tf.slice(tf.reshape(y, [-1, length, size]), [0, from, 0], [-1, to - from, size]); // [B*H, t, D]
  return tf.reshape(byHead, [groups, -1, size]);
}

/** [B*KV, T, D] to [B*KV, s, D]. */
const keysOf = (y: Tensor3D, { to }: QueryPart): Tensor3D =>
  to === y.shape[1] ? y : (tf.slice(y, [0, 0, 0], [-1, to, -1]) as Tensor3D);

function joinQueries(parts: readonly Tensor3D[], { length }: BlockContext): Tensor3D {
  const [first] = parts as [Tensor3D];
  if (parts.length === 1) return first;
  const [groups, , size] = first.shape;
  const perGroup = parts.reduce((sum, part) => sum + part.shape[1], 0) / length;
  const byHead = parts.map((part) => tf.reshape(part, [groups * perGroup, -1, size]) as Tensor3D); // [B*H, t, D]
  return tf.reshape(tf.concat(byHead, 1), [groups, perGroup * length, size]);
}

/** Sums gradients that each cover the first s keys, over all T. [B*KV, T, D] */
function sumKeys(parts: readonly Tensor3D[], { length }: BlockContext): Tensor3D {
  const whole = parts.map((part) =>
    tf.pad(part, [
      [0, 0],
      [0, length - part.shape[1]],
      [0, 0],
    ]),
  );
  return tf.addN(whole) as Tensor3D;
}

/** y [N, n*D] of any width D to [B*KV, n/KV*T, D], zero at padding, so that it adds nothing to a gradient. */
export function toHeads(y: Tensor2D, context: BlockContext, n = context.config.heads): Tensor3D {
  const { config, batch, length, padding } = context;
  const placed: Tensor = padding ? tf.mul(tf.gather(y, padding.toPlaces), padding.isToken) : y; // [B*T, n*D]
  const byHead = tf.transpose(tf.reshape(placed, [batch, length, n, -1]), [0, 2, 1, 3]); // [B, n, T, D]
  const rows = (n / config.keyValueHeads) * length;
  return tf.reshape(byHead, [batch * config.keyValueHeads, rows, y.shape[1] / n]);
}

/** The inverse of `toHeads`, without the padding. */
function fromHeads(y: Tensor3D, { config, batch, length, padding }: BlockContext): Tensor2D {
  const { headSize } = config;
  const byToken = tf.transpose(tf.reshape(y, [batch, -1, length, headSize]), [0, 2, 1, 3]); // [B, T, n, D]
  const flat = tf.reshape(byToken, [batch * length, -1]) as Tensor2D;
  return padding ? (tf.gather(flat, padding.fromPlaces) as Tensor2D) : flat; // [N, n*D]
}
