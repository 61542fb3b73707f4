// Log-probs of many answers, in micro-batches by length, through one adapter without a gradient.
import { type Tensor3D, tf } from '@/trainer/backend';
import { packByLength } from '@/trainer/math/micro-batch';
import { responseLogprobs } from '@/trainer/model/logprobs';
import { responsePositions } from '@/trainer/model/positions';
import type { Lora, ResponsePositions, Trunk } from '@/trainer/model/types';

/** Ids of a prompt and of what was answered, the end token included where there is one. */
export interface Answer {
  promptIds: Int32Array;
  answerIds: Int32Array;
}

export const joinAnswer = ({ promptIds, answerIds }: Answer): Int32Array => {
  const ids = new Int32Array(promptIds.length + answerIds.length);
  ids.set(promptIds);
  ids.set(answerIds, promptIds.length);
  return ids;
};

/** Padded rows of some answers with the positions that predict their response tokens, answer after answer. */
export function batchAnswers(answers: readonly Answer[]): { ids: Int32Array[]; positions: ResponsePositions } {
  const ids = answers.map(joinAnswer);
  return {
    ids,
    positions: responsePositions(
      ids,
      answers.map(({ promptIds }) => promptIds.length),
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
 * log p and entropy of every response token at temperature 1; a row per answer. `visit` sees each micro-batch's hidden
 * states [B, T, H], the response positions in them, and which answers they are.
 */
export function scoreResponses(
  trunk: Trunk,
  lora: Lora | null,
  answers: readonly Answer[],
  microBatchTokens: number,
  visit?: (hidden: Tensor3D, positions: ResponsePositions, rows: number[]) => void,
): { logprobs: Float32Array[]; entropy: Float32Array[] } {
  const logprobs: Float32Array[] = new Array(answers.length);
  const entropy: Float32Array[] = new Array(answers.length);
  const lengths = answers.map(({ promptIds, answerIds }) => promptIds.length + answerIds.length);
  for (const rows of packByLength(lengths, microBatchTokens)) {
    const group = rows.map((row) => answers[row]!);
    const { ids, positions } = batchAnswers(group);
    const answerLengths = group.map(({ answerIds }) => answerIds.length);
    tf.tidy(() => {
      const hidden = trunk.hidden({ ids }, lora);
      const scored = responseLogprobs(trunk, hidden, positions);
      splitByLength(scored.logprobs, answerLengths).forEach((row, i) => {
        logprobs[rows[i]!] = row;
      });
      splitByLength(scored.entropy, answerLengths).forEach((row, i) => {
        entropy[rows[i]!] = row;
      });
      visit?.(hidden, positions, rows);
    });
  }
  return { logprobs, entropy };
}
