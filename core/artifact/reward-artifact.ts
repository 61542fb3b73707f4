// Writes and reads a reward model's files: its heads, its PEFT adapter if it has one, and how scores are normalised.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurably, writeFolder } from '@/core/durable-file';
import { AttuneError } from '@/core/errors';
import { type NamedTensors, writeSafetensors } from '@/core/formats/safetensors';
import { sha256File } from '@/core/hash';
import type { Adapter } from './adapter';
import { encodeAdapter } from './adapter-files';

const HEADS_FILE = 'heads.safetensors';
const REWARD_FILE = 'reward.json';

export interface RewardState {
  baseId: string;
  baseSha256: string;
  /** A longer row loses the start of its prompt. */
  maxTokens: number;
  /** A normalised score is gain * (mean of the heads - uncertaintyPenalty * their deviation) + bias. */
  uncertaintyPenalty: number;
  gain: number;
  bias: number;
  /** p(one beats another) = sigmoid(difference of raw scores / temperature). */
  temperature: number;
}

export interface RewardArtifact {
  state: RewardState;
  /** Null where the trunk is the base as it is. */
  adapter: Adapter | null;
  /** The block whose entering states each head reads, in the mean over the answer's tokens; null: see `heads`. */
  blocks: readonly number[] | null;
  /** weight [H]. Without blocks each reads the last token's hidden state, brought to mean 0 and variance 1. */
  heads: { weight: Float32Array; bias: number }[];
}

/** Writes all files or none; last the state, which has the hashes of the others. */
export async function writeRewardArtifact(directory: string, artifact: RewardArtifact): Promise<void> {
  const { state, adapter, blocks, heads } = artifact;
  if (existsSync(directory)) throw new AttuneError('CONFLICT', `${directory} exists already. Choose another folder.`);
  await writeFolder(directory, async (temporary) => {
    const files = adapter ? encodeAdapter(adapter, state.baseId) : {};
    for (const [name, content] of Object.entries(files)) await writeDurably(join(temporary, name), content);
    const tensors: NamedTensors = new Map();
    for (const [i, { weight, bias }] of heads.entries()) {
      tensors.set(`head.${i}.weight`, { shape: [weight.length], values: weight });
      tensors.set(`head.${i}.bias`, { shape: [1], values: Float32Array.of(bias) });
    }
    await writeSafetensors(join(temporary, HEADS_FILE), tensors);
    const hashes: Record<string, string> = {};
    for (const name of [...Object.keys(files), HEADS_FILE]) hashes[name] = await sha256File(join(temporary, name));
    await writeDurably(
      join(temporary, REWARD_FILE),
      `${JSON.stringify({ ...state, blocks, files: hashes }, null, 2)}\n`,
    );
  });
}
