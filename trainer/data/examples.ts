// Turns a snapshot's rows into what the algorithms train on and are judged by.

import type { RewardExample } from '@/trainer/math/reward-examples';
import { type Demonstration, demonstrationOfCompletion } from './demonstrations';
import type { SnapshotRow } from './snapshot';

/** A generation as the product logs it. */
export interface StoredGeneration {
  promptIds: Int32Array;
  completionIds: Int32Array;
  /** log p of each completion token as sampled: temperature 1, the full vocabulary. */
  logprobs: Float32Array;
  sampling: { temperature: number; topK: number; topP: number; repetitionPenalty: number };
  /** Updates between the version that answered and the parent of this run; 0 is the parent itself. */
  updatesBehind: number;
}

/** Weight of a comparison or a thumb: their rows carry no trust, so every rater counts the same. */
const WEIGHT = 1;

export function rewardExamples(rows: readonly SnapshotRow[]): RewardExample[] {
  return rows.flatMap((row) => (row.split === 'train' ? rewardExample(row) : []));
}

function rewardExample(row: SnapshotRow): RewardExample[] {
  const ids = (values: readonly number[]) => Int32Array.from(values);
  const promptIds = ids(row.promptIds);
  if (row.kind === 'prompt' || row.kind === 'demonstration' || row.kind === 'generation') return [];
  if (row.kind === 'thumb') {
    const completionIds = ids(row.answer.ids);
    return [{ kind: 'thumb', promptIds, completionIds, up: row.up, rater: row.raterId, weight: WEIGHT }];
  }
  if (row.kind === 'comparison') {
    const [chosen, rejected] = row.choice === 'right' ? [row.right, row.left] : [row.left, row.right];
    const outcome = row.choice === 'left' || row.choice === 'right' ? 'chosen' : row.choice;
    const sides = { chosenIds: ids(chosen.ids), rejectedIds: ids(rejected.ids) };
    return [{ kind: 'comparison', promptIds, ...sides, outcome, margin: row.margin ?? 0, weight: WEIGHT }];
  }
  const judged = { promptIds, weight: row.trust, ...(row.groups && { groups: row.groups }) };
  switch (row.kind) {
    case 'best_of':
      return [{ kind: 'best_of', ...judged, completions: row.answers.map(ids), best: row.best }];
    case 'rating':
      return [{ kind: 'rating', ...judged, completionIds: ids(row.answerIds), value: row.value, rater: row.raterId }];
    case 'questionnaire': {
      const { flaws, flawWeights, raterId: rater } = row;
      return [{ kind: 'questionnaire', ...judged, completionIds: ids(row.answerIds), flaws, flawWeights, rater }];
    }
    case 'correction': {
      const sides = { originalIds: ids(row.originalIds), correctedIds: ids(row.correctedIds) };
      return [{ kind: 'correction', ...judged, ...sides, margin: 0 }];
    }
  }
}

/**
 * The rows that SFT learns: demonstrations, corrected answers, and answers all of whose ratings are top ratings. A
 * top-rated answer that was cut off is left out, because from it the policy would learn not to end.
 */
export function demonstrationRows(
  rows: readonly SnapshotRow[],
  { leastRating, endIds }: { leastRating: number; endIds: readonly number[] },
): Demonstration[] {
  const found = new Map<string, { promptIds: Int32Array; completionIds: Int32Array; weight: number }>();
  const disliked = new Set<string>();
  const keyOf = (promptIds: readonly number[], completionIds: readonly number[]) => `${promptIds} ${completionIds}`;
  const add = (promptIds: readonly number[], completionIds: readonly number[], weight: number) => {
    const key = keyOf(promptIds, completionIds);
    if ((found.get(key)?.weight ?? -1) >= weight) return;
    found.set(key, { promptIds: Int32Array.from(promptIds), completionIds: Int32Array.from(completionIds), weight });
  };
  const addTop = (promptIds: readonly number[], completionIds: readonly number[], isTop: boolean, weight: number) => {
    if (!isTop) disliked.add(keyOf(promptIds, completionIds));
    else if (endIds.includes(completionIds.at(-1)!)) add(promptIds, completionIds, weight);
  };
  const train = rows.filter((row) => row.split === 'train');
  for (const row of train) {
    if (row.kind === 'thumb') addTop(row.promptIds, row.answer.ids, row.up, WEIGHT);
    if (row.kind === 'rating') addTop(row.promptIds, row.answerIds, row.value >= leastRating, row.trust);
  }
  for (const key of disliked) found.delete(key);
  for (const row of train) {
    if (row.kind === 'demonstration') add(row.promptIds, row.answerIds, row.trust);
    if (row.kind === 'correction') add(row.promptIds, row.correctedIds, row.trust);
  }
  return [...found.values()].map(({ weight, ...completion }) => demonstrationOfCompletion(completion, weight));
}

/** Prompts on one side of the split that leave room for a completion. */
export function promptsOf(
  rows: readonly SnapshotRow[],
  split: SnapshotRow['split'],
  maxPromptTokens: number,
): Int32Array[] {
  return rows
    .filter((row) => row.kind === 'prompt' && row.split === split && row.promptIds.length <= maxPromptTokens)
    .map((row) => Int32Array.from(row.promptIds));
}

/** Logged completions of the run's parent for training prompts, as experience. */
export function loggedCompletions(rows: readonly SnapshotRow[]): StoredGeneration[] {
  return rows.flatMap((row): StoredGeneration[] => {
    if (row.kind !== 'generation' || row.split !== 'train') return [];
    return [
      {
        promptIds: Int32Array.from(row.promptIds),
        completionIds: Int32Array.from(row.answerIds),
        logprobs: Float32Array.from(row.logprobs),
        sampling: { temperature: 1, topK: 0, topP: 1, repetitionPenalty: 1 },
        updatesBehind: 0,
      },
    ];
  });
}
