// Reads and writes a LoRA adapter in PEFT's format: adapter_config.json and adapter_model.safetensors.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROJECTIONS, type Projection } from '@/core/base/model-config';
import { AttuneError } from '@/core/errors';
import { encodeSafetensors, type NamedTensors, readSafetensors } from '@/core/formats/safetensors';
import { type Adapter, type LoraPair, loraKey, peftName } from './adapter';
import { parsePeftConfig } from './peft-config';

export const ADAPTER_CONFIG_FILE = 'adapter_config.json';
export const ADAPTER_WEIGHTS_FILE = 'adapter_model.safetensors';

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
      if (!pair) continue; // the base is unchanged here
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
  };
  return {
    [ADAPTER_CONFIG_FILE]: `${JSON.stringify(config, null, 2)}\n`,
    [ADAPTER_WEIGHTS_FILE]: encodeSafetensors(tensors),
  };
}

async function readConfig(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'NOT_FOUND' : 'CORRUPT';
    throw new AttuneError(code, `Cannot read ${path}: ${(cause as Error).message}. Export the adapter again.`, {
      cause,
    });
  }
}

/** Checks the files against each other; `checkAdapter` checks the result against a base. */
export async function readAdapter(directory: string): Promise<Adapter> {
  const configPath = join(directory, ADAPTER_CONFIG_FILE);
  const { rank, alpha, adapts } = parsePeftConfig(await readConfig(configPath), configPath);
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
      if (!adapts(Number(match[1]), `model.layers.${match[1]}.${projection}`)) {
        throw new AttuneError(
          'CORRUPT',
          `${path} has ${name}, which the target_modules or layers_to_transform of ${ADAPTER_CONFIG_FILE} leave out. ` +
            'Export the adapter again.',
        );
      }
      const half = match[3] === 'A' ? 'a' : 'b';
      if (entry.shape.length !== 2 || entry.shape[half === 'a' ? 0 : 1] !== rank) {
        throw new AttuneError('CORRUPT', `${path}: ${name} is [${entry.shape}], but its rank is ${rank}.`);
      }
      const key = loraKey(Number(match[1]), projection);
      halves.set(key, { ...halves.get(key), [half]: entry.float32() });
      targets.add(projection);
    }
    const pairs = new Map<string, LoraPair>();
    for (const [key, { a, b }] of halves) {
      if (!a || !b) throw new AttuneError('CORRUPT', `${path} has only one half of ${key}. Export the adapter again.`);
      pairs.set(key, { a, b });
    }
    if (pairs.size === 0) throw new AttuneError('CORRUPT', `${path} has no LoRA tensors. Export the adapter again.`);
    return { rank, alpha, targets: PROJECTIONS.filter((p) => targets.has(p)), pairs };
  } finally {
    file.close();
  }
}
