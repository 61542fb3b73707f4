// One Llama block as a pure tf function of its input and its LoRA tensors; the frozen weights are constants to the tape.
import { attentionOf, type ModelConfig, type Projection } from '@/core/model-config';
import { type Tensor, type Tensor1D, type Tensor2D, tf } from '@/trainer/backend';

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
  /** Sees the sliding window only. */
  isLocal: boolean;
}

/** Where the tokens of a call stand and what they see, for the layers of one kind. */
export interface Places {
  cos: Tensor; // [T, 1, D]
  sin: Tensor; // [T, 1, D]
  /** 0 where the query may see the key, else -1e9. Rows are padded on the right, so it hides the padding too. */
  mask: Tensor2D; // [T, T]
}

/** The pair of a projection: A [in, r], B [r, out]. */
export type LoraTensors = ReadonlyMap<Projection, readonly [a: Tensor2D, b: Tensor2D]>;

/** What every block of one call shares; depends on the padded length alone. */
export interface BlockContext {
  config: ModelConfig;
  batch: number; // B
  length: number; // T
  places: Places;
  /** Of the layers with a sliding window; null where the base has none. */
  localPlaces: Places | null;
  /** x rotateHalf = concat(-x2, x1), as a matrix: its gradient is one small matMul instead of slices and pads. */
  rotateHalf: Tensor2D; // [D, D]
  /** alpha / rank. */
  loraScale: number;
}

/** Tensors of the context belong to the caller's tidy. */
export function createContext(config: ModelConfig, batch: number, length: number, loraScale: number): BlockContext {
  const size = config.headSize;
  const half = size / 2;
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
    places: createPlaces(config, length, false),
    localPlaces: config.slidingWindow ? createPlaces(config, length, true) : null,
    rotateHalf: tf.tensor2d(rotation, [size, size]),
  };
}

function createPlaces(config: ModelConfig, length: number, isLocal: boolean): Places {
  const { window, ropeTheta, ropeFactors } = attentionOf(config, isLocal);
  const size = config.headSize;
  const half = size / 2;
  const cos = new Float32Array(length * size);
  const sin = new Float32Array(length * size);
  const mask = new Float32Array(length * length);
  for (let t = 0; t < length; t++) {
    for (let i = 0; i < half; i++) {
      const angle = (t * ropeTheta ** (-i / half)) / (ropeFactors?.[i] ?? 1);
      cos[t * size + i] = cos[t * size + half + i] = Math.cos(angle);
      sin[t * size + i] = sin[t * size + half + i] = Math.sin(angle);
    }
    mask.fill(-1e9, t * length + t + 1, (t + 1) * length);
    if (window !== null) mask.fill(-1e9, t * length, t * length + Math.max(0, t + 1 - window));
  }
  return {
    cos: tf.tensor(cos, [length, 1, size]),
    sin: tf.tensor(sin, [length, 1, size]),
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
  const open = tf.sigmoid(activation === 'silu' ? gate : geluGate(gate));
  const activated: Tensor2D = tf.mul(tf.mul(gate, open), project(normed, 'mlp.up_proj'));
  return tf.add(residual, outputNorm(project(activated, 'mlp.down_proj'), weights.feedForwardOutputNorm));
}

/** gelu's tanh approximation is x sigmoid(this): 2 sqrt(2 / pi) (x + 0.044715 x^3), since (1 + tanh u) / 2 = sigmoid(2u). */
const geluGate = (x: Tensor2D): Tensor2D =>
  tf.mul(tf.mul(x, 2 * Math.sqrt(2 / Math.PI)), tf.add(tf.mul(tf.square(x), 0.044715), 1));

/** Grouped-query attention; the query heads of a group are stacked as rows, so keys and values are never repeated. */
function attention(
  x: Tensor2D,
  { queryNorm, keyNorm, isLocal }: BlockWeights,
  project: (input: Tensor2D, name: Projection) => Tensor2D,
  { config, batch, length, places, localPlaces, rotateHalf }: BlockContext,
): Tensor2D {
  const { heads, keyValueHeads, headSize, attentionScale, rmsNormEps } = config;
  const { cos, sin, mask } = isLocal ? localPlaces! : places;
  const group = heads / keyValueHeads;
  const split = (y: Tensor2D, n: number) => tf.reshape(y, [batch, length, n, headSize]);
  const rotate = (y: Tensor2D, n: number, norm: Tensor1D | null) => {
    const byToken = tf.reshape(y, [batch * length * n, headSize]) as Tensor2D;
    const normed = norm ? rmsNorm(byToken, norm, rmsNormEps) : byToken;
    const turned = tf.matMul(normed, rotateHalf) as Tensor2D;
    return tf.add(tf.mul(split(normed, n), cos), tf.mul(split(turned, n), sin)); // [B, T, n, D]
  };
  const byHead = (y: Tensor) => tf.transpose(y, [0, 2, 1, 3]); // [B, n, T, D]

  const q = byHead(tf.mul(rotate(project(x, 'self_attn.q_proj'), heads, queryNorm), attentionScale));
  const k = byHead(rotate(project(x, 'self_attn.k_proj'), keyValueHeads, keyNorm));
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
