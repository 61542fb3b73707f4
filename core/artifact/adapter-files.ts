// Reads and writes a LoRA adapter in PEFT's format: adapter_config.json and adapter_model.safetensors.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { PROJECTIONS, type Projection } from '@/core/base/model-config';
import { writeDurably } from '@/core/durable-file';
import { AttuneError } from '@/core/errors';
import { encodeSafetensors, type NamedTensors, readSafetensors } from '@/core/formats/safetensors';
import { type Adapter, type LoraPair, loraKey, peftName } from './adapter';

export const ADAPTER_CONFIG_FILE = 'adapter_config.json';
export const ADAPTER_WEIGHTS_FILE = 'adapter_model.safetensors';

/** What of PEFT's LoraConfig changes the arithmetic; every variant that would is refused below. */
const PeftConfig = z.looseObject({
  peft_type: z.literal('LORA'),
  base_model_name_or_path: z.string().nullish(),
  r: z.int().positive(),
  lora_alpha: z.number(),
  target_modules: z.union([z.array(z.string()), z.string()]),
  bias: z.string().default('none'),
  use_rslora: z.boolean().default(false),
  use_dora: z.boolean().default(false),
  rank_pattern: z.record(z.string(), z.unknown()).nullish(),
  alpha_pattern: z.record(z.string(), z.unknown()).nullish(),
});

const leaf = (projection: Projection) => projection.split('.')[1]!;
const layersOf = (adapter: Adapter) =>
  1 + Math.max(-1, ...[...adapter.pairs.keys()].map((key) => Number(key.split('.')[1])));

/** The two files' contents by name; targets in graph order, tensors layer by layer. */
export function encodeAdapter(adapter: Adapter, baseId: string): Record<string, string | Uint8Array> {
  const targets = PROJECTIONS.filter((projection) => adapter.targets.includes(projection));
  const tensors: NamedTensors = new Map();
  for (let layer = 0; layer < layersOf(adapter); layer++) {
    for (const projection of targets) {
      const key = loraKey(layer, projection);
      const pair = adapter.pairs.get(key);
      if (!pair) throw new AttuneError('BAD_INPUT', `The adapter lacks ${key}. Give every layer the same targets.`);
      const { a, b } = pair;
      tensors.set(peftName(layer, projection, 'A'), { shape: [adapter.rank, a.length / adapter.rank], values: a });
      tensors.set(peftName(layer, projection, 'B'), { shape: [b.length / adapter.rank, adapter.rank], values: b });
    }
  }
  const config = {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: baseId,
    r: adapter.rank,
    lora_alpha: adapter.alpha,
    target_modules: targets.map(leaf),
    lora_dropout: 0,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    use_rslora: false,
    use_dora: false,
    modules_to_save: null,
    layers_to_transform: null,
    layers_pattern: null,
    rank_pattern: {},
    alpha_pattern: {},
  } satisfies z.input<typeof PeftConfig>;
  return {
    [ADAPTER_CONFIG_FILE]: `${JSON.stringify(config, null, 2)}\n`,
    [ADAPTER_WEIGHTS_FILE]: encodeSafetensors(tensors),
  };
}

export async function writeAdapter(directory: string, adapter: Adapter, baseId: string): Promise<void> {
  for (const [name, content] of Object.entries(encodeAdapter(adapter, baseId))) {
    await writeDurably(join(directory, name), content);
  }
}

async function readConfig(path: string): Promise<z.infer<typeof PeftConfig>> {
  let raw: unknown;
  try {
    raw = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'NOT_FOUND' : 'CORRUPT';
    throw new AttuneError(code, `Cannot read ${path}: ${(cause as Error).message}. Export the adapter again.`, {
      cause,
    });
  }
  const parsed = PeftConfig.safeParse(raw);
  if (!parsed.success) throw new AttuneError('UNSUPPORTED', `${path}: ${z.prettifyError(parsed.error)}`);
  const config = parsed.data;
  const variant =
    (config.use_rslora && 'use_rslora') ||
    (config.use_dora && 'use_dora') ||
    (config.bias !== 'none' && `bias "${config.bias}"`) ||
    (Object.keys(config.rank_pattern ?? {}).length > 0 && 'rank_pattern') ||
    (Object.keys(config.alpha_pattern ?? {}).length > 0 && 'alpha_pattern');
  if (variant) throw new AttuneError('UNSUPPORTED', `${path} uses ${variant}; only plain LoRA is supported.`);
  return config;
}

/** Checks the files against each other; `checkAdapter` checks the result against a base. */
export async function readAdapter(directory: string): Promise<Adapter> {
  const config = await readConfig(join(directory, ADAPTER_CONFIG_FILE));
  const path = join(directory, ADAPTER_WEIGHTS_FILE);
  const file = readSafetensors(path);
  try {
    const halves = new Map<string, { a?: Float32Array; b?: Float32Array }>();
    const targets = new Set<Projection>();
    for (const [name, entry] of file.tensors) {
      const match = /^base_model\.model\.model\.layers\.(\d+)\.(.+)\.lora_([AB])\.weight$/.exec(name);
      const projection = PROJECTIONS.find((p) => p === match?.[2]);
      if (!match || !projection) {
        throw new AttuneError('UNSUPPORTED', `${path} changes ${name}; only the seven projections are supported.`);
      }
      const half = match[3] === 'A' ? 'a' : 'b';
      if (entry.shape.length !== 2 || entry.shape[half === 'a' ? 0 : 1] !== config.r) {
        throw new AttuneError('CORRUPT', `${path}: ${name} is [${entry.shape}], but its rank is ${config.r}.`);
      }
      const key = loraKey(Number(match[1]), projection);
      halves.set(key, { ...halves.get(key), [half]: entry.float32() });
      targets.add(projection);
    }
    const pairs = new Map<string, LoraPair>();
    for (const [key, { a, b }] of halves) {
      if (!a || !b) throw new AttuneError('CORRUPT', `${path} has one half of ${key} only. Export the adapter again.`);
      pairs.set(key, { a, b });
    }
    if (pairs.size === 0) throw new AttuneError('CORRUPT', `${path} holds no LoRA tensor. Export the adapter again.`);
    return { rank: config.r, alpha: config.lora_alpha, targets: PROJECTIONS.filter((p) => targets.has(p)), pairs };
  } finally {
    file.close();
  }
}
