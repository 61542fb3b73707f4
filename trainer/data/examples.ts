// Turns a snapshot's rows into what the algorithms train on and are judged by.
import { qualityOf } from '@/core/feedback/quality';
import type { SnapshotRow } from '@/core/snapshot/snapshot';
import type { Signal } from '@/trainer/math/loss/implicit';
import type { RewardExample } from '@/trainer/math/reward-examples';
import { believedRows } from './believed';
import { type Demonstration, demonstrationOfCompletion } from './demonstrations';

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

/** What the rows of one side say about completions; implicit signals are not among them. */
export function rewardExamples(rows: readonly SnapshotRow[], split: SnapshotRow['split'] = 'train'): RewardExample[] {
  return believedRows(rows).flatMap((row) => (row.split === split ? rewardExample(row) : []));
}

const ids = (values: readonly number[]) => Int32Array.from(values);

function rewardExample(row: SnapshotRow): RewardExample[] {
  if (row.kind === 'prompt' || row.kind === 'generation') return [];
  const rater = row.raterId;
  const judged = {
    promptIds: ids(row.promptIds),
    weight: row.trust ?? 1,
    rater,
    ...(row.isVouchedFor && { isVouchedFor: row.isVouchedFor }),
    ...(row.groups && { groups: row.groups }),
  };
  switch (row.kind) {
    case 'thumb':
      return [{ kind: 'thumb', ...judged, completionIds: ids(row.answer.ids), up: row.up }];
    case 'comparison': {
      const [chosen, rejected] = row.choice === 'right' ? [row.right, row.left] : [row.left, row.right];
      const outcome = row.choice === 'left' || row.choice === 'right' ? 'chosen' : row.choice;
      const sides = { chosenIds: ids(chosen.ids), rejectedIds: ids(rejected.ids) };
      const isChosenLeft = row.choice !== 'right';
      return [{ kind: 'comparison', ...judged, ...sides, outcome, margin: row.margin ?? 0, isChosenLeft }];
    }
    case 'best_of':
      return [{ kind: 'best_of', ...judged, completions: row.answers.map(ids), best: row.best }];
    case 'ranking':
      return [{ kind: 'ranking', ...judged, completions: row.answers.map(ids), ranks: row.ranks }];
    case 'rating':
      return [{ kind: 'rating', ...judged, completionIds: ids(row.answerIds), value: row.value }];
    case 'questionnaire': {
      const said = { quality: row.quality ?? qualityOfFlaws(row), isVolunteered: row.isVolunteered ?? false };
      return [{ kind: 'questionnaire', ...judged, completionIds: ids(row.answerIds), ...said }];
    }
    case 'correction': {
      const sides = { originalIds: ids(row.originalIds), correctedIds: ids(row.correctedIds) };
      return [{ kind: 'correction', ...judged, ...sides, margin: 0 }];
    }
    case 'demonstration':
    case 'implicit':
      return [];
  }
}

function qualityOfFlaws({ flaws, flawWeights }: Extract<SnapshotRow, { kind: 'questionnaire' }>): number {
  const questions = Object.entries(flawWeights.weights).map(([id, weight]) => ({ id, kind: 'flaw' as const, weight }));
  return qualityOf(questions, Object.fromEntries(flaws.map((flaw) => [flaw, true]))) ?? 1;
}

/** Milliseconds to read a token: 238 words a minute (Brysbaert 2019, silent reading) of about 1.3 tokens each. */
const READING_MS = 60_000 / 238 / 1.3;

/** What people did with completions; `share` is the weight of one of these beside a vote. */
export function implicitExamples(rows: readonly SnapshotRow[], share: number): RewardExample[] {
  return believedRows(rows).flatMap((row): RewardExample[] => {
    if (row.split !== 'train' || row.kind !== 'implicit') return [];
    const { copied, regenerated, abandoned, dwellMs } = row;
    const signals = new Map<Signal, boolean>([
      ['copied', copied],
      ['regenerated', regenerated],
      ['abandoned', abandoned],
    ]);
    if (dwellMs !== undefined) signals.set('read', dwellMs >= READING_MS * row.answerIds.length);
    const judged = {
      promptIds: ids(row.promptIds),
      weight: row.trust,
      share,
      ...(row.groups && { groups: row.groups }),
    };
    return [{ kind: 'implicit', ...judged, completionIds: ids(row.answerIds), signals }];
  });
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
  const train = believedRows(rows).filter((row) => row.split === 'train');
  for (const row of train) {
    if (row.kind === 'thumb') addTop(row.promptIds, row.answer.ids, row.up, row.trust ?? 1);
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
