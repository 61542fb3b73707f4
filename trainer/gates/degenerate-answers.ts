// The gate on answers of one or two words, where reward models lead when they are over-optimised.
import type { GateResult } from '@/core/artifact/manifest';
import { CHANCE_HITS, type CompletionFigures, SLACK } from './answers';
import { atMost, percent } from './gate';

/** In the middle of a run so many may be degenerate, or a chance hit more than the parent's: the last gates sample anew. */
const TRIAL_SHARE = 0.025;

export const judgeDegenerate = (candidate: CompletionFigures, parent: CompletionFigures): GateResult[] =>
  judge(candidate, parent, parent.degenerateShare + SLACK);

/** Stricter, since an earlier policy can be kept. */
export const judgeDegenerateTrial = (candidate: CompletionFigures, parent: CompletionFigures): GateResult[] =>
  judge(candidate, parent, Math.max(TRIAL_SHARE, parent.degenerateShare + CHANCE_HITS / candidate.count));

const judge = (candidate: CompletionFigures, parent: CompletionFigures, most: number) => [
  atMost(
    'degenerate_answers',
    candidate.degenerateShare,
    Math.min(1, most),
    `Answers of one or two words; the parent gives ${percent(parent.degenerateShare)}.`,
  ),
];
