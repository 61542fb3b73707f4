// Answers as the gates judge them, side by side with the parent's.
import type { GateResult } from '@/core/artifact/manifest';
import { type Paired, pairedShareError } from '../paired';

export interface Answer {
  /** A key: answers with the same one are to the same prompt. */
  prompt: string;
  text: string;
  tokens: number;
  /** Not cut off at the length limit. */
  hasEnded: boolean;
}

export interface AnswerSet {
  answers: readonly Answer[];
  /** Cost of each answer, by constraint: for a rule, its hits. */
  costs: Readonly<Record<string, readonly number[]>>;
  /** Mean costs that the run allows, of the constraints that have a target. */
  targets: Readonly<Record<string, number>>;
}

/** Judges a candidate's answers beside its parent's to the same prompts. */
export type AnswerGate = (candidate: AnswerSet, parent: AnswerSet) => GateResult[];

/** A share may be worse than the parent's by this much whatever luck explains: too little to matter. */
export const SLACK = 0.05;

/** A figure of each answer, for both policies. */
export const pairsOf = (
  candidate: AnswerSet,
  parent: AnswerSet,
  figureOf: (answer: Answer) => number | boolean,
): Paired => ({
  candidate: candidate.answers.map((answer) => Number(figureOf(answer))),
  parent: parent.answers.map((answer) => Number(figureOf(answer))),
});

/** How far a share of the answers may move. */
export const shareChange = (pairs: Paired, margin = SLACK) => ({
  margin,
  standardError: pairedShareError(pairs),
  coarsest: 0.35,
  unit: 'answers' as const,
});
