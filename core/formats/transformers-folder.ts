// Reads a Llama-family model's transformers folder (config.json, safetensors, possibly in shards) as ModelWeights.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type ModelConfig, weightShapes } from '@/core/base/model-config';
import type { ModelWeights, WeightTensor } from '@/core/base/weights';
import { AttuneError } from '@/core/errors';
import { isFiniteArray, notFinite } from './finite';
import { readSafetensors, type SafetensorsEntry } from './safetensors';
import { parseTransformersConfig } from './transformers-config';

/** The largest tokenizer files have some 30 MB. */
const MOST_JSON_BYTES = 2 ** 27;

export function readJson(path: string): unknown {
  const { size } = statSync(path, { throwIfNoEntry: false }) ?? { size: 0 };
  if (size > MOST_JSON_BYTES) {
    throw new AttuneError(
      'CORRUPT',
      `${path} has ${size} bytes; no file of this name has more than ${MOST_JSON_BYTES}.`,
    );
  }
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'NOT_FOUND' : 'CORRUPT';
    throw new AttuneError(code, `Cannot read ${path}: ${(cause as Error).message}. Copy the folder again.`, { cause });
  }
}

/** Throws, naming the tensor, unless the weights have exactly the tensors of their config, each in its shape. */
export function checkWeights(weights: ModelWeights, source: string): void {
  const shapes = weightShapes(weights.config);
  for (const [name, shape] of shapes) {
    if (!weights.names.includes(name)) throw new AttuneError('CORRUPT', `${source} lacks ${name}. Copy it again.`);
    const found = weights.tensor(name).shape;
    if (found.join() !== shape.join()) {
      throw new AttuneError('CORRUPT', `${source}: ${name} is [${found}], but its config asks for [${shape}].`);
    }
  }
  const unknown = weights.names.find((name) => !shapes.has(name));
  if (unknown) {
    const { architecture } = weights.config;
    throw new AttuneError(
      'UNSUPPORTED',
      `${source} has the tensor ${unknown}, which is not supported for ${architecture}. Use another model.`,
    );
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
  if (outside) throw new AttuneError('CORRUPT', `${index} names ${outside}, which is outside the folder.`);
  return names.map((name) => join(folder, name));
}

/** generation_config.json often names more end tokens than config.json. */
function readEosTokenIds(folder: string): number[] {
  const path = join(folder, 'generation_config.json');
  if (!existsSync(path)) return [];
  const ids = z.union([z.int(), z.array(z.int())]).nullish();
  const parsed = z.looseObject({ eos_token_id: ids }).safeParse(readJson(path));
  if (!parsed.success) throw new AttuneError('CORRUPT', `${path}: ${z.prettifyError(parsed.error)}`);
  return [parsed.data.eos_token_id ?? []].flat();
}

/** Gemma scales by 1 + weight. The reader adds the 1, as GGUF files do, so that a norm means the same everywhere. */
const isOffsetNorm = ({ architecture }: ModelConfig, name: string) =>
  architecture === 'gemma3' && /norm\.weight$/.test(name);

export function readLlamaFolder(folder: string): ModelWeights {
  const path = join(folder, 'config.json');
  const parsed = parseTransformersConfig(readJson(path), path);
  const config = { ...parsed, eosTokenIds: [...new Set([...parsed.eosTokenIds, ...readEosTokenIds(folder)])] };
  const entries = new Map<string, SafetensorsEntry>();
  for (const path of weightFiles(folder))
    for (const [name, entry] of readSafetensors(path).tensors) entries.set(name, entry);
  // Some exports write the tied head a second time; old ones also write the rotary frequencies.
  if (config.tiedHead) entries.delete('lm_head.weight');
  for (const name of entries.keys()) if (name.endsWith('.rotary_emb.inv_freq')) entries.delete(name);
  const tensor = (name: string): WeightTensor => {
    const entry = entries.get(name);
    if (!entry) throw new AttuneError('NOT_FOUND', `${folder} has no tensor ${name}.`);
    const { shape, encoding } = entry;
    const float32 = () => {
      const values = entry.float32();
      if (!isFiniteArray(values)) throw notFinite(`${folder}: ${name}`);
      return isOffsetNorm(config, name) ? values.map((w) => 1 + w) : values;
    };
    return { name, shape: [...shape], encoding, float32, blocks: () => null };
  };
  return { config, names: [...entries.keys()], tensor };
}
