// Prepares what both sides of bench:train need: the base as a transformers folder, and token ids.
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { benchFolder } from '@/bench/peers/python';
import type { Base } from '@/core/base/base';
import { type NamedTensors, writeSafetensors } from '@/core/formats/safetensors';
import { transformersConfig } from '@/core/formats/transformers-config-writer';
import { Rng } from '@/core/rng';

/** The base in fp32 as transformers reads it, written once; Attune's reader dequantises the weights of a GGUF. */
export async function exportBase(base: Base, dataFolder: string): Promise<string> {
  const folder = join(benchFolder(dataFolder), `base-${base.sha256.slice(0, 12)}`);
  const configPath = join(folder, 'config.json');
  if (existsSync(configPath)) return folder;
  await mkdir(folder, { recursive: true });
  const { config, names } = base.weights;
  const tensors: NamedTensors = new Map(
    names.map((name) => {
      const tensor = base.weights.tensor(name);
      return [name, { shape: tensor.shape, values: tensor.float32() }];
    }),
  );
  await writeSafetensors(join(folder, 'model.safetensors'), tensors);
  await writeFile(configPath, `${JSON.stringify(transformersConfig(config, base.id), null, 2)}\n`); // last: it marks a complete folder
  return folder;
}

export interface TrainInput {
  /** 8 rows of 256. */
  sft: number[][];
  /** 8 comparisons; each answer with its prompt has 256 tokens. */
  reward: { prompt: number[]; chosen: number[]; rejected: number[] }[];
  /** 16 prompts of 64. */
  prompts: number[][];
}

export const SIZES = {
  sftRows: 8,
  pairs: 8,
  rowTokens: 256,
  promptShare: 0.5,
  prompts: 16,
  promptTokens: 64,
  completionTokens: 64,
};

/** Ordinary text cut at random places, so that samples of the policy rarely end before their limit. */
export function makeTrainInput(base: Base, seed: number): TrainInput {
  const text = readFileSync(join(import.meta.dirname, 'text.txt'), 'utf8');
  const ids = base.tokenizer.encode(text);
  const rng = new Rng(seed);
  const cut = (length: number) => {
    const from = rng.integer(ids.length - length);
    return Array.from(ids.slice(from, from + length));
  };
  const prompt = SIZES.rowTokens * SIZES.promptShare;
  const completion = SIZES.rowTokens - prompt;
  return {
    sft: Array.from({ length: SIZES.sftRows }, () => cut(SIZES.rowTokens)),
    reward: Array.from({ length: SIZES.pairs }, () => ({
      prompt: cut(prompt),
      chosen: cut(completion),
      rejected: cut(completion),
    })),
    prompts: Array.from({ length: SIZES.prompts }, () => cut(SIZES.promptTokens)),
  };
}
