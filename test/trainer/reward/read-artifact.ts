// Reads an exported reward model back, as a program outside Attune would.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readAdapter } from '@/core/artifact/adapter-files';
import type { RewardArtifact } from '@/core/artifact/reward-artifact';
import { AttuneError } from '@/core/errors';
import { readSafetensors } from '@/core/formats/safetensors';
import { sha256File } from '@/core/hash';

const HEADS_FILE = 'heads.safetensors';
export const REWARD_FILE = 'reward.json';

const RewardState = z.object({
  baseId: z.string(),
  baseSha256: z.string(),
  /** A row with more tokens loses the start of its prompt. */
  maxTokens: z.int().min(1),
  /** A normalised score is gain * (mean of the heads - uncertaintyPenalty * their deviation) + bias. */
  uncertaintyPenalty: z.number(),
  gain: z.number(),
  bias: z.number(),
  /** p(one beats another) = sigmoid(difference of raw scores / temperature). */
  temperature: z.number().positive(),
});

const Stored = RewardState.extend({
  blocks: z.array(z.int().min(1)).nullable().default(null),
  files: z.record(z.string(), z.string()),
});

/** Throws CORRUPT unless every file is the one that was written. */
export async function readRewardArtifact(directory: string): Promise<RewardArtifact> {
  const path = join(directory, REWARD_FILE);
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new AttuneError('NOT_FOUND', `Cannot read ${path}: ${cause.message}. Export the reward model again.`, {
      cause,
    });
  });
  const parsed = Stored.safeParse(JSON.parse(text));
  if (!parsed.success) throw new AttuneError('CORRUPT', `${path}: ${z.prettifyError(parsed.error)}`);
  const { files, blocks, ...state } = parsed.data;
  for (const [name, expected] of Object.entries(files)) {
    if ((await sha256File(join(directory, name))) !== expected) {
      throw new AttuneError('CORRUPT', `${join(directory, name)} is not the file that was exported. Export it again.`);
    }
  }
  const adapter = blocks ? null : await readAdapter(directory);
  return { state, adapter, blocks, heads: readHeads(join(directory, HEADS_FILE)) };
}

function readHeads(path: string): RewardArtifact['heads'] {
  const file = readSafetensors(path);
  try {
    const heads: RewardArtifact['heads'] = [];
    for (let i = 0; file.tensors.has(`head.${i}.weight`); i++) {
      const weight = file.tensors.get(`head.${i}.weight`)!.float32().slice();
      heads.push({ weight, bias: file.tensors.get(`head.${i}.bias`)!.float32()[0]! });
    }
    return heads;
  } finally {
    file.close();
  }
}
