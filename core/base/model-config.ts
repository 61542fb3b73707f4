// Declares a Llama-family base's hyperparameters: transformers' sizes, camel-cased, and the features of its blocks.
import { z } from 'zod';
import { AttuneError } from '@/core/errors';

/** Far above every model of these families; a damaged or hostile file could ask for more memory than a machine has. */
const MOST = {
  vocabSize: 2 ** 22,
  hiddenSize: 2 ** 17,
  intermediateSize: 2 ** 20,
  layers: 1024,
  heads: 1024,
  headSize: 1024,
  maxPositions: 2 ** 26,
};
/** The sizes of a base; every reader checks them before it uses them. */
export const SIZES = Object.fromEntries(
  Object.entries(MOST).map(([name, most]) => [name, z.int().min(1).max(most)]),
) as Record<keyof typeof MOST, z.ZodInt>;

/** The index of a row of the embedding. */
export const TokenId = z.int().min(0).max(MOST.vocabSize);

export const ModelConfig = z.object({
  /** Only for messages: the fields below decide what a block does. */
  architecture: z.enum(['llama', 'mistral', 'qwen2', 'qwen3', 'gemma3']),
  vocabSize: SIZES.vocabSize,
  hiddenSize: SIZES.hiddenSize,
  intermediateSize: SIZES.intermediateSize,
  layers: SIZES.layers,
  heads: SIZES.heads,
  keyValueHeads: SIZES.heads,
  headSize: SIZES.headSize,
  ropeTheta: z.number().positive(),
  /** The divisor of each rotary frequency, [headSize / 2]; null if nothing is scaled. */
  ropeFactors: z.array(z.number().positive()).nullable(),
  rmsNormEps: z.number().positive(),
  /** Longest context in tokens. */
  maxPositions: SIZES.maxPositions,
  /** The head shares the embedding's weights. */
  tiedHead: z.boolean(),
  bosTokenId: z.int().nullable(),
  /** Every id that ends a turn; the first is the one that the chat template writes after an answer. */
  eosTokenIds: z.array(z.int()),

  /** The query, key and value projections add a bias. */
  hasQkvBias: z.boolean(),
  /** Queries and keys each pass an RMSNorm, head by head, before they are rotated. */
  hasQkNorm: z.boolean(),
  /** The outputs of attention and feed-forward pass an RMSNorm before they are added to the residual stream. */
  hasOutputNorms: z.boolean(),
  /** The activation of the feed-forward's gate; `gelu` is the tanh approximation. */
  activation: z.enum(['silu', 'gelu']),
  /** Embeddings are multiplied by this; a tied head is not. */
  embeddingScale: z.number().positive(),
  /** Attention scores are multiplied by this; usually headSize ** -0.5. */
  attentionScale: z.number().positive(),
  /** Layers that see only the last `tokens` positions and have a separate rotary embedding. */
  slidingWindow: z
    .object({
      tokens: z.int().positive(),
      layers: z.array(z.int()),
      ropeTheta: z.number().positive(),
      ropeFactors: z.array(z.number().positive()).nullable(),
    })
    .nullable(),
});
export type ModelConfig = z.infer<typeof ModelConfig>;

/**
 * Throws CORRUPT unless heads share keys and values evenly and have a whole, even size, so that they can be rotated.
 */
export function checkHeads(source: string, sizes: Pick<ModelConfig, 'headSize' | 'heads' | 'keyValueHeads'>): void {
  const { headSize, heads, keyValueHeads } = sizes;
  if (headSize % 2 === 0 && heads % keyValueHeads === 0) return;
  throw new AttuneError(
    'CORRUPT',
    `${source} has ${heads} attention heads of size ${headSize} and ${keyValueHeads} key-value heads; the size must ` +
      'be even, and the first number a multiple of the second.',
  );
}

/** The features of a plain Llama, as defaults for those of other bases. */
export const plainFeatures = (headSize: number) =>
  ({
    ropeFactors: null,
    hasQkvBias: false,
    hasQkNorm: false,
    hasOutputNorms: false,
    activation: 'silu',
    embeddingScale: 1,
    attentionScale: 1 / Math.sqrt(headSize),
    slidingWindow: null,
  }) satisfies Partial<ModelConfig>;

/** Whether a layer sees only the sliding window. */
export const isLocalLayer = ({ slidingWindow }: ModelConfig, layer: number) =>
  slidingWindow?.layers.includes(layer) ?? false;

/** How the layers of one kind attend: their window in tokens (null: all positions) and their rotary embedding. */
export function attentionOf(config: ModelConfig, isLocal: boolean) {
  const { slidingWindow } = config;
  const { ropeTheta, ropeFactors } = isLocal ? slidingWindow! : config;
  return { window: isLocal ? slidingWindow!.tokens : null, ropeTheta, ropeFactors };
}

/** Transformers' name for the norm before the feed-forward; with output norms, `post_attention` is one of those. */
export const feedForwardNorm = ({ hasOutputNorms }: ModelConfig) =>
  hasOutputNorms ? 'pre_feedforward_layernorm' : 'post_attention_layernorm';

/** Every tensor that a model of this config has, under transformers' names, with its shape. */
export function weightShapes(config: ModelConfig): Map<string, number[]> {
  const { vocabSize, hiddenSize, headSize } = config;
  const shapes = new Map<string, number[]>([['model.embed_tokens.weight', [vocabSize, hiddenSize]]]);
  for (let layer = 0; layer < config.layers; layer++) {
    const block = `model.layers.${layer}`;
    shapes.set(`${block}.input_layernorm.weight`, [hiddenSize]);
    for (const projection of PROJECTIONS) {
      const shape = projectionShape(config, projection);
      shapes.set(`${block}.${projection}.weight`, shape);
      if (config.hasQkvBias && BIASED.includes(projection)) shapes.set(`${block}.${projection}.bias`, [shape[0]]);
    }
    shapes.set(`${block}.post_attention_layernorm.weight`, [hiddenSize]);
    if (config.hasOutputNorms) {
      for (const x of ['pre', 'post']) shapes.set(`${block}.${x}_feedforward_layernorm.weight`, [hiddenSize]);
    }
    if (config.hasQkNorm) for (const x of ['q', 'k']) shapes.set(`${block}.self_attn.${x}_norm.weight`, [headSize]);
  }
  shapes.set('model.norm.weight', [hiddenSize]);
  if (!config.tiedHead) shapes.set('lm_head.weight', [vocabSize, hiddenSize]);
  return shapes;
}

/** The seven projections of a block that a LoRA adapter may change, in graph order. */
export const PROJECTIONS = [
  'self_attn.q_proj',
  'self_attn.k_proj',
  'self_attn.v_proj',
  'self_attn.o_proj',
  'mlp.gate_proj',
  'mlp.up_proj',
  'mlp.down_proj',
] as const;
export type Projection = (typeof PROJECTIONS)[number];
const BIASED: readonly Projection[] = ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj'];

/** [out, in] of a projection's weight. */
export function projectionShape(config: ModelConfig, projection: Projection): [out: number, in_: number] {
  const { hiddenSize: h, intermediateSize: f, heads, keyValueHeads, headSize } = config;
  switch (projection) {
    case 'self_attn.q_proj':
      return [heads * headSize, h];
    case 'self_attn.k_proj':
    case 'self_attn.v_proj':
      return [keyValueHeads * headSize, h];
    case 'self_attn.o_proj':
      return [h, heads * headSize];
    case 'mlp.gate_proj':
    case 'mlp.up_proj':
      return [f, h];
    case 'mlp.down_proj':
      return [h, f];
  }
}
