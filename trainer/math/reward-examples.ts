// The kinds of feedback that a reward model learns from, and which completions each of them judges.
import type { Signal } from '@/trainer/math/loss/implicit';
import type { SafetyLabels } from '@/trainer/math/loss/safety';
import type { Outcome } from '@/trainer/math/loss/score';

interface Judged {
  promptIds: Int32Array;
  /** Trust in the rater, -1 to 1; a vote below 0 counts turned over, because its rater reliably says the opposite. */
  weight: number;
  /** Factor beside the trust: what a group or a kind of feedback is to count for. 1 if absent. */
  share?: number;
  /** Whose judgement it is; unknown in many imported sets. */
  rater?: string | undefined;
  /** The weight is an admin's word, which no estimate changes. */
  isVouchedFor?: true;
  /** Groups by which reports are split, for example { language: 'de', raters: 'staff' }. */
  groups?: Record<string, string>;
}

export interface Comparison extends Judged {
  kind: 'comparison';
  /** In either order if they tie or both are bad. They include the end token unless the completion was cut off. */
  chosenIds: Int32Array;
  rejectedIds: Int32Array;
  outcome: Outcome;
  /** Logits by which the winner should lead; usually 0. */
  margin: number;
  /** Whether chosenIds stood on the left, where people look first; unknown if absent. */
  isChosenLeft?: boolean | undefined;
}

export interface BestOf extends Judged {
  kind: 'best_of';
  completions: Int32Array[];
  /** Index of the pick. */
  best: number;
}

/** A whole order; equal ranks tie, and 0 is the best. */
export interface Ranking extends Judged {
  kind: 'ranking';
  completions: Int32Array[];
  ranks: number[];
}

export interface Thumb extends Judged {
  kind: 'thumb';
  completionIds: Int32Array;
  up: boolean;
  rater: string;
}

/** A number from 1 to 10. */
export interface Rating extends Judged {
  kind: 'rating';
  completionIds: Int32Array;
  value: number;
  rater: string;
}

/** A questionnaire's answers as one score. */
export interface Questionnaire extends Judged {
  kind: 'questionnaire';
  completionIds: Int32Array;
  /** 0 to 1. */
  quality: number;
  /** The rater named flaws unasked: their answers without a flaw are not on record, so their mean says nothing. */
  isVolunteered: boolean;
  rater: string;
}

/** A better answer that a person wrote: it wins over the original, and is also a demonstration for SFT. */
export interface Correction extends Judged {
  kind: 'correction';
  originalIds: Int32Array;
  correctedIds: Int32Array;
  margin: number;
}

/** What a person did with a completion, not what they said of it. */
export interface Implicit extends Judged {
  kind: 'implicit';
  completionIds: Int32Array;
  /** Whether each signal that could be seen was seen. */
  signals: ReadonlyMap<Signal, boolean>;
}

/** Whether completions are safe, from which a cost model learns; a reward model never sees these. */
export interface Safety extends Judged, SafetyLabels {
  kind: 'safety';
  /** One, or two with the less safe first if they are ordered. */
  completions: Int32Array[];
}

export type RewardExample =
  | Comparison
  | BestOf
  | Ranking
  | Thumb
  | Rating
  | Questionnaire
  | Correction
  | Implicit
  | Safety;

/** The same for all examples of one prompt. */
export const promptKey = ({ promptIds }: Pick<Judged, 'promptIds'>): string => promptIds.join(',');

/** Whose judgement it is: each of an unknown rater counts as another person's. `at` is its place in the list. */
export const personOf = ({ rater }: Pick<Judged, 'rater'>, at: number): string => rater ?? `unknown ${at}`;

/** How much an example counts, whichever way round. */
export const weightIn = ({ weight, share = 1 }: Pick<Judged, 'weight' | 'share'>): number => Math.abs(weight) * share;

/** The completions that need a score, in the order of the loss's scores. */
export function completionsOf(example: RewardExample): Int32Array[] {
  switch (example.kind) {
    case 'comparison':
      return [example.chosenIds, example.rejectedIds];
    case 'correction':
      return [example.correctedIds, example.originalIds];
    case 'best_of':
    case 'ranking':
    case 'safety':
      return example.completions;
    default:
      return [example.completionIds];
  }
}
