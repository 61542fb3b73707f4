// Log-probs of many completions, in micro-batches by length, under one adapter and without a gradient.
import { type Tensor3D, tf } from '@/trainer/backend';
import { packByLength } from '@/trainer/math/micro-batch';
import { completionLogprobs } from '@/trainer/model/logprobs';
import { completionPositions } from '@/trainer/model/positions';
import type { Backbone, CompletionPositions, Lora } from '@/trainer/model/types';

/** Ids of a prompt and its completion, which includes the end token if there is one. */
export interface Completion {
  promptIds: Int32Array;
  completionIds: Int32Array;
}

export const joinCompletion = ({ promptIds, completionIds }: Completion): Int32Array => {
  const ids = new Int32Array(promptIds.length + completionIds.length);
  ids.set(promptIds);
  ids.set(completionIds, promptIds.length);
  return ids;
};

/** Rows of some completions with the positions that predict their completion tokens, completion by completion. */
export function batchCompletions(completions: readonly Completion[]): {
  ids: Int32Array[];
  positions: CompletionPositions;
} {
  const ids = completions.map(joinCompletion);
  return {
    ids,
    positions: completionPositions(
      ids,
      completions.map(({ promptIds }) => promptIds.length),
    ),
  };
}

/** Cuts a flat array into rows of the given lengths. */
export function splitByLength(flat: Float32Array, lengths: ArrayLike<number>): Float32Array[] {
  let start = 0;
  return Array.from(lengths, (length) => {
    const row = flat.slice(start, start + length);
    start += length;
    return row;
  });
}

/**
 * log p and entropy of every completion token at temperature 1; one row per completion. `visit` gets each micro-batch's
 * hidden states [B, T, H], the positions in them, and which completions they are.
 */
export function scoreCompletions(
  backbone: Backbone,
  lora: Lora | null,
  completions: readonly Completion[],
  microBatchTokens: number,
  visit?: (hidden: Tensor3D, positions: CompletionPositions, rows: number[]) => void,
): { logprobs: Float32Array[]; entropy: Float32Array[] } {
  const logprobs: Float32Array[] = new Array(completions.length);
  const entropy: Float32Array[] = new Array(completions.length);
  const lengths = completions.map(({ promptIds, completionIds }) => promptIds.length + completionIds.length);
  for (const rows of packByLength(lengths, microBatchTokens)) {
    const group = rows.map((row) => completions[row]!);
    const { ids, positions } = batchCompletions(group);
    const completionLengths = group.map(({ completionIds }) => completionIds.length);
    tf.tidy(() => {
      const hidden = backbone.hidden({ ids }, lora);
      const scored = completionLogprobs(backbone, hidden, positions);
      splitByLength(scored.logprobs, completionLengths).forEach((row, i) => {
        logprobs[rows[i]!] = row;
      });
      splitByLength(scored.entropy, completionLengths).forEach((row, i) => {
        entropy[rows[i]!] = row;
      });
      visit?.(hidden, positions, rows);
    });
  }
  return { logprobs, entropy };
}
