// The verdict on a trained policy: every gate in order, and what is said of them.
import type { GateResult } from '@/core/artifact/manifest';
import { isLeftOut } from '@/core/snapshot/left-out';
import type { Finding, Statement } from '@/core/verdict';
import type { CompletionFigures } from './answers';
import { judgeConstraints } from './constraint-rates';
import { judgeDegenerate, judgeDegenerateTrial } from './degenerate-answers';
import { judgeDistinct } from './distinct-answers';
import { judgeEnds } from './end-rate';
import { type GainFigures, judgeGain } from './gain';
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
  training: readonly Statement[],
  counts: Readonly<Record<string, number>>,
): Statement[] {
  const findings = gates.filter((gate) => !gate.passed).map(findingOf);
  const unseen = Object.fromEntries(Object.entries(counts).filter(([name]) => isLeftOut(name)));
  return [
    findings.length === 0
      ? { code: 'passed', version: versionId, gates: gates.length }
      : { code: 'rejected', version: versionId, findings },
    ...training,
    ...(Object.keys(unseen).length > 0 ? [{ code: 'left_out' as const, counts: unseen }] : []),
  ];
}

/** Without the note, which may name what a rule forbids. */
export const findingOf = ({ name, value, threshold, bound }: GateResult): Finding => ({
  ...{ name, value, threshold, bound },
});
