// One gate: a figure against its threshold, or what it lacks to be judged.
import type { GateResult } from '@/core/artifact/manifest';
import { luckOf, meanOf, type Paired } from './paired';

/** The comparison that each bound makes. */
const IS_KEPT: Record<GateResult['bound'], (value: number, threshold: number) => boolean> = {
  max: (value, threshold) => value <= threshold,
  min: (value, threshold) => value >= threshold,
  above: (value, threshold) => value > threshold,
};

type Evidence = GateResult['evidence'];

const gateOf =
  (bound: GateResult['bound']) =>
  (name: string, value: number, threshold: number, note: string, evidence?: Evidence): GateResult => ({
    ...{ name, value, threshold, bound, passed: IS_KEPT[bound](value, threshold), note },
    ...(evidence && { evidence }),
  });

export const atMost = gateOf('max');
export const atLeast = gateOf('min');
export const above = gateOf('above');

/** The same gate, which neither passes nor fails. */
export const notJudged = (gate: GateResult, lacks: NonNullable<GateResult['lacks']>): GateResult => ({
  ...gate,
  passed: false,
  lacks,
});

export const percent = (share: number) => `${(100 * share).toFixed(0)} %`;

/** How far the candidate's mean may be on the worse side of the parent's. */
interface Change {
  /** By this much, or by what luck explains if that is more. */
  margin: number;
  standardError: number;
  /** Standard errors that are luck, for many pairs. */
  luck?: number;
  /** A gate that would let a larger change pass than this says that it cannot judge. */
  coarsest: number;
  unit: NonNullable<GateResult['lacks']>['unit'];
}

/** The candidate's mean is at most the parent's and what `change` allows. */
export const noHigher = (name: string, pairs: Paired, change: Change, what: string): GateResult =>
  compare(name, pairs, change, what, 1);

export const noLower = (name: string, pairs: Paired, change: Change, what: string): GateResult =>
  compare(name, pairs, change, what, -1);

function compare(name: string, pairs: Paired, change: Change, what: string, worse: 1 | -1): GateResult {
  const [own, parent] = [meanOf(pairs.candidate), meanOf(pairs.parent)];
  const count = pairs.candidate.length;
  const { margin, standardError, luck, coarsest, unit } = change;
  const allowed = Math.max(margin, luckOf(count, luck) * standardError);
  const note = `${what}, of ${count}; the parent’s is ${parent.toPrecision(3)}, and a change by ${allowed.toPrecision(2)} may be luck.`;
  const evidence = { count, parent, standardError };
  const gate = (worse === 1 ? atMost : atLeast)(name, own, parent + worse * allowed, note, evidence);
  if (!gate.passed || allowed <= coarsest) return gate;
  // The error falls with the root of the number.
  return notJudged(gate, { unit, has: count, needs: Math.ceil(Math.max(1, count) * (allowed / coarsest) ** 2) });
}
