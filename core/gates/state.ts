// What a gate decided: passed, failed, or not judged because too little was measured.
import type { GateResult } from '../artifact/manifest';

export type GateState = 'passed' | 'failed' | 'not_judged';

export const stateOf = ({ passed, lacks }: Pick<GateResult, 'passed' | 'lacks'>): GateState =>
  lacks ? 'not_judged' : passed ? 'passed' : 'failed';

export const hasFailed = (gate: Pick<GateResult, 'passed' | 'lacks'>): boolean => stateOf(gate) === 'failed';

/** A version serves if no gate failed. */
export const isAccepted = (gates: readonly GateResult[]): boolean => !gates.some(hasFailed);
