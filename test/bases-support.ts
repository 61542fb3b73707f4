// Loads the tiny models of test/fixtures/bases and the logits that transformers computes for them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const folder = join(import.meta.dirname, 'fixtures/bases');
export const FAMILIES = ['llama3', 'linear', 'mistral', 'qwen2', 'qwen3', 'gemma3'] as const;
export type Family = (typeof FAMILIES)[number];

export const familyFolder = (family: Family) => join(folder, family);

const Reference = z.object({
  ids: z.array(z.int()),
  positions: z.array(z.int()),
  /** [positions][vocabulary] */
  logits: z.array(z.array(z.number())),
});
export const readReference = (family: Family) =>
  Reference.parse(JSON.parse(readFileSync(join(familyFolder(family), 'reference.json'), 'utf8')));

export const largestDifference = (actual: ArrayLike<number>, expected: ArrayLike<number>) =>
  Math.max(...Array.from(expected, (value, i) => Math.abs(actual[i]! - value)));
