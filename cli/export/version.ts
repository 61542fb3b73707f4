// Writes a version as a self-contained model (base and adapter merged, tokenizer, config) for use outside Attune.
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Adapter } from '@/core/artifact/adapter';
import type { Base } from '@/core/base/base';
import { type ModelConfig, weightShapes } from '@/core/base/model-config';
import type { ModelWeights } from '@/core/base/weights';
import { explainWriteError } from '@/core/durable-file';
import { AttuneError } from '@/core/errors';
import { streamSafetensors } from '@/core/formats/safetensors';
import { sha256File } from '@/core/hash';
import type { Precision } from '@/engine/graph/blocks';
import { writeStandaloneModel } from '@/engine/graph/standalone';
import { ExternalData } from '@/engine/graph/writer';
import { mergeAdapter } from './merge';
import { writeModelFiles } from './model-files';

export interface ExportOptions {
  versionId: string;
  base: Base;
  /** The file or folder from which the base was loaded. */
  modelPath: string;
  /** null is the base without an adapter. */
  adapter: Adapter | null;
  format: 'onnx' | 'safetensors';
  precision: Precision;
  directory: string;
}

/** Names that transformers' exports give the ONNX file and its data. */
const MODEL = 'model.onnx';
const DATA = 'model.onnx_data';

/** When it fails, it leaves no directory. */
export async function exportVersion(options: ExportOptions): Promise<void> {
  const { versionId, base, modelPath, adapter, format, precision, directory } = options;
  if (existsSync(directory)) {
    throw new AttuneError('CONFLICT', `${directory} exists already. Name another folder with --out, or remove it.`);
  }
  if (format === 'safetensors' && precision !== 'fp32') {
    throw new AttuneError('BAD_INPUT', 'A safetensors export is fp32; --precision int8 is for ONNX.');
  }
  const temporary = `${directory}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(directory), { recursive: true });
    await mkdir(temporary);
    const weights = adapter ? mergeAdapter(base.weights, adapter) : base.weights;
    if (format === 'onnx') await writeOnnx(temporary, weights, precision);
    else writeWeights(join(temporary, 'model.safetensors'), weights);
    await writeModelFiles(base, modelPath, temporary);
    const files: Record<string, string> = {};
    for (const name of await readdir(temporary)) files[name] = await sha256File(join(temporary, name));
    const origin = { versionId, baseId: base.id, baseSha256: base.sha256, format, precision, files };
    await writeFile(join(temporary, 'attune.json'), `${JSON.stringify(origin, null, 2)}\n`);
    await rename(temporary, directory);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw explainWriteError(error, directory);
  }
}

async function writeOnnx(directory: string, weights: ModelWeights, precision: Precision): Promise<void> {
  const data = new ExternalData(join(directory, DATA), DATA);
  await writeFile(join(directory, MODEL), writeStandaloneModel(data, weights, precision));
  data.close();
}

function writeWeights(path: string, weights: ModelWeights): void {
  const values = (name: string) => toTransformers(weights.config, name, weights.tensor(name).float32());
  streamSafetensors(path, weightShapes(weights.config), values);
}

/** In transformers Gemma's norms scale by 1 + weight, in Attune by the weight. */
const toTransformers = ({ architecture }: ModelConfig, name: string, values: Float32Array) =>
  architecture === 'gemma3' && name.endsWith('norm.weight') ? values.map((value) => value - 1) : values;
