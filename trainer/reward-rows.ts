// Lays the answers of feedback examples out as rows of tokens, with the positions that a reward head reads.
import { answersOf, type RewardExample } from './reward-examples';
import { fitRow } from './reward-scorer';

/**
 * One row an answer. All answers of an example keep the same part of the prompt: a row that is too long loses the start of
 * its prompt, and its siblings lose as much.
 */
export function rowsOf(example: RewardExample, maxTokens: number): Int32Array[] {
  const answers = answersOf(example);
  const longest = Math.max(...answers.map((ids) => ids.length));
  const room = Math.max(0, maxTokens - longest);
  const { promptIds } = example;
  const kept = promptIds.length <= room ? promptIds : promptIds.slice(promptIds.length - room);
  return answers.map((answerIds) => fitRow({ promptIds: kept, answerIds }, maxTokens));
}
