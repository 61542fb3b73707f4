// A text classifier that transformers exported to ONNX: the files of its folder, its labels, and how its scores are read.
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { AttuneError } from '../errors';

const MIB = 2 ** 20;
/** Most bytes of each file: a graph is held in memory once in each engine. */
const MOST_BYTES = { 'model.onnx': 512 * MIB, 'tokenizer.json': 64 * MIB, 'config.json': MIB } as const;
type ExportedFile = keyof typeof MOST_BYTES;
export const EXPORTED_FILES = Object.keys(MOST_BYTES) as ExportedFile[];
/** Longer texts are cut here, as transformers' pipelines do. */
const MOST_TOKENS = 512;
const MOST_LABELS = 100;

const Config = z.looseObject({
  id2label: z
    .record(z.string().regex(/^\d{1,3}$/), z.string().min(1).max(80))
    .refine((labels) => Object.keys(labels).length <= MOST_LABELS, `has more than ${MOST_LABELS} labels`)
    .refine(
      (labels) => Object.keys(labels).every((_, i) => Object.hasOwn(labels, i)),
      'does not number the labels from 0 on',
    )
    .refine((labels) => new Set(Object.values(labels)).size === Object.keys(labels).length, 'has a label twice'),
  problem_type: z.enum(['single_label_classification', 'multi_label_classification']).nullish(),
  /** Some models keep two places for themselves. */
  max_position_embeddings: z.int().min(8).nullish(),
});

export interface ExportedClassifier {
  /** In the order of the graph's scores. */
  labels: string[];
  /** Several labels may hold at once: each score is a logit of its own. */
  isMultiLabel: boolean;
  /** With the marks at the beginning and the end. */
  mostTokens: number;
}

/** Throws BAD_INPUT that names the file and the fault. */
export async function readExported(directory: string): Promise<ExportedClassifier> {
  for (const name of EXPORTED_FILES) {
    const file = path.join(directory, name);
    const found = await stat(file).catch(() => null);
    if (!found?.isFile())
      throw badFile(file, `is missing. Export the classifier with its tokenizer, as transformers’ tools do`);
    if (found.size > MOST_BYTES[name])
      throw badFile(file, `has ${found.size} bytes, and ${MOST_BYTES[name]} are the most. Use a smaller classifier`);
  }
  const file = path.join(directory, 'config.json');
  const { data, error } = Config.safeParse(await readJson(file));
  if (!data) {
    const [issue] = error.issues;
    throw badFile(file, `${issue!.path.join('.') || 'config'}: ${issue!.message}. Export the classifier again`);
  }
  const labels = Object.keys(data.id2label).map((_, i) => data.id2label[i]!);
  return {
    labels,
    isMultiLabel: data.problem_type === 'multi_label_classification' || labels.length === 1,
    mostTokens: Math.min(MOST_TOKENS, (data.max_position_embeddings ?? MOST_TOKENS + 2) - 2),
  };
}

export async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw badFile(file, 'is not JSON. Export the classifier again', cause);
  }
}

export const badFile = (file: string, fault: string, cause?: unknown) =>
  new AttuneError('BAD_INPUT', `${file} ${fault}.`, { param: 'classifier', cause });
