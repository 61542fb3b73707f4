// The gate on divergence: the candidate stays within the run's budget of nats from where the policy stage started.
import type { GateResult } from '@/core/artifact/manifest';
import { atMost } from './gate';

/** Nats per answer. */
export interface DivergenceFigures {
  perCompletion: number;
  budget: number;
}

export const judgeDivergence = ({ perCompletion, budget }: DivergenceFigures): GateResult =>
  atMost('kl_budget', perCompletion, budget, 'Nats per answer away from where the policy started.');
