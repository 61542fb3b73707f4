// The gate on repetition: one answer to everything is the classic way to please a reward model.
import type { CompletionGate } from './answers';
import { atLeast, percent } from './gate';

/** The share of distinct answers may fall to this fraction of the parent's. */
const PART = 0.7;

export const judgeDistinct: CompletionGate = (candidate, parent) => [
  atLeast(
    'distinct_answers',
    candidate.distinctShare,
    PART * parent.distinctShare,
    `The parent's are ${percent(parent.distinctShare)} distinct.`,
  ),
];
