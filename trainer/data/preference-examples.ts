// Turns a snapshot's rows into what DPO and KTO learn from, and into the answers that may be imitated beside a reward.

import type { PreferencePair, ThumbedAnswer } from '@/trainer/math/preference-loss';
import type { Answer } from '@/trainer/sampling/completion-logprobs';
import { rewardExamples } from './examples';
import type { SnapshotRow } from './snapshot';

/** A correction beats what it corrects, a pick beats each of the others; ratings and questionnaires prefer nothing. */
export function preferencesOf(rows: readonly SnapshotRow[]): {
  comparisons: PreferencePair[];
  thumbs: ThumbedAnswer[];
} {
  const comparisons: PreferencePair[] = [];
  const thumbs: ThumbedAnswer[] = [];
  for (const example of rewardExamples(rows)) {
    const { promptIds, weight } = example;
    const prefer = (chosenIds: Int32Array, rejectedIds: Int32Array, share: number) =>
      comparisons.push({ promptIds, chosenIds, rejectedIds, outcome: 'chosen', weight: weight * share });
    if (example.kind === 'comparison') comparisons.push(example);
    else if (example.kind === 'thumb') thumbs.push(example);
    else if (example.kind === 'correction') prefer(example.correctedIds, example.originalIds, 1);
    else if (example.kind === 'best_of') {
      const { answers, best } = example;
      // One vote stays one vote, however many answers it was over.
      for (const [i, other] of answers.entries())
        if (i !== best) prefer(answers[best]!, other, 1 / (answers.length - 1));
    }
  }
  return { comparisons, thumbs };
}

/** Of the training side. */
export function shownAnswers(rows: readonly SnapshotRow[], split: SnapshotRow['split'] = 'train'): Answer[] {
  return rows.flatMap((row) => {
    if (row.split !== split || (row.kind !== 'demonstration' && row.kind !== 'correction')) return [];
    const answerIds = row.kind === 'demonstration' ? row.answerIds : row.correctedIds;
    return [{ promptIds: Int32Array.from(row.promptIds), answerIds: Int32Array.from(answerIds) }];
  });
}
