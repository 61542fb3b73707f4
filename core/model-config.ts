// The hyperparameters of a Llama-family base, in the names that transformers uses, camel-cased.
import { z } from 'zod';

export const ModelConfig = z.object({
  architecture: z.literal('llama'),
  vocabSize: z.int().positive(),
  hiddenSize: z.int().positive(),
  intermediateSize: z.int().positive(),
  layers: z.int().positive(),
  heads: z.int().positive(),
  keyValueHeads: z.int().positive(),
  headSize: z.int().positive(),
  ropeTheta: z.number().positive(),
  rmsNormEps: z.number().positive(),
  /** Longest context in tokens. */
  maxPositions: z.int().positive(),
  /** The head shares the embedding's weights. */
  tiedHead: z.boolean(),
  bosTokenId: z.int().nullable(),
  /** Every id that ends a turn. */
  eosTokenIds: z.array(z.int()),
});
export type ModelConfig = z.infer<typeof ModelConfig>;

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
