// Cuts feedback to a number of tokens; all completions of an example follow the same part of their prompt.

import { completionsOf, type RewardExample } from '@/trainer/math/reward-examples';
import type { CompletionGroup } from '@/trainer/model/packing';

/**
 * A group that is too long loses the start of its prompt, because the end of a completion is scored; siblings lose as
 * much, so that all of them are judged in the same context. At least one token of the prompt stays.
 */
export function fitGroup({ promptIds, completions }: CompletionGroup, maxTokens: number): CompletionGroup {
  const lastOf = (ids: Int32Array, count: number) => (ids.length <= count ? ids : ids.slice(ids.length - count));
  const fitted = completions.map((ids) => lastOf(ids, maxTokens - 1));
  const longest = Math.max(...fitted.map((ids) => ids.length));
  return { promptIds: lastOf(promptIds, maxTokens - longest), completions: fitted };
}

export const groupOf = (example: RewardExample, maxTokens: number): CompletionGroup =>
  fitGroup({ promptIds: example.promptIds, completions: completionsOf(example) }, maxTokens);

/** Tokens of a group with one copy of its prompt. */
export const groupSize = ({ promptIds, completions }: CompletionGroup) =>
  completions.reduce((sum, { length }) => sum + length, promptIds.length);
