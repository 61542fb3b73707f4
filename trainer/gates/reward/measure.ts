// Scores a candidate's and its parent's answers by the run's reward model, with the groups and turns of their prompts.
import type { Base } from '@/core/base/base';
import { endOfTurn } from '@/core/base/end-of-turn';
import { isGiven } from '@/core/snapshot/snapshot';
import type { Snapshot } from '@/trainer/data/snapshot';
import type { RewardModel } from '@/trainer/reward/scorer';
import type { Completion } from '@/trainer/sampling/completion-logprobs';
import type { RewardFigures } from './figures';
import { heldOutPairs } from './votes';

export function measureReward(
  base: Base,
  { rows }: Snapshot,
  reward: RewardModel,
  own: readonly Completion[],
  parents: readonly Completion[],
): RewardFigures {
  const groups = new Map<string, Record<string, string>>();
  for (const row of rows) {
    if (row.split !== 'heldout' || !isGiven(row) || !row.groups) continue;
    const key = row.promptIds.join();
    groups.set(key, { ...groups.get(key), ...row.groups });
  }
  const turnsOf = turnCounter(base);
  return {
    scores: { candidate: reward.score(own), parent: reward.score(parents) },
    logitsPerPoint: 1 / (reward.gain * reward.temperature),
    tokens: { candidate: lengthsOf(own), parent: lengthsOf(parents) },
    groups: own.map(({ promptIds }) => groups.get(promptIds.join()) ?? {}),
    isConversation: own.map(({ promptIds }) => turnsOf(promptIds) > 0),
    votes: heldOutPairs(rows, reward),
  };
}

const lengthsOf = (completions: readonly Completion[]) => completions.map(({ completionIds }) => completionIds.length);

/** Counts the turns before the last question, by the ends of turns that a prompt has beyond those of a first question. */
function turnCounter(base: Base): (promptIds: Int32Array) => number {
  const end = endOfTurn(base);
  const ends = (ids: ArrayLike<number>) => Array.from(ids).filter((id) => id === end).length;
  const first = ends(base.renderPrompt([{ role: 'user', content: 'a' }]));
  return (promptIds) => Math.max(0, ends(promptIds) - first);
}
