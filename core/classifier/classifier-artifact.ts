// Writes a linear classifier's directory whole, and reads it only if its hash agrees.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { writeDurably, writeFolder } from '../durable-file';
import { AttuneError } from '../errors';
import { encodeSafetensors, readSafetensors } from '../formats/safetensors';
import { sha256, sha256File } from '../hash';
import { FEATURES, type LinearLabel } from './linear-classifier';

export const MANIFEST_FILE = 'classifier.json';
export const WEIGHTS_FILE = 'weights.safetensors';

const ClassifierManifest = z.strictObject({
  format: z.literal(1),
  kind: z.literal('hashed-features'),
  labels: z
    .array(z.strictObject({ name: z.string().min(1).max(80), bias: z.number(), threshold: z.number().min(0).max(1) }))
    .min(1),
  /** Rows that it was fitted on, with those that chose the thresholds. */
  rows: z.int().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

export interface ClassifierArtifact {
  labels: LinearLabel[];
  thresholds: Record<string, number>;
  rows: number;
}

/** The directory must not exist. When it fails, it leaves nothing behind. */
export async function writeClassifier(
  directory: string,
  { labels, thresholds, rows }: ClassifierArtifact,
): Promise<void> {
  const weights = encodeSafetensors(
    new Map(labels.map(({ name, weights }) => [name, { shape: [FEATURES], values: weights }])),
    { encoding: 'F16' },
  );
  const manifest = ClassifierManifest.parse({
    ...{ format: 1, kind: 'hashed-features', rows, sha256: sha256(weights) },
    labels: labels.map(({ name, bias }) => ({ name, bias, threshold: thresholds[name] })),
  });
  await writeFolder(directory, async (temporary) => {
    await writeDurably(path.join(temporary, WEIGHTS_FILE), weights);
    await writeDurably(path.join(temporary, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
  });
}

export async function readClassifier(directory: string): Promise<ClassifierArtifact> {
  const corrupt = (what: string, cause?: unknown) =>
    new AttuneError('CORRUPT', `${directory}: ${what}. Copy the classifier again, or train it again.`, { cause });
  const text = await readFile(path.join(directory, MANIFEST_FILE), 'utf8').catch((cause) => {
    throw new AttuneError('NOT_FOUND', `${directory} has no ${MANIFEST_FILE}. Check the path.`, { cause });
  });
  let manifest: z.infer<typeof ClassifierManifest>;
  try {
    manifest = ClassifierManifest.parse(JSON.parse(text));
  } catch (cause) {
    throw corrupt(`${MANIFEST_FILE} is not that of a classifier`, cause);
  }
  const file = path.join(directory, WEIGHTS_FILE);
  if ((await sha256File(file)) !== manifest.sha256) throw corrupt(`${WEIGHTS_FILE} is not the file that was written`);
  const { tensors, close } = readSafetensors(file);
  try {
    const labels = manifest.labels.map(({ name, bias }) => {
      const weights = tensors.get(name)?.float32();
      if (weights?.length !== FEATURES) throw corrupt(`${WEIGHTS_FILE} has no weights for "${name}"`);
      return { name, bias, weights };
    });
    const thresholds = Object.fromEntries(manifest.labels.map(({ name, threshold }) => [name, threshold]));
    return { labels, thresholds, rows: manifest.rows };
  } finally {
    close();
  }
}
