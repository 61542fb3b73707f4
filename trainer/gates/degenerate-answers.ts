// The gate on answers of one or two words, which an over-optimised reward model leads to.
import type { GateResult } from '@/core/artifact/manifest';
import { CHANCE_HITS, type CompletionFigures, SLACK } from './answers';
import { atMost, percent } from './gate';

/**
 * The largest share of degenerate answers allowed in a trial during a run; if it is larger, the parent's share plus
 * `CHANCE_HITS` answers applies instead.
 */
const TRIAL_SHARE = 0.025;

export const judgeDegenerate = (candidate: CompletionFigures, parent: CompletionFigures): GateResult[] =>
  judge(candidate, parent, parent.degenerateShare + SLACK);

/** Stricter than the gate, because an earlier policy can be kept. */
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
