// The verdict on a trained policy: every gate in order, and one sentence for people.
import type { GateResult } from '@/core/artifact/manifest';
import type { CompletionFigures } from './answers';
import { judgeConstraints } from './constraint-rates';
import { judgeDegenerate, judgeDegenerateTrial } from './degenerate-answers';
import { judgeDistinct } from './distinct-answers';
import { judgeEnds } from './end-rate';
import { type GainFigures, judgeGain } from './gain';
import { reasonOf } from './gate';
import { type DivergenceFigures, judgeDivergence } from './kl-budget';
import { judgeParity, type ParityFigures } from './parity';
import { judgeProbes } from './probes/gates';
import type { Probes } from './probes/measure';

export interface GateFigures {
  parity: ParityFigures;
  kl: DivergenceFigures;
  candidate: CompletionFigures;
  parent: CompletionFigures;
  gain: GainFigures;
  probes: Probes;
}

export const judgeGates = ({ parity, kl, candidate, parent, gain, probes }: GateFigures): GateResult[] => [
  judgeParity(parity),
  judgeDivergence(kl),
  judgeGain(gain),
  ...judgeEnds(candidate, parent),
  ...judgeDegenerate(candidate, parent),
  ...judgeDistinct(candidate, parent),
  ...judgeConstraints(candidate, parent),
  ...judgeProbes(probes),
];

/** Judges a policy in the middle of its run by only its answers; one that fails is not kept. */
export const judgeTrial = (candidate: CompletionFigures, parent: CompletionFigures): GateResult[] => [
  ...judgeEnds(candidate, parent),
  ...judgeDegenerateTrial(candidate, parent),
  ...judgeDistinct(candidate, parent),
  ...judgeConstraints(candidate, parent),
];

/** Says what the gates found, how training ended, and which data it did not see. */
export function verdictOf(
  versionId: string,
  gates: readonly GateResult[],
  trainingVerdict: string,
  leftOut: string,
): string {
  const failed = gates.filter((gate) => !gate.passed);
  const judged =
    failed.length === 0
      ? `${versionId} passed all ${gates.length} gates.`
      : `${versionId} was rejected: ${failed.map(reasonOf).join('; ')}.`;
  return [judged, trainingVerdict, leftOut].filter(Boolean).join(' ');
}
