// A transformers folder of a Llama model (config.json, safetensors, possibly in shards) as ModelWeights.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { AttuneError } from './errors';
import { type ModelConfig, PROJECTIONS, projectionShape } from './model-config';
import { readSafetensors, type SafetensorsEntry } from './safetensors';
import type { ModelWeights, WeightTensor } from './weights';

const LlamaConfig = z.looseObject({
  model_type: z.string(),
  vocab_size: z.int(),
  hidden_size: z.int(),
  intermediate_size: z.int(),
  num_hidden_layers: z.int(),
  num_attention_heads: z.int(),
  num_key_value_heads: z.int().optional(),
  head_dim: z.int().nullish(),
  rope_theta: z.number().optional(),
  rope_scaling: z.unknown().optional(),
  /** transformers 5 moved rope_theta here. */
  rope_parameters: z.looseObject({ rope_theta: z.number().optional(), rope_type: z.string().optional() }).nullish(),
  rms_norm_eps: z.number(),
  max_position_embeddings: z.int(),
  tie_word_embeddings: z.boolean().default(false),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  bos_token_id: z.int().nullish(),
  eos_token_id: z.union([z.int(), z.array(z.int())]).nullish(),
});

export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'NOT_FOUND' : 'CORRUPT';
    throw new AttuneError(code, `Cannot read ${path}: ${(cause as Error).message}. Copy the folder again.`, { cause });
  }
}

/** Of a transformers config.json. */
export function readLlamaConfig(path: string): ModelConfig {
  const raw = readJson(path);
  const type = z.looseObject({ model_type: z.unknown() }).safeParse(raw);
  if (type.data?.model_type !== 'llama') {
    const name = JSON.stringify(type.data?.model_type);
    throw new AttuneError('UNSUPPORTED', `${path} has the model_type ${name}; only "llama" is supported.`);
  }
  const parsed = LlamaConfig.safeParse(raw);
  if (!parsed.success) throw new AttuneError('CORRUPT', `${path}: ${z.prettifyError(parsed.error)}`);
  const c = parsed.data;
  const ropeType = c.rope_parameters?.rope_type ?? 'default';
  if (c.rope_scaling || ropeType !== 'default') {
    throw new AttuneError('UNSUPPORTED', `${path} scales its rotary embedding; only unscaled RoPE is supported.`);
  }
  if (c.attention_bias || c.mlp_bias) {
    throw new AttuneError('UNSUPPORTED', `${path} asks for biases; only projections without bias are supported.`);
  }
  return {
    architecture: 'llama',
    vocabSize: c.vocab_size,
    hiddenSize: c.hidden_size,
    intermediateSize: c.intermediate_size,
    layers: c.num_hidden_layers,
    heads: c.num_attention_heads,
    keyValueHeads: c.num_key_value_heads ?? c.num_attention_heads,
    headSize: c.head_dim ?? c.hidden_size / c.num_attention_heads,
    ropeTheta: c.rope_parameters?.rope_theta ?? c.rope_theta ?? 10000,
    rmsNormEps: c.rms_norm_eps,
    maxPositions: c.max_position_embeddings,
    tiedHead: c.tie_word_embeddings,
    bosTokenId: c.bos_token_id ?? null,
    eosTokenIds: [c.eos_token_id ?? []].flat(),
  };
}

/** Every tensor that a Llama of this config has, with its shape. */
export function llamaShapes(config: ModelConfig): Map<string, number[]> {
  const { vocabSize, hiddenSize } = config;
  const shapes = new Map<string, number[]>([['model.embed_tokens.weight', [vocabSize, hiddenSize]]]);
  for (let layer = 0; layer < config.layers; layer++) {
    const block = `model.layers.${layer}`;
    shapes.set(`${block}.input_layernorm.weight`, [hiddenSize]);
    for (const projection of PROJECTIONS) {
      shapes.set(`${block}.${projection}.weight`, projectionShape(config, projection));
    }
    shapes.set(`${block}.post_attention_layernorm.weight`, [hiddenSize]);
  }
  shapes.set('model.norm.weight', [hiddenSize]);
  if (!config.tiedHead) shapes.set('lm_head.weight', [vocabSize, hiddenSize]);
  return shapes;
}

/** Throws CORRUPT, naming the tensor, unless the weights hold every tensor of their config in its shape. */
export function checkWeights(weights: ModelWeights, source: string): void {
  for (const [name, shape] of llamaShapes(weights.config)) {
    if (!weights.names.includes(name)) throw new AttuneError('CORRUPT', `${source} lacks ${name}. Copy it again.`);
    const found = weights.tensor(name).shape;
    if (found.join() !== shape.join()) {
      throw new AttuneError('CORRUPT', `${source}: ${name} is [${found}], but its config asks for [${shape}].`);
    }
  }
}

/** The folder's weight files: one, or the shards that the index names. */
export function weightFiles(folder: string): string[] {
  const index = join(folder, 'model.safetensors.index.json');
  if (!existsSync(index)) return [join(folder, 'model.safetensors')];
  const parsed = z.looseObject({ weight_map: z.record(z.string(), z.string()) }).safeParse(readJson(index));
  if (!parsed.success) throw new AttuneError('CORRUPT', `${index}: ${z.prettifyError(parsed.error)}`);
  const names = [...new Set(Object.values(parsed.data.weight_map))].sort();
  const outside = names.find((name) => name.includes('/') || name.includes('\\'));
  if (outside) throw new AttuneError('CORRUPT', `${index} names ${outside}, which is outside of the folder.`);
  return names.map((name) => join(folder, name));
}

export function readLlamaFolder(folder: string): ModelWeights {
  const config = readLlamaConfig(join(folder, 'config.json'));
  const entries = new Map<string, SafetensorsEntry>();
  for (const path of weightFiles(folder))
    for (const [name, entry] of readSafetensors(path).tensors) entries.set(name, entry);
  // Some exports write the tied head a second time.
  if (config.tiedHead) entries.delete('lm_head.weight');
  const tensor = (name: string): WeightTensor => {
    const entry = entries.get(name);
    if (!entry) throw new AttuneError('NOT_FOUND', `${folder} has no tensor ${name}.`);
    return { name, shape: [...entry.shape], encoding: entry.encoding, float32: entry.float32, blocks: () => null };
  };
  return { config, names: [...entries.keys()], tensor };
}
