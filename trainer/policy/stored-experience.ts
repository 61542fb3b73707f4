// Logged completions as experience: which of them may be learnt from, and how many updates old they are.
import { AttuneError } from '@/core/errors';
import type { StoredGeneration } from '@/trainer/data/examples';
import type { Completion } from '@/trainer/sampling/completion-logprobs';

export interface StoredLimits {
  /** Most policy updates between a completion's sampler and the policy that learns from it. */
  maxStaleness: number;
  maxPromptTokens: number;
  maxResponseTokens: number;
  endIds: readonly number[];
}

export interface StoredCompletion extends Completion {
  logprobs: Float32Array;
  updatesBehind: number;
}

export type Refusal = 'truncated_sampling' | 'too_long' | 'empty' | 'stale';

/**
 * The completions that may be learnt from, those most updates behind first, and how many were refused. Top-k, top-p,
 * penalties and other temperatures are refused: such completions are not samples of the distribution whose log-probs
 * they carry, which gives negative divergence and so free reward (TRL 6789).
 */
export function screenStored(
  stored: readonly StoredGeneration[],
  limits: StoredLimits,
): { completions: StoredCompletion[]; refused: Record<Refusal, number> } {
  const refused: Record<Refusal, number> = { truncated_sampling: 0, too_long: 0, empty: 0, stale: 0 };
  const completions = stored.flatMap((generation): StoredCompletion[] => {
    const { promptIds, completionIds: logged, logprobs, sampling, updatesBehind } = generation;
    if (logprobs.length !== logged.length) {
      throw new AttuneError(
        'BAD_INPUT',
        `A stored completion of ${logged.length} tokens has ${logprobs.length} log-probs. Leave it out.`,
      );
    }
    const completionIds = truncateCompletion(logged, limits.endIds);
    const { temperature, topK, topP, repetitionPenalty } = sampling;
    const reason: Refusal | null =
      temperature !== 1 || topK > 0 || topP < 1 || repetitionPenalty !== 1
        ? 'truncated_sampling'
        : completionIds.length === 0 || promptIds.length === 0
          ? 'empty'
          : promptIds.length > limits.maxPromptTokens || completionIds.length > limits.maxResponseTokens
            ? 'too_long'
            : updatesBehind > limits.maxStaleness
              ? 'stale'
              : null;
    if (reason) {
      refused[reason]++;
      return [];
    }
    return [{ promptIds, completionIds, logprobs: logprobs.slice(0, completionIds.length), updatesBehind }];
  });
  return { completions: completions.sort((a, b) => b.updatesBehind - a.updatesBehind), refused };
}

/** The completion up to and including its first end token. */
export function truncateCompletion(ids: Int32Array, endIds: readonly number[]): Int32Array {
  const end = ids.findIndex((id) => endIds.includes(id));
  return end < 0 ? ids : ids.slice(0, end + 1);
}

/**
 * The next stored completions for one iteration, and the cursor after them. Each is used once, or skipped if it has
 * become too old in the meantime.
 */
export function takeStored(
  completions: readonly StoredCompletion[],
  cursor: number,
  count: number,
  { iteration, maxStaleness }: { iteration: number; maxStaleness: number },
): { taken: StoredCompletion[]; cursor: number; stale: number } {
  const taken: StoredCompletion[] = [];
  let stale = 0;
  let next = cursor;
  for (; next < completions.length && taken.length < count; next++) {
    if (completions[next]!.updatesBehind + iteration > maxStaleness) stale++;
    else taken.push(completions[next]!);
  }
  return { taken, cursor: next, stale };
}
