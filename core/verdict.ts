// The verdict on a run as data: codes with their figures, and their English sentences for the API and the command line.
import type { GateResult } from './artifact/manifest';
import { adviceOn } from './gates/advice';
import { describeLeftOut } from './snapshot/left-out';

/** A gate or trial that a policy did not pass. */
export type Finding = Pick<GateResult, 'name' | 'value' | 'threshold' | 'bound' | 'evidence'>;
/** A gate that had too little to judge by. */
export type Undecided = Pick<GateResult, 'name'> & NonNullable<GateResult['lacks']>;

const WORDS: Record<Finding['bound'], string> = { max: 'at most', min: 'at least', above: 'only above' };

export function reasonOf({ name, value, threshold, bound }: Finding): string {
  const [shown, limit] = tellApart(value, threshold);
  return `${name} is ${shown}, allowed ${WORDS[bound]} ${limit}`;
}

/** Three digits, or as many as it takes for two unequal numbers to look unequal. */
export function tellApart(value: number, threshold: number): [string, string] {
  for (let digits = 3; ; digits++) {
    const shown = [value.toPrecision(digits), threshold.toPrecision(digits)] as [string, string];
    if (shown[0] !== shown[1] || value === threshold || digits === 17) return shown;
  }
}

const reasons = (findings: readonly Finding[]) => findings.map(reasonOf).join('; ');
const percent = (share: number) => `${(100 * share).toFixed(0)} %`;

/** Each advice once, although several gates may give it. */
export const advices = <T>(findings: readonly Finding[], adviceFor: (finding: Finding) => T): T[] => [
  ...new Set(findings.map(adviceFor)),
];

const lacking = ({ name, unit, has, needs }: Undecided) => `${name} (${has} ${unit}, needs ${needs})`;

interface Accuracy {
  accuracy: number;
  labels: number;
}
const judged = ({ accuracy, labels }: Accuracy) =>
  `the cost model tells unsafe from safe in ${percent(accuracy)} of ${labels} held-out labels`;

/** Every statement that a verdict can make; its figures are the function's argument. */
const SENTENCES = {
  /** A sentence of an earlier release, or one that has no code. */
  sentence: ({ text }: { text: string }) => text,
  cancelled: () => 'The run was cancelled.',
  cancelled_early: () => 'Cancelled before it started.',
  passed: ({ version, gates }: { version: string; gates: number }) =>
    `${version} passed ${gates} gates and failed none.`,
  rejected: ({ version, findings }: { version: string; findings: Finding[] }) =>
    [`${version} was rejected: ${reasons(findings)}.`, ...advices(findings, adviceOn)].filter(Boolean).join(' '),
  not_judged: ({ gates }: { gates: Undecided[] }) => `Not judged: ${gates.map(lacking).join(', ')}.`,
  left_out: ({ counts }: { counts: Record<string, number> }) => describeLeftOut(counts),
  imitated: () => 'Imitation is done.',
  imported: ({ file }: { file: string }) => `The adapter came from ${file}, and nothing was trained.`,
  iterations_done: ({ iterations }: { iterations: number }) => `All ${iterations} iterations are done.`,
  epochs_done: ({ epochs }: { epochs: number }) => `All ${epochs} epochs are done.`,
  no_improvement: ({ epochs }: { epochs: number }) => `The held-out loss has not improved for ${epochs} epochs.`,
  over_budget: ({ kl, budget }: { kl: number; budget: number }) =>
    `The divergence reached ${kl.toFixed(2)} nats per answer, over the budget of ${budget}.`,
  figure_broken: ({ figure, value }: { figure: string; value: string }) =>
    `${figure} became ${value}; the last sound policy is kept.`,
  equal_advantages: ({ variance }: { variance: number }) =>
    `All advantages are equal (variance ${variance}): the reward does not tell the answers apart.`,
  flat_reward: ({ batches, score }: { batches: number; score: number }) =>
    `The reward was flat in ${batches} batches in a row: every answer got ${score.toFixed(3)}, so there is nothing to learn.`,
  negative_divergence: ({ batches, kl }: { batches: number; kl: number }) =>
    `The divergence was negative in ${batches} batches in a row (now ${kl.toFixed(3)} nats): samples are not the policy's own.`,
  answers_grew: ({ from, to, cap }: { from: number; to: number; cap: number }) =>
    `Answers grew from ${from.toFixed(0)} to ${to.toFixed(0)} tokens, up to the cap of ${cap}.`,
  passed_over: ({ count, findings }: { count: number; findings: Finding[] }) => {
    const policies = count === 1 ? '1 better-scored policy was' : `${count} better-scored policies were`;
    return `${policies} passed over, ${count === 1 ? '' : 'the last '}because ${reasons(findings)}.`;
  },
  harm_charged: (figures: Accuracy) => `Harm is charged: ${judged(figures)}.`,
  harm_uncertain: ({ least, ...figures }: Accuracy & { least: number }) =>
    `Harm is not charged: ${judged(figures)}, and it takes more than ${percent(least)}.`,
  harm_unjudged: () => 'Harm is not charged: too few labels are held out to judge the cost model.',
  harm_few_labels: ({ unsafe, safe, least }: { unsafe: number; safe: number; least: number }) =>
    `Harm is not charged: ${unsafe} answers are labelled unsafe and ${safe} safe, and it takes ${least} of each.`,
  harm_no_model: () => 'Harm is not charged: the run has no cost model.',
};

type Sentences = typeof SENTENCES;
export type StatementCode = keyof Sentences;
type ValuesOf<Code extends StatementCode> = Parameters<Sentences[Code]> extends [infer Values] ? Values : unknown;
/** One thing that a verdict says: a code and its figures. */
export type Statement = { [Code in StatementCode]: { code: Code } & ValuesOf<Code> }[StatementCode];

export const sentenceOf = (statement: Statement): string =>
  (SENTENCES[statement.code] as (values: Statement) => string)(statement);

/** The verdict as the API and the command line give it. */
export const sayVerdict = (statements: readonly Statement[]): string =>
  statements.map(sentenceOf).filter(Boolean).join(' ');
