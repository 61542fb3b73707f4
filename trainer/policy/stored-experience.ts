// Logged answers as experience: which of them may be learnt from, and how far behind the policy their sampler is.
import { AttuneError } from '@/core/errors';
import type { StoredGeneration } from '@/trainer/data/examples';
import type { Answer } from '@/trainer/sampling/completion-logprobs';

export interface StoredLimits {
  /** Updates by which an answer may be behind the policy that learns from it. */
  maxStaleness: number;
  maxPromptTokens: number;
  maxResponseTokens: number;
  endIds: readonly number[];
}

export interface StoredAnswer extends Answer {
  logprobs: Float32Array;
  updatesBehind: number;
}

export type Refusal = 'truncated_sampling' | 'too_long' | 'empty' | 'stale';

/**
 * What may be learnt from at all, the furthest behind first, and how much was refused. Top-k, top-p, penalties and other
 * temperatures are refused: such answers are not samples of the distribution whose log-probs they carry, which makes
 * negative divergence, free reward (TRL 6789).
 */
export function screenStored(
  stored: readonly StoredGeneration[],
  limits: StoredLimits,
): { answers: StoredAnswer[]; refused: Record<Refusal, number> } {
  const refused: Record<Refusal, number> = { truncated_sampling: 0, too_long: 0, empty: 0, stale: 0 };
  const answers = stored.flatMap((generation): StoredAnswer[] => {
    const { promptIds, completionIds, logprobs, sampling, updatesBehind } = generation;
    if (logprobs.length !== completionIds.length) {
      throw new AttuneError(
        'BAD_INPUT',
        `A stored answer of ${completionIds.length} tokens has ${logprobs.length} log-probs. Leave it out.`,
      );
    }
    const answerIds = truncateResponse(completionIds, limits.endIds);
    const { temperature, topK, topP, repetitionPenalty } = sampling;
    const reason: Refusal | null =
      temperature !== 1 || topK > 0 || topP < 1 || repetitionPenalty !== 1
        ? 'truncated_sampling'
        : answerIds.length === 0 || promptIds.length === 0
          ? 'empty'
          : promptIds.length > limits.maxPromptTokens || answerIds.length > limits.maxResponseTokens
            ? 'too_long'
            : updatesBehind > limits.maxStaleness
              ? 'stale'
              : null;
    if (reason) {
      refused[reason]++;
      return [];
    }
    return [{ promptIds, answerIds, logprobs: logprobs.slice(0, answerIds.length), updatesBehind }];
  });
  return { answers: answers.sort((a, b) => b.updatesBehind - a.updatesBehind), refused };
}

/** The answer up to its first end token, which belongs to it. */
export function truncateResponse(ids: Int32Array, endIds: readonly number[]): Int32Array {
  const end = ids.findIndex((id) => endIds.includes(id));
  return end < 0 ? ids : ids.slice(0, end + 1);
}

/**
 * The next stored answers for one iteration, and the cursor behind them. Each is used once; one that has meanwhile fallen
 * too far behind is passed over.
 */
export function takeStored(
  answers: readonly StoredAnswer[],
  cursor: number,
  count: number,
  { iteration, maxStaleness }: { iteration: number; maxStaleness: number },
): { taken: StoredAnswer[]; cursor: number; stale: number } {
  const taken: StoredAnswer[] = [];
  let stale = 0;
  let next = cursor;
  for (; next < answers.length && taken.length < count; next++) {
    if (answers[next]!.updatesBehind + iteration > maxStaleness) stale++;
    else taken.push(answers[next]!);
  }
  return { taken, cursor: next, stale };
}
