// The gate on parity: the engine computes for the exported version what the policy computed in the trainer.
import type { GateResult } from '@/core/artifact/manifest';
import { atMost } from '../gate';

/** Mean |log p(engine) - log p(trainer)| over completion tokens, in nats. */
export interface ParityFigures {
  fp32: number;
  int8: number;
  tokens: number;
}

const LIMIT = 1e-3;

export const judgeParity = ({ fp32, int8, tokens }: ParityFigures): GateResult =>
  atMost(
    'parity',
    fp32,
    LIMIT,
    `Mean difference of log-probabilities over ${tokens} tokens; int8 as served: ${int8.toPrecision(3)}.`,
  );
