// One Llama block as a pure tf function of its input and its LoRA tensors; the frozen weights are constants to the tape.
import { attentionOf, type ModelConfig, type Projection } from '@/core/base/model-config';
import { type Scalar, type Tensor, type Tensor1D, type Tensor2D, tf, usesGpu } from '@/trainer/backend';
import { type BatchLayout, windowMask } from './layout';

export interface BlockWeights {
  inputNorm: Tensor1D; // [H]
  feedForwardNorm: Tensor1D; // [H]
  projections: Record<Projection, Tensor2D>; // [out, in]
  /** Where the base has biases: [out]. */
  biases: Partial<Record<Projection, Tensor1D>>;
  /** Further norms, of bases that have them: of queries and keys [D], and of what each part gives back [H]. */
  queryNorm: Tensor1D | null;
  keyNorm: Tensor1D | null;
  attentionOutputNorm: Tensor1D | null;
  feedForwardOutputNorm: Tensor1D | null;
}

/** The pair of a projection: A [in, r], B [r, out]. */
export type LoraTensors = ReadonlyMap<Projection, readonly [a: Tensor2D, b: Tensor2D]>;

/** What every block of one call shares; blocks that see a sliding window have one of their own. */
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
  /** The same in the parts in which attention goes. */
  queryParts: readonly QueryPart[];
  /** Between the N real tokens and the B * T places of attention; null where no row is padded. */
  padding: { toPlaces: Tensor1D; fromPlaces: Tensor1D; isToken: Tensor2D } | null;
  /** alpha / rank. These are tensors because a number would be sent to the device again at each use. */
  loraScale: Scalar;
  attentionScale: Scalar;
  /** Of the norms. */
  epsilon: Scalar;
}

/** Some queries of each row; they see no key behind the last of them. */
export interface QueryPart {
  from: number;
  to: number;
  mask: Tensor; // [1 or B, 1, t, s], t = to - from, s = to
}

/** A part's products should be worth the calls; on a GPU, which waits for those, none are. */
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

/** The same for blocks that see a sliding window: other angles, a narrower mask. */
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

/** The mean over H is a product with a constant: tf.mean's gradient would build an array of ones [N, H] in JS each time. */
export function rmsNorm(x: Tensor2D, weight: Tensor1D, epsilon: number): Tensor2D {
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
