// One block as plain tf functions, which tfjs's tape differentiates: the reference for the hand-written passes.
import type { Projection } from '@/core/base/model-config';
import { type Tensor, type Tensor1D, type Tensor2D, tf } from '@/trainer/backend';
import type { BlockContext, BlockWeights, LoraTensors } from '@/trainer/model/llama';

/** The mean over H is a product with a constant, since tf.mean's gradient builds ones [N, H] in JS each time. */
function rmsNorm(x: Tensor2D, weight: Tensor1D, epsilon: number): Tensor2D {
  const size = weight.shape[0];
  const meanSquare = tf.matMul(tf.square(x) as Tensor2D, tf.fill([size, 1], 1 / size) as Tensor2D); // [N, 1]
  return tf.mul(tf.mul(x, tf.rsqrt(tf.add(meanSquare, epsilon))), weight) as Tensor2D;
}

/** x [N, H] -> [N, H]. */
export function block(x: Tensor2D, weights: BlockWeights, lora: LoraTensors | null, context: BlockContext): Tensor2D {
  const { rmsNormEps, activation } = context.config;
  const project = (input: Tensor2D, name: Projection): Tensor2D => {
    const product: Tensor2D = tf.matMul(input, weights.projections[name], false, true); // [N, out]
    const bias = weights.biases[name];
    const frozen: Tensor2D = bias ? tf.add(product, bias) : product;
    const pair = lora?.get(name);
    if (!pair) return frozen;
    const reduced = tf.mul(tf.matMul(input, pair[0]), context.loraScale) as Tensor2D; // [N, r]
    return tf.add(frozen, tf.matMul(reduced, pair[1])) as Tensor2D;
  };
  const outputNorm = (y: Tensor2D, norm: Tensor1D | null) => (norm ? rmsNorm(y, norm, rmsNormEps) : y);
  const attended = attention(rmsNorm(x, weights.inputNorm, rmsNormEps), weights, project, context);
  const residual: Tensor2D = tf.add(x, outputNorm(attended, weights.attentionOutputNorm));
  const normed = rmsNorm(residual, weights.feedForwardNorm, rmsNormEps);
  const gate = project(normed, 'mlp.gate_proj'); // [N, F]
  const opened: Tensor2D = activation === 'silu' ? tf.mul(gate, tf.sigmoid(gate)) : gelu(gate);
  const activated: Tensor2D = tf.mul(opened, project(normed, 'mlp.up_proj'));
  return tf.add(residual, outputNorm(project(activated, 'mlp.down_proj'), weights.feedForwardOutputNorm));
}

/** x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2. */
function gelu(x: Tensor2D): Tensor2D {
  const cubic = tf.add(x, tf.mul(tf.mul(tf.square(x), x), 0.044715));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(tf.mul(cubic, Math.sqrt(2 / Math.PI))), 1));
}

/** Grouped-query attention; the query heads of a group are stacked as rows, so keys and values are never repeated. */
function attention(
  x: Tensor2D,
  { queryNorm, keyNorm }: BlockWeights,
  project: (input: Tensor2D, name: Projection) => Tensor2D,
  { config, batch, length, cos, sin, rotateHalf, mask, padding }: BlockContext,
): Tensor2D {
  const { heads, keyValueHeads, headSize, attentionScale, rmsNormEps } = config;
  const group = heads / keyValueHeads;
  const tokens = x.shape[0];
  const rotate = (y: Tensor2D, n: number, norm: Tensor1D | null) => {
    const rows = tf.reshape(y, [tokens * n, headSize]) as Tensor2D;
    const normed = norm ? rmsNorm(rows, norm, rmsNormEps) : rows;
    const turned = tf.matMul(normed, rotateHalf);
    const split = (z: Tensor) => tf.reshape(z, [tokens, n, headSize]);
    return tf.add(tf.mul(split(normed), cos), tf.mul(split(turned), sin)); // [N, n, D]
  };
  const byHead = (y: Tensor, n: number) => {
    const placed = padding ? tf.gather(tf.reshape(y, [tokens, n * headSize]), padding.toPlaces) : y;
    return tf.transpose(tf.reshape(placed, [batch, length, n, headSize]), [0, 2, 1, 3]); // [B, n, T, D]
  };

  const q = byHead(tf.mul(rotate(project(x, 'self_attn.q_proj'), heads, queryNorm), attentionScale), heads);
  const k = byHead(rotate(project(x, 'self_attn.k_proj'), keyValueHeads, keyNorm), keyValueHeads);
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
