// Declares a version's manifest.json: what it was made from and each file's hash, so that it can be checked and traced.
import { z } from 'zod';
import { Fingerprint } from './fingerprint';

/** What a gate may have too little of. */
const LACKING = ['pairs', 'prompts', 'answers', 'tokens', 'facts', 'conversations', 'groups'] as const;

export const GateResult = z.object({
  name: z.string(),
  value: z.number(),
  threshold: z.number(),
  /** `max`: value must not exceed the threshold; `min`: value must reach it; `above`: value must exceed it. */
  bound: z.enum(['min', 'max', 'above']),
  passed: z.boolean(),
  note: z.string().optional(),
  /** Figures beside the value, for example the number of answers; never words, because a rule's words are private. */
  evidence: z.record(z.string(), z.number()).optional(),
  /** Too little was measured for a decision: the gate has neither passed nor failed, and `passed` is false. */
  lacks: z.strictObject({ unit: z.enum(LACKING), has: z.int(), needs: z.int() }).optional(),
});
export type GateResult = z.infer<typeof GateResult>;

/** What a version and its parent answered to a question of the product's own. */
const ExampleAnswers = z.object({ question: z.string(), before: z.string(), after: z.string() });
export type ExampleAnswers = z.infer<typeof ExampleAnswers>;

/** An adapter that was trained elsewhere: the id that its version gets, and the file or folder that it came from. */
export const ImportedAdapter = z.object({
  versionId: z.string().min(1),
  fileName: z.string(),
  /** Hash of adapter_model.safetensors as it came. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.int().min(1),
  rank: z.int().min(1),
});
export type ImportedAdapter = z.infer<typeof ImportedAdapter>;

export const Manifest = z.object({
  format: z.literal(1),
  versionId: z.string().min(1),
  /** Name of the frozen base and the sha256 of its weight file. */
  baseId: z.string().min(1),
  baseSha256: z.string().regex(/^[0-9a-f]{64}$/),
  parentVersionId: z.string().nullable(),
  runId: z.string().nullable(),
  snapshotId: z.string().nullable(),
  snapshotSha256: z.string().nullable(),
  /** Where it came from; absent for a version that was trained here. */
  imported: ImportedAdapter.optional(),
  gates: z.array(GateResult),
  examples: z.array(ExampleAnswers).optional(),
  /** Versions of earlier releases have none, and an engine cannot check what they are. */
  fingerprint: Fingerprint.optional(),
  createdAt: z.iso.datetime(),
  /** sha256 of every other file in the directory, by its name. */
  files: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)),
});
export type Manifest = z.infer<typeof Manifest>;

/** The id of the base itself, which is a version without an adapter. */
export const BASE_VERSION_ID = 'base';
