// The gate on ends: about as many answers as the parent's end before the length limit.
import { type CompletionGate, SLACK } from './answers';
import { atLeast, percent } from './gate';

export const judgeEnds: CompletionGate = (candidate, parent) => [
  atLeast(
    'end_rate',
    candidate.endRate,
    Math.max(0, parent.endRate - SLACK),
    `The parent ends ${percent(parent.endRate)} of its answers.`,
  ),
];
