// Turns a snapshot's rows into what DPO and KTO learn from, and into answers that may be imitated alongside a reward.

import type { SnapshotRow } from '@/core/snapshot/snapshot';
import type { PreferencePair, ThumbedCompletion } from '@/trainer/math/loss/preference';
import { decidedPairs } from '@/trainer/math/loss/ranking';
import type { Completion } from '@/trainer/sampling/completion-logprobs';
import { believedRows } from './believed';
import { rewardExamples } from './examples';

/**
 * A correction beats its original, a pick each other answer, and a ranked answer each worse one; ratings and questionnaires
 * give no preference.
 */
export function preferencesOf(rows: readonly SnapshotRow[]): {
  comparisons: PreferencePair[];
  thumbs: ThumbedCompletion[];
} {
  const comparisons: PreferencePair[] = [];
  const thumbs: ThumbedCompletion[] = [];
  for (const example of rewardExamples(rows)) {
    const { promptIds, weight } = example;
    const prefer = (chosenIds: Int32Array, rejectedIds: Int32Array, share: number) =>
      comparisons.push({ promptIds, chosenIds, rejectedIds, outcome: 'chosen', weight: weight * share });
    if (example.kind === 'comparison') comparisons.push(example);
    else if (example.kind === 'thumb') thumbs.push(example);
    else if (example.kind === 'correction') prefer(example.correctedIds, example.originalIds, 1);
    else if (example.kind === 'best_of') {
      const { completions, best } = example;
      // One vote stays one vote, however many answers it was over.
      for (const [i, other] of completions.entries())
        if (i !== best) prefer(completions[best]!, other, 1 / (completions.length - 1));
    } else if (example.kind === 'ranking') {
      const decided = decidedPairs(example.ranks);
      for (const [winner, loser] of decided)
        prefer(example.completions[winner]!, example.completions[loser]!, 1 / decided.length);
    }
  }
  return { comparisons, thumbs };
}

/** Demonstrations and corrected answers on one side of the split. */
export function shownCompletions(rows: readonly SnapshotRow[], split: SnapshotRow['split'] = 'train'): Completion[] {
  return believedRows(rows).flatMap((row) => {
    if (row.split !== split || (row.kind !== 'demonstration' && row.kind !== 'correction')) return [];
    const completionIds = row.kind === 'demonstration' ? row.answerIds : row.correctedIds;
    return [{ promptIds: Int32Array.from(row.promptIds), completionIds: Int32Array.from(completionIds) }];
  });
}
