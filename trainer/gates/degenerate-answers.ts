// The gate on answers of one or two words, where reward models lead when they are over-optimised.
import type { GateResult } from '@/core/artifact/manifest';
import { type AnswerFigures, CHANCE_HITS, SLACK } from './answers';
import { atMost, percent } from './gate';

/** In the middle of a run so many may be degenerate, or a chance hit more than the parent's: the last gates sample anew. */
const TRIAL_SHARE = 0.025;

export const judgeDegenerate = (candidate: AnswerFigures, parent: AnswerFigures): GateResult[] =>
  judge(candidate, parent, parent.degenerateShare + SLACK);

/** Stricter, since an earlier policy can be kept. */
export const judgeDegenerateTrial = (candidate: AnswerFigures, parent: AnswerFigures): GateResult[] =>
  judge(candidate, parent, Math.max(TRIAL_SHARE, parent.degenerateShare + CHANCE_HITS / candidate.count));

const judge = (candidate: AnswerFigures, parent: AnswerFigures, most: number) => [
  atMost(
    'degenerate_answers',
    candidate.degenerateShare,
    Math.min(1, most),
    `Answers of one or two words; the parent gives ${percent(parent.degenerateShare)}.`,
  ),
];
