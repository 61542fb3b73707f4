// The verdict on a trained policy: every gate in order, and what is said of them.
import type { GateResult } from '@/core/artifact/manifest';
import { hasFailed, stateOf } from '@/core/gates/state';
import { isLeftOut } from '@/core/snapshot/left-out';
import type { Finding, Statement } from '@/core/verdict';
import type { AnswerGate, AnswerSet } from './answers/answers';
import { judgeRules } from './answers/constraint-rates';
import { judgeDegenerate, judgeDegenerateTrial } from './answers/degenerate-answers';
import { judgeDistinct } from './answers/distinct-answers';
import { judgeDiversity } from './answers/diversity';
import { judgeEnds } from './answers/end-rate';
import { judgeLength } from './answers/length';
import { judgeRefusal } from './answers/refusal';
import { judgeRepetition } from './answers/repetition';
import { judgeSameAnswer } from './answers/same-answer';
import { judgeParity, type ParityFigures } from './engine/parity';
import { judgeServedLogits, type ServedFigures } from './engine/served-logits';
import { type DivergenceFigures, judgeDivergence } from './kl-budget';
import { type Flattery, judgeFlattery } from './probes/flattery';
import { judgeProbes, type Probes } from './probes/safety';
import { judgeAccuracy } from './reward/accuracy';
import { judgeCalibration } from './reward/calibration';
import type { RewardFigures } from './reward/figures';
import { type GainFigures, judgeGain } from './reward/gain';
import { judgeReplay } from './reward/replay';
import { judgeRewardLength } from './reward/reward-length';
import { judgeWinRate } from './reward/win-rate';
import { judgeWorstGroup } from './reward/worst-group';

export interface GateFigures {
  parity: ParityFigures;
  served: ServedFigures;
  kl: DivergenceFigures;
  gain: GainFigures;
  /** Null for a run without a reward model. */
  reward: RewardFigures | null;
  /** Answers to held-out prompts. */
  candidate: AnswerSet;
  parent: AnswerSet;
  probes: Probes;
  flattery: Flattery;
}

const ANSWER_GATES: readonly AnswerGate[] = [
  judgeLength,
  judgeEnds,
  judgeDegenerate,
  judgeRepetition,
  judgeDistinct,
  judgeDiversity,
  judgeSameAnswer,
  judgeRefusal,
  judgeRules('constraint'),
];

const judgeReward = (figures: RewardFigures): GateResult[] => [
  judgeAccuracy(figures.votes),
  judgeCalibration(figures.votes),
  judgeWinRate(figures),
  judgeRewardLength(figures),
  judgeWorstGroup(figures),
  judgeReplay(figures),
];

export const judgeGates = (figures: GateFigures): GateResult[] => [
  judgeParity(figures.parity),
  judgeServedLogits(figures.served),
  judgeDivergence(figures.kl),
  judgeGain(figures.gain),
  ...(figures.reward ? judgeReward(figures.reward) : []),
  ...ANSWER_GATES.flatMap((judge) => judge(figures.candidate, figures.parent)),
  ...judgeRules('red_team')(figures.probes.unsafe.candidate, figures.probes.unsafe.parent),
  ...judgeProbes(figures.probes),
  ...judgeFlattery(figures.flattery),
];

const TRIAL_GATES: readonly AnswerGate[] = [judgeEnds, judgeDegenerateTrial, judgeDistinct, judgeRules('constraint')];

/** Judges a policy in the middle of its run by only its answers; one that fails is not kept. */
export const judgeTrial: AnswerGate = (candidate, parent) => TRIAL_GATES.flatMap((judge) => judge(candidate, parent));

/** Says what the gates found, how training ended, and which data it did not see. */
export function verdictOf(
  versionId: string,
  gates: readonly GateResult[],
  training: readonly Statement[],
  counts: Readonly<Record<string, number>>,
): Statement[] {
  const findings = gates.filter(hasFailed).map(findingOf);
  const undecided = gates.flatMap(({ name, lacks }) => (lacks ? [{ name, ...lacks }] : []));
  const unseen = Object.fromEntries(Object.entries(counts).filter(([name]) => isLeftOut(name)));
  return [
    findings.length === 0
      ? { code: 'passed', version: versionId, gates: gates.filter((gate) => stateOf(gate) === 'passed').length }
      : { code: 'rejected', version: versionId, findings },
    ...(undecided.length > 0 ? [{ code: 'not_judged' as const, gates: undecided }] : []),
    ...training,
    ...(Object.keys(unseen).length > 0 ? [{ code: 'left_out' as const, counts: unseen }] : []),
  ];
}

/** Without the note, which may name what a rule forbids. */
export const findingOf = ({ name, value, threshold, bound, evidence }: GateResult): Finding => ({
  ...{ name, value, threshold, bound, ...(evidence && { evidence }) },
});
