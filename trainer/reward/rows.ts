// Cuts feedback to a number of tokens, all answers of an example behind the same part of their prompt.

import { answersOf, type RewardExample } from '@/trainer/math/reward-examples';
import type { AnswerGroup } from '@/trainer/model/packing';

/**
 * What is too long loses the start of its prompt, since the end of the answer is scored; siblings lose as much, so that
 * all of them are judged behind the same context. A token of the prompt always stays.
 */
export function fitGroup({ promptIds, answers }: AnswerGroup, maxTokens: number): AnswerGroup {
  const lastOf = (ids: Int32Array, count: number) => (ids.length <= count ? ids : ids.slice(ids.length - count));
  const fitted = answers.map((ids) => lastOf(ids, maxTokens - 1));
  const longest = Math.max(...fitted.map((ids) => ids.length));
  return { promptIds: lastOf(promptIds, maxTokens - longest), answers: fitted };
}

export const groupOf = (example: RewardExample, maxTokens: number): AnswerGroup =>
  fitGroup({ promptIds: example.promptIds, answers: answersOf(example) }, maxTokens);

/** Tokens of a group behind one copy of its prompt. */
export const groupSize = ({ promptIds, answers }: AnswerGroup) =>
  answers.reduce((sum, { length }) => sum + length, promptIds.length);
