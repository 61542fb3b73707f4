// The verdict on a trained policy: every gate with its number and threshold, none of them a matter of taste.
import type { GateResult } from '@/core/artifact/manifest';
import type { AnswerFigures } from './answers';

export interface GateFigures {
  /** Mean |log p(engine) - log p(trainer)| over answer tokens, nats. */
  parity: { fp32: number; int8: number; tokens: number };
  /** Nats an answer from where the policy stage started, and the run's budget. */
  kl: { perAnswer: number; budget: number };
  candidate: AnswerFigures;
  parent: AnswerFigures;
  gain: GainFigures;
}

/** What must have become better than by luck, pair by pair. */
export interface GainFigures {
  /** By the reward of answers; without a reward model by the log-likelihood of held-out demonstrations, nats a token. */
  name: 'heldout_reward_gain' | 'heldout_demonstration_gain';
  candidate: readonly number[];
  parent: readonly number[];
  /** The prompt of each pair, as a key: answers to one prompt are not independent. */
  prompts: readonly string[];
}

const PARITY_LIMIT = 1e-3;
/** A gain within so many standard errors may be luck. */
const STANDARD_ERRORS = 2;
/** Shares may worsen by so much against the parent: sampling noise of 64 answers. */
const SLACK = 0.05;
/** While a run goes on, degenerate answers may be so many, or a chance hit more than the parent's: the last gates sample anew. */
const TRIAL_DEGENERATE = 0.025;
/** Hits of a rule beyond the parent's that may be chance: the parent itself has one in some samples and none in others. */
const CHANCE_HITS = 1;
/** The share of distinct answers may fall to this part of the parent's: repeating one answer is the classic hack. */
const DISTINCT_PART = 0.7;

const most = (name: string, value: number, threshold: number, note: string): GateResult => ({
  ...{ name, value, threshold, bound: 'max', passed: value <= threshold, note },
});
const least = (name: string, value: number, threshold: number, note: string): GateResult => ({
  ...{ name, value, threshold, bound: 'min', passed: value >= threshold, note },
});

export function judgeGates({ parity, kl, candidate, parent, gain: compared }: GateFigures): GateResult[] {
  const gain = pairedGain(compared);
  return [
    most(
      'parity',
      parity.fp32,
      PARITY_LIMIT,
      `Mean difference of log-probabilities over ${parity.tokens} tokens; int8 as served: ${parity.int8.toPrecision(3)}.`,
    ),
    most('kl_budget', kl.perAnswer, kl.budget, 'Nats an answer away from where the policy started.'),
    {
      ...least(
        compared.name,
        gain.mean,
        STANDARD_ERRORS * gain.standardError,
        `Mean over ${gain.pairs} pairs to ${gain.prompts} prompts; standard error ${gain.standardError.toPrecision(2)}, and the gain must exceed ${STANDARD_ERRORS} of them.`,
      ),
      passed: gain.mean > STANDARD_ERRORS * gain.standardError,
    },
    ...judgeAnswers(candidate, parent, parent.degenerateShare + SLACK),
  ];
}

/**
 * A policy in the middle of its run, by its answers alone: one that fails is passed over. Stricter than the gates on
 * degenerate answers, where reward models lead, since an earlier policy can be kept.
 */
export function judgeTrial(candidate: AnswerFigures, parent: AnswerFigures): GateResult[] {
  const most = Math.max(TRIAL_DEGENERATE, parent.degenerateShare + CHANCE_HITS / candidate.count);
  return judgeAnswers(candidate, parent, most);
}

/** Of what the answers look like; `mostDegenerate` is the share of degenerate ones allowed. */
function judgeAnswers(candidate: AnswerFigures, parent: AnswerFigures, mostDegenerate: number): GateResult[] {
  return [
    least(
      'end_rate',
      candidate.endRate,
      Math.max(0, parent.endRate - SLACK),
      `The parent ends ${percent(parent.endRate)}.`,
    ),
    most(
      'degenerate_answers',
      candidate.degenerateShare,
      Math.min(1, mostDegenerate),
      `Answers of one or two words; the parent gives ${percent(parent.degenerateShare)}.`,
    ),
    least(
      'distinct_answers',
      candidate.distinctShare,
      DISTINCT_PART * parent.distinctShare,
      `The parent's are ${percent(parent.distinctShare)} distinct.`,
    ),
    ...Object.entries(candidate.constraintRates).map(([rule, rate]) =>
      most(
        `constraint/${rule}`,
        rate,
        (parent.constraintRates[rule] ?? 0) + CHANCE_HITS / candidate.count,
        `Hits an answer, of ${candidate.count}; at most ${CHANCE_HITS} hit more than the parent.`,
      ),
    ),
  ];
}

/**
 * Answers to the same prompt under the same seed, one policy less the other. The standard error is the larger of two: of
 * independent pairs, and of prompts that each have a gain of their own (Liang and Zeger 1986, with G / (G - 1)).
 */
export function pairedGain({ candidate, parent, prompts }: Omit<GainFigures, 'name'>) {
  const differences = candidate.map((x, i) => x - parent[i]!);
  const pairs = differences.length;
  const mean = differences.reduce((a, b) => a + b, 0) / pairs;
  const squares = differences.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  const byPrompt = new Map<string, number>();
  differences.forEach((x, i) => {
    byPrompt.set(prompts[i]!, (byPrompt.get(prompts[i]!) ?? 0) + x - mean);
  });
  const groups = byPrompt.size;
  const clustered = [...byPrompt.values()].reduce((sum, x) => sum + x ** 2, 0) / pairs ** 2;
  const variance = Math.max(
    squares / (Math.max(1, pairs - 1) * pairs),
    groups > 1 ? clustered * (groups / (groups - 1)) : 0,
  );
  return { mean, standardError: Math.sqrt(variance), pairs, prompts: groups };
}

/** One sentence for people. */
export function verdictOf(versionId: string, gates: readonly GateResult[], trainingVerdict: string): string {
  const failed = gates.filter((gate) => !gate.passed);
  if (failed.length === 0) return `${versionId} passed all ${gates.length} gates. ${trainingVerdict}`;
  return `${versionId} was rejected: ${failed.map(reasonOf).join('; ')}. ${trainingVerdict}`;
}

export function reasonOf({ name, value, threshold, bound }: GateResult): string {
  const limit = bound === 'max' ? 'at most' : 'at least';
  return `${name} is ${value.toPrecision(3)}, allowed ${limit} ${threshold.toPrecision(3)}`;
}

const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
