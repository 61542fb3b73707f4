// Turns a snapshot's rows into what the algorithms train on and are judged by.
import type { RewardExample } from './reward-model';
import type { SnapshotRow } from './snapshot';

/** Every rater counts the same: trust in raters is not measured yet. */
const WEIGHT = 1;

export function rewardExamples(rows: readonly SnapshotRow[]): RewardExample[] {
  return rows.flatMap((row): RewardExample[] => {
    if (row.kind === 'prompt' || row.kind === 'demonstration' || row.split !== 'train') return [];
    const promptIds = Int32Array.from(row.promptIds);
    if (row.kind === 'thumb') {
      const answerIds = Int32Array.from(row.answer.ids);
      return [{ kind: 'thumb', promptIds, answerIds, up: row.up, rater: row.raterId, weight: WEIGHT }];
    }
    const [chosen, rejected] = row.choice === 'right' ? [row.right, row.left] : [row.left, row.right];
    return [
      {
        kind: 'comparison',
        promptIds,
        chosenIds: Int32Array.from(chosen.ids),
        rejectedIds: Int32Array.from(rejected.ids),
        outcome: row.choice === 'left' || row.choice === 'right' ? 'chosen' : row.choice,
        margin: 0,
        weight: WEIGHT,
      },
    ];
  });
}

/** Prompts of one side that leave room for an answer. */
export function promptsOf(
  rows: readonly SnapshotRow[],
  split: SnapshotRow['split'],
  maxPromptTokens: number,
): Int32Array[] {
  return rows
    .filter((row) => row.kind === 'prompt' && row.split === split && row.promptIds.length <= maxPromptTokens)
    .map((row) => Int32Array.from(row.promptIds));
}
